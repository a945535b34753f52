// Why a login ends as it does: every policy, every check of its attestors, every part of its conditions. The outcome is
// that of `evaluateLogin`; what is told about it is made by the functions that decide there. For operators, offline.
import type { OpenedEvidence, Requirement } from '../../attest/attestor.ts'
import type { Check, Explained, OpenCheck } from '../../attest/check.ts'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { type Explanation, explainCondition } from '../../condition/explain.ts'
import type { Evaluation } from '../../condition/vm/engine.ts'
import { CONDITION_FUEL, CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import { checkConditions, createFuelTank, type FuelTank } from '../conditions.ts'
import type { Policy, PolicyCondition, PolicySet } from '../policy.ts'
import { type Attestation, evaluateLogin, type LoginContext, type LoginOutcome } from './login.ts'
import { unsupported } from './login-refusals.ts'

export interface LoginExplanation {
  readonly outcome: LoginOutcome
  readonly evidence: readonly EvidenceExplanation[]
  /** All of them, in document order. */
  readonly policies: readonly PolicyExplanation[]
}

/** One piece of evidence. Without a selector it was not read: it is malformed (`refusal`), or nobody asks for it. */
export interface EvidenceExplanation {
  readonly type: string
  readonly selector?: string
  readonly refusal?: Refusal
}

/** `undecided`: nothing speaks against it, and something could not be checked. */
export type PolicyState = 'satisfied' | 'not_satisfied' | 'undecided'

export interface PolicyExplanation {
  readonly policy: Policy
  readonly state: PolicyState
  /** Some evidence is of a type and selector that the policy asks for. The others are not looked at in a login. */
  readonly isCandidate: boolean
  readonly attestors: readonly AttestorExplanation[]
  readonly conditions: ConditionsExplanation
}

/**
 * One required attestor.
 * - `checked`: there is evidence of its selector; all checks are told
 * - `elsewhere`: the evidence of its type has another selector, such as another issuer
 * - `unreadable`: the evidence of its type is malformed
 * - `missing`: there is no evidence of its type
 * - `unsupported`: this version has no such attestor
 */
export type AttestorExplanation = { readonly requirement: Requirement } & (
  | { readonly kind: 'checked'; readonly explained: Explained }
  | { readonly kind: 'elsewhere'; readonly selector: string }
  | { readonly kind: 'unreadable'; readonly refusal: Refusal }
  | { readonly kind: 'missing' | 'unsupported' }
)

export interface ConditionsExplanation {
  /** What the first condition that does not hold says, or what the budget of the request says. */
  readonly refusal?: Refusal
  /** Empty where the attributes are not known, as where an attestor has no evidence. */
  readonly conditions: readonly ConditionExplanation[]
}

export interface ConditionExplanation extends PolicyCondition {
  readonly evaluation: Evaluation
  readonly explanation: Explanation
}

/** A check passed, failed, or could not be made: by itself, or for want of keys. */
export function stateOf(check: Check | OpenCheck): 'passed' | 'failed' | 'unknown' {
  if ('unknown' in check) return 'unknown'
  if (check.refusal === undefined) return 'passed'
  return REFUSALS[check.refusal.code].reason === 'keys_unavailable' ? 'unknown' : 'failed'
}

/** Decides a login as {@link evaluateLogin} does, and tells every step. */
export async function explainLogin(
  attestations: readonly Attestation[],
  policies: PolicySet,
  context: LoginContext,
): Promise<LoginExplanation> {
  const outcome = await evaluateLogin(attestations, policies, context)
  const evidence = await Promise.all(attestations.map((attestation) => open(attestation, policies, context)))
  // The budget of a request is drawn on by the same policies as in the login: up to the one that admits.
  let tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  const explained: PolicyExplanation[] = []
  for (const policy of policies.policies) {
    const explanation = explainPolicy(policy, evidence, context, tank)
    explained.push(explanation)
    if (explanation.state === 'satisfied') tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  }
  return { outcome, evidence: evidence.map(({ told }) => told), policies: explained }
}

interface Read {
  readonly told: EvidenceExplanation
  readonly explain?: (requirement: Requirement) => Explained
}

async function open(
  { type, attestor, evidence }: Attestation,
  policies: PolicySet,
  context: LoginContext,
): Promise<Read> {
  if (!policies.asksFor(type)) return { told: { type } }
  if (attestor === undefined) return { told: { type, refusal: unsupported(type) } }
  const opened = attestor.open(evidence, context)
  if (!opened.ok) return { told: { type, refusal: opened.refusal } }
  const { selector } = opened.value
  const told = { type, selector }
  const requirements = policies.requirementsFor(type, selector)
  const [first] = requirements
  if (first === undefined) return { told }
  const explain = await (opened.value.explain?.(first) ?? explainByVerdicts(opened.value, requirements))
  return { told, explain }
}

/** For an attestor that tells no checks: its two verdicts. */
async function explainByVerdicts(
  { verify }: OpenedEvidence,
  requirements: readonly Requirement[],
): Promise<(requirement: Requirement) => Explained> {
  const verified = await verify(requirements)
  return (requirement) => {
    const expected = requirement.selector
    const verification: Check = {
      name: 'verification',
      expected,
      actual: undefined,
      refusal: verified.ok ? undefined : verified.refusal,
    }
    if (!verified.ok) return { checks: [verification], attributes: undefined }
    const accepted = verified.value.accept(requirement)
    const refusal = accepted.ok ? undefined : accepted.refusal
    return {
      checks: [verification, { name: 'pins', expected: 'those of the policy', actual: undefined, refusal }],
      attributes: accepted.ok ? accepted.value : undefined,
    }
  }
}

function explainPolicy(
  policy: Policy,
  evidence: readonly Read[],
  context: LoginContext,
  tank: FuelTank,
): PolicyExplanation {
  const attestors = policy.requirements.map((requirement) => explainRequirement(requirement, evidence))
  const isCandidate = attestors.some(({ kind }) => kind === 'checked')
  const checks = attestors.flatMap((one) => (one.kind === 'checked' ? one.explained.checks.map(stateOf) : ['failed']))
  const hasFailed = checks.length === 0 || checks.includes('failed')
  const conditions = explainConditions(policy, attestors, context, hasFailed ? undefined : tank)
  const isRefused = hasFailed || conditions.refusal !== undefined
  const state = isRefused ? 'not_satisfied' : checks.includes('unknown') ? 'undecided' : 'satisfied'
  return { policy, state, isCandidate, attestors, conditions }
}

function explainRequirement(requirement: Requirement, evidence: readonly Read[]): AttestorExplanation {
  if (requirement.unsupported) return { requirement, kind: 'unsupported' }
  const read = evidence.find(({ told }) => told.type === requirement.type)
  if (read === undefined) return { requirement, kind: 'missing' }
  const { selector, refusal } = read.told
  if (refusal !== undefined) return { requirement, kind: 'unreadable', refusal }
  if (selector === undefined) return { requirement, kind: 'missing' }
  if (selector !== requirement.selector || read.explain === undefined)
    return { requirement, kind: 'elsewhere', selector }
  return { requirement, kind: 'checked', explained: read.explain(requirement) }
}

/** With a tank as the login decides; without one, because it never comes to them, what they would say. */
function explainConditions(
  { conditions }: Policy,
  attestors: readonly AttestorExplanation[],
  { engine }: LoginContext,
  tank: FuelTank | undefined,
): ConditionsExplanation {
  const attributes = attributesOf(attestors)
  if (conditions.length === 0 || attributes === undefined) return { conditions: [] }
  const refusal = tank && checkConditions(conditions, attributes, engine, tank)
  return {
    ...(refusal === undefined ? {} : { refusal }),
    conditions: conditions.map(({ condition, message }) => ({
      condition,
      message,
      evaluation: engine.evaluate(condition, attributes, CONDITION_FUEL),
      explanation: explainCondition(condition, attributes, engine, CONDITION_FUEL),
    })),
  }
}

function attributesOf(attestors: readonly AttestorExplanation[]): Attributes | undefined {
  const attributes: Attribute[] = []
  for (const attestor of attestors) {
    const proved = attestor.kind === 'checked' ? attestor.explained.attributes : undefined
    if (proved === undefined) return undefined
    attributes.push(...proved)
  }
  return new Map(attributes.map(({ name, value }) => [name, value]))
}
