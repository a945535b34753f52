// One login against what it must get. The decision and its reasons are those of the gateway's own explanation.
import type { Attribute } from '../attribute/attribute.ts'
import { printable } from '../core/printable.ts'
import { type EvidenceToExplain, explainAttestations, explainEvidence } from '../explain/explain-evidence.ts'
import type { CheckJson, PolicyJson } from '../explain/explain-report.ts'
import type { Verdict } from '../explain/explain-verdict.ts'
import { rankPolicies, readSignature, type Signature } from '../explain/rank-policies.ts'
import { readPastedEvidence } from '../explain/read-pasted-evidence.ts'
import { restoreAttestations } from '../explain/restore-attestations.ts'
import type { LoginCase } from './test-case.ts'

/** What became of one case. */
export interface Judgement {
  readonly passed: boolean
  readonly expected: string
  readonly actual: string
  /** Why, if it failed: the checks of the nearest policy, one line each. */
  readonly notes: readonly string[]
  /** Of a login by evidence: whether its signature was checked. */
  readonly signature?: Signature
}

/** What the report of one login comes to. */
interface Decision {
  readonly verdict: Verdict
  /** Those that the evidence is for, the nearest first. */
  readonly policies: readonly PolicyJson[]
}

export async function judgeLogin(
  { evidence, isUnsigned, expected }: LoginCase,
  given: Omit<EvidenceToExplain, 'text'>,
): Promise<Judgement> {
  const goal = expected.kind === 'admit' ? `admitted by ${expected.policy}` : describeRefusal(expected)
  const decided =
    evidence.kind === 'text' ? await explainText(evidence.text, given) : await explainRecorded(evidence, given)
  if ('fault' in decided) {
    const isExpected = expected.kind === 'refuse' && expected.policy === undefined && expected.code === decided.code
    return { passed: isExpected, expected: goal, actual: `refused: ${decided.code}`, notes: [decided.fault] }
  }
  const { verdict, policies } = decided
  const admitting = findAdmitting(verdict, isUnsigned, policies)
  const passed =
    expected.kind === 'admit'
      ? admitting === expected.policy
      : admitting === undefined && verdict.kind === 'refused' && findCodes(decided, expected.policy).has(expected.code)
  const signature = evidence.kind === 'text' ? readSignature(policies[0]) : undefined
  return {
    passed,
    expected: goal,
    actual: describeActual(verdict, admitting, decided),
    notes: passed ? [] : policies.slice(0, 1).flatMap(describePolicy),
    ...(signature === undefined ? {} : { signature }),
  }
}

function describeRefusal({ code, policy }: { readonly code: string; readonly policy: string | undefined }): string {
  return policy === undefined ? `refused: ${code}` : `refused by ${policy}: ${code}`
}

async function explainText(text: string, given: Omit<EvidenceToExplain, 'text'>) {
  const explained = await explainEvidence({ ...given, text: readPastedEvidence(text) })
  if (explained.kind === 'explained') return decide(explained)
  const { answer, detail } = explained.verdict
  return { fault: printable(detail), code: answer.code }
}

async function explainRecorded(
  { attributes }: { readonly attributes: readonly Attribute[] },
  given: Omit<EvidenceToExplain, 'text'>,
) {
  const restored = restoreAttestations(attributes, given.attestors)
  if ('fault' in restored) return { fault: restored.fault, code: 'undecided' }
  return decide(await explainAttestations(restored.attestations, given))
}

function decide({ verdict, report }: Awaited<ReturnType<typeof explainAttestations>>): Decision {
  return { verdict, policies: rankPolicies(report.policies) }
}

/**
 * The policy that admits. Where the case takes signatures for valid, that is also one which lacks nothing but the keys; any
 * other check that could not be made leaves the login undecided.
 */
function findAdmitting(verdict: Verdict, isUnsigned: boolean, policies: readonly PolicyJson[]): string | undefined {
  const open = new Map(policies.map((policy) => [policy.name, policy]))
  const lacksKeysAlone = (name: string): boolean => {
    const unknown = listChecks(open.get(name)).filter(({ state }) => state === 'unknown')
    return unknown.length > 0 && unknown.every(({ code }) => code === 'signing_key_fetch_failed')
  }
  if (verdict.kind === 'admitted') return verdict.earlier.length === 0 ? verdict.policy : undefined
  const [first] = verdict.kind === 'undecided' ? verdict.policies : []
  return isUnsigned && first !== undefined && lacksKeysAlone(first) ? first : undefined
}

function listChecks(policy: PolicyJson | undefined): readonly CheckJson[] {
  return (policy?.attestors ?? []).flatMap((attestor) => (attestor.state === 'checked' ? attestor.checks : []))
}

/** Every code that the login is refused with: of the answer, of its evidence, of each policy. */
function findCodes({ verdict, policies }: Decision, only: string | undefined): ReadonlySet<string> {
  const codes = policies
    .filter(({ name }) => only === undefined || name === only)
    .flatMap((policy) => [
      ...listChecks(policy).flatMap(({ state, code }) => (state === 'failed' && code !== undefined ? [code] : [])),
      ...[policy.refusal, policy.revocation].flatMap((refusal) => refusal?.code ?? []),
    ])
  if (only !== undefined || verdict.kind !== 'refused') return new Set(codes)
  const { answer, refusals } = verdict
  return new Set([...codes, answer.code, ...refusals.map(({ refusal }) => refusal.code)])
}

function describeActual(verdict: Verdict, admitting: string | undefined, decision: Decision): string {
  if (admitting !== undefined) return `admitted by ${admitting}`
  if (verdict.kind === 'refused') {
    const codes = [...findCodes(decision, undefined)].filter((code) => code !== verdict.answer.code)
    return `refused: ${codes.length === 0 ? verdict.answer.code : codes.join(', ')}`
  }
  const [name = ''] = verdict.kind === 'undecided' ? verdict.policies : [...verdict.earlier, verdict.policy]
  const unknown = listChecks(decision.policies.find((policy) => policy.name === name)).filter(
    ({ state }) => state === 'unknown',
  )
  const lacksKeys = unknown.some(({ code }) => code === 'signing_key_fetch_failed')
  const next = lacksKeys ? ': give the keys of the issuer, or set signature: not_checked' : ''
  return `undecided: ${name} has checks that could not be made (${unknown.map((check) => check.name).join(', ')})${next}`
}

/** What stands in the way of one policy. */
function describePolicy(policy: PolicyJson): readonly string[] {
  const { name, attestors, conditions, refusal, revocation } = policy
  const missing = attestors.flatMap((attestor) => (attestor.state === 'checked' ? [] : [attestor.why]))
  const checks = listChecks(policy).filter(({ state }) => state === 'failed' || state === 'unknown')
  const unmet = conditions.filter(({ holds }) => !holds)
  const lines = [
    ...missing,
    ...checks.map(describeCheck),
    ...unmet.map(({ text, message }) => `condition ${text}: ${message ?? 'does not hold'}`),
    ...[refusal, revocation].flatMap((one) => (one === undefined ? [] : [`${one.code}: ${one.detail}`])),
  ]
  return lines.map((line) => printable(`${name}: ${line}`))
}

function describeCheck({ name, state, expected, actual, code, detail }: CheckJson): string {
  if (state === 'unknown') return `${name}: not checked: ${detail ?? 'the evidence does not hold it'}`
  const values = [
    ...(actual === undefined ? [] : [String(actual)]),
    ...(expected === undefined ? [] : [`expected ${typeof expected === 'string' ? expected : expected.join(' or ')}`]),
  ]
  const what = values.length === 0 ? (detail ?? '') : values.join(', ')
  return `${name}: ${what}${code === undefined ? '' : ` (${code})`}`
}
