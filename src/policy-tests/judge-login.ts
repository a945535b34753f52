// One login against what it must get. The decision and its reasons are those of the gateway's own explanation.
import type { Attribute } from '../attribute/attribute.ts'
import { printable } from '../core/printable.ts'
import { type EvidenceToExplain, explainAttestations, explainEvidence } from '../explain/explain-evidence.ts'
import type { CheckJson, PolicyJson } from '../explain/explain-report.ts'
import type { Verdict } from '../explain/explain-verdict.ts'
import { rankPolicies, readSignature, type Signature } from '../explain/rank-policies.ts'
import { readPastedEvidence } from '../explain/read-pasted-evidence.ts'
import { restoreAttestations } from '../explain/restore-attestations.ts'
import type { LoginCase, LoginExpectation } from './test-case.ts'

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

/** What is decided of evidence. */
export type DecidedEvidence =
  /** It cannot be read, whatever the policies are. */
  | { readonly kind: 'fault'; readonly code: string; readonly fault: string }
  | (Decision & {
      readonly kind: 'decided'
      /** The policy that admits. */
      readonly admitting: PolicyJson | undefined
      readonly signature: { readonly signature?: Signature }
    })

type Given = Omit<EvidenceToExplain, 'text'>

export async function judgeLogin(test: LoginCase, given: Given): Promise<Judgement> {
  const { expected } = test
  const decided = await decideEvidence(test, given)
  if (expected.kind === 'refuse') return judgeRefusal(expected, decided)
  const goal = `admitted by ${expected.policy}`
  if (decided.kind === 'fault') return { passed: false, expected: goal, ...describeDecided(decided, false) }
  const passed = decided.admitting?.name === expected.policy
  return { passed, expected: goal, ...describeDecided(decided, passed) }
}

/** Decides as the gateway would; where the case takes signatures for valid, as if they were. */
export async function decideEvidence(
  { evidence, isUnsigned }: Pick<LoginCase, 'evidence' | 'isUnsigned'>,
  given: Given,
): Promise<DecidedEvidence> {
  const decided =
    evidence.kind === 'text' ? await explainText(evidence.text, given) : await explainRecorded(evidence, given)
  if ('fault' in decided) return { kind: 'fault', ...decided }
  const { verdict, policies } = decided
  const name = findAdmitting(verdict, isUnsigned, policies)
  const signature = evidence.kind === 'text' ? readSignature(policies[0]) : undefined
  return {
    kind: 'decided',
    ...decided,
    admitting: name === undefined ? undefined : policies.find((policy) => policy.name === name),
    signature: signature === undefined ? {} : { signature },
  }
}

export function judgeRefusal(
  expected: Extract<LoginExpectation, { readonly kind: 'refuse' }>,
  decided: DecidedEvidence,
): Judgement {
  const { code, policy } = expected
  const passed =
    decided.kind === 'fault'
      ? policy === undefined && code === decided.code
      : decided.admitting === undefined && decided.verdict.kind === 'refused' && findCodes(decided, policy).has(code)
  return { passed, expected: describeRefusal(expected), ...describeDecided(decided, passed) }
}

/** What came, and why, if it is not what was expected. */
export function describeDecided(decided: DecidedEvidence, passed: boolean): Omit<Judgement, 'passed' | 'expected'> {
  if (decided.kind === 'fault') return { actual: `refused: ${decided.code}`, notes: [decided.fault] }
  const { policies, signature } = decided
  const notes = passed ? [] : policies.slice(0, 1).flatMap(describePolicy)
  return { actual: describeActual(decided), notes, ...signature }
}

export function describeRefusal({
  code,
  policy,
}: {
  readonly code: string
  readonly policy: string | undefined
}): string {
  return policy === undefined ? `refused: ${code}` : `refused by ${policy}: ${code}`
}

async function explainText(text: string, given: Given) {
  const explained = await explainEvidence({ ...given, text: readPastedEvidence(text) })
  if (explained.kind === 'explained') return decide(explained)
  const { answer, detail } = explained.verdict
  return { fault: printable(detail), code: answer.code }
}

async function explainRecorded({ attributes }: { readonly attributes: readonly Attribute[] }, given: Given) {
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

function describeActual(decision: Extract<DecidedEvidence, { readonly kind: 'decided' }>): string {
  const { verdict, admitting } = decision
  if (admitting !== undefined) return `admitted by ${admitting.name}`
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
