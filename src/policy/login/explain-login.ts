// Explains a login to operators, offline: every policy, every check of its attestors, every part of its conditions. The
// outcome is that of `evaluateLogin`, and the explanation uses the functions that decide there.

import type { Check } from '../../attest/check.ts'
import type { Requirement, VerificationSteps } from '../../attest/shapes.ts'
import type { Attribute, Attributes } from '../../attribute/attribute.ts'
import { type Explanation, explainCondition } from '../../condition/explain.ts'
import type { Evaluation } from '../../condition/vm/engine.ts'
import { CONDITION_FUEL, CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { TokenId } from '../../token/session/session-claims.ts'
import { checkConditions, createFuelTank, type FuelTank } from '../conditions.ts'
import type { Policy, PolicyCondition, PolicySet } from '../policy.ts'
import { checkRevocation } from '../revocation/check-revocation.ts'
import { type Attestation, fitsRequirement, type Piece, readAttestation } from './evidence.ts'
import { evaluateLogin, type LoginContext, type LoginOutcome } from './login.ts'
import { isWaiting } from './login-refusals.ts'

export interface LoginExplanation {
  readonly outcome: LoginOutcome
  readonly evidence: readonly EvidenceExplanation[]
  /** All of them, in document order. */
  readonly policies: readonly PolicyExplanation[]
}

/** What an operator may see of one piece of evidence against one requirement. */
export interface Explained {
  /** In the order in which a login makes them; one that failed does not keep the others from being shown. */
  readonly checks: readonly Check[]
  /** What the evidence would prove; `undefined` if that is not known before it is verified. */
  readonly attributes: readonly Attribute[] | undefined
  /** The token, if it has an id. */
  readonly tokenId?: TokenId | undefined
}

/** One piece of evidence. Without a selector it was not read: it is malformed (`refusal`), or no policy asks for it. */
export interface EvidenceExplanation {
  readonly type: string
  readonly selector?: string
  readonly refusal?: Refusal
}

/** `undecided`: no check failed, and some checks could not run. */
export type PolicyState = 'satisfied' | 'not_satisfied' | 'undecided'

export interface PolicyExplanation {
  readonly policy: Policy
  readonly state: PolicyState
  /** Some evidence is of a type and selector that the policy asks for. The others are not looked at in a login. */
  readonly isCandidate: boolean
  readonly attestors: readonly AttestorExplanation[]
  readonly conditions: ConditionsExplanation
  /** Set if the attestors and conditions pass, and an entry of Revocations refuses what they prove. */
  readonly revocation?: Refusal
}

/**
 * One required attestor.
 * - `checked`: there is evidence with its selector, and all checks are shown
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

/** Reads the result of a check. `unknown`: the check could not run, or keys are missing. */
export function readCheckState({ refusal, unknown }: Check): 'passed' | 'failed' | 'unknown' {
  if (unknown !== undefined) return 'unknown'
  if (refusal === undefined) return 'passed'
  return isWaiting(refusal) ? 'unknown' : 'failed'
}

/**
 * Decides a login as {@link evaluateLogin} does, and shows every step.
 *
 * @param attestations the evidence of the login
 * @param policies those of the cluster or the trust domain
 * @param context clock, keys and engine; call-outs are not made
 */
export async function explainLogin(
  attestations: readonly Attestation[],
  policies: PolicySet,
  context: LoginContext,
): Promise<LoginExplanation> {
  const outcome = await evaluateLogin(attestations, policies, context)
  const evidence = attestations.map((attestation) => explainEvidence(attestation, policies))
  // The budget of a request is drawn on by the same policies as in the login: up to the one that admits.
  let tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  const explained: PolicyExplanation[] = []
  for (const policy of policies.policies) {
    const explanation = await explainPolicy(policy, evidence, context, tank)
    explained.push(explanation)
    if (explanation.state === 'satisfied') tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  }
  return { outcome, evidence: evidence.map(({ summary }) => summary), policies: explained }
}

interface Read {
  readonly summary: EvidenceExplanation
  readonly piece?: Piece
}

function explainEvidence(attestation: Attestation, policies: PolicySet): Read {
  const { type } = attestation
  if (!policies.asksFor(type)) return { summary: { type } }
  const { opened, piece } = readAttestation(attestation, policies)
  const selector = opened?.selector === undefined ? {} : { selector: opened.selector }
  if ('refusal' in piece)
    return { summary: { type, ...(opened === undefined ? { refusal: piece.refusal } : selector) } }
  return { summary: { type, ...selector }, piece }
}

/** Verification and pins as one list. What both show is shown once, where it is made first. */
async function explainPiece(
  { attestor, opened }: Piece,
  { anchor, pins }: Requirement,
  context: LoginContext,
): Promise<Explained> {
  const { checks, facts }: VerificationSteps =
    attestor.explainVerification === undefined
      ? await explainByVerdict(attestor, opened, { anchor, pins }, context)
      : await attestor.explainVerification(opened.value, anchor, pins, context)
  // Conditions come before call-outs, and cannot use what they answer.
  if (attestor.callOut !== undefined) return { checks, attributes: [] }
  if (facts === undefined) return { checks, attributes: undefined }
  const shown = new Set(checks.map(({ name }) => name))
  const others = [...attestor.checks(facts, pins, context)].filter(({ name }) => !shown.has(name))
  return {
    checks: [...checks, ...others],
    attributes: attestor.attributes(facts, pins),
    tokenId: attestor.tokenId?.(facts),
  }
}

async function explainByVerdict(
  attestor: Piece['attestor'],
  { value }: Piece['opened'],
  { anchor, pins }: Pick<Requirement, 'anchor' | 'pins'>,
  context: LoginContext,
): Promise<VerificationSteps> {
  if (attestor.callOut !== undefined) {
    const unknown = 'call-outs are not made while a login is explained'
    return { checks: [{ name: 'call-out', expected: 'yes', actual: undefined, refusal: undefined, unknown }] }
  }
  const verified = await attestor.verify(value, anchor, [pins], context)
  const refusal = verified.ok ? undefined : verified.refusal
  const verification = { name: 'verification', expected: anchor.id, actual: undefined, refusal }
  return { checks: [verification], ...(verified.ok ? { facts: verified.value.facts } : {}) }
}

async function explainPolicy(
  policy: Policy,
  evidence: readonly Read[],
  context: LoginContext,
  tank: FuelTank,
): Promise<PolicyExplanation> {
  const attestors = await Promise.all(
    policy.requirements.map((requirement) => explainRequirement(requirement, evidence, context)),
  )
  const isCandidate = attestors.some(({ kind }) => kind === 'checked')
  const checks = attestors.flatMap((one) =>
    one.kind === 'checked' ? one.explained.checks.map(readCheckState) : ['failed'],
  )
  const hasFailed = checks.length === 0 || checks.includes('failed')
  const conditions = explainConditions(policy, attestors, context, hasFailed ? undefined : tank)
  const revocation = hasFailed || conditions.refusal !== undefined ? undefined : explainRevocation(attestors, context)
  const isRefused = hasFailed || conditions.refusal !== undefined || revocation !== undefined
  const state = isRefused ? 'not_satisfied' : checks.includes('unknown') ? 'undecided' : 'satisfied'
  return {
    policy,
    state,
    isCandidate,
    attestors,
    conditions,
    ...(revocation === undefined ? {} : { revocation }),
  }
}

function explainRevocation(
  attestors: readonly AttestorExplanation[],
  { revocations = [], nowSeconds }: LoginContext,
): Refusal | undefined {
  const attributes = collectAttributes(attestors)
  if (attributes === undefined) return undefined
  const tokenIds = attestors.flatMap((one) => {
    const tokenId = one.kind === 'checked' ? one.explained.tokenId : undefined
    return tokenId === undefined ? [] : [tokenId]
  })
  return checkRevocation(revocations, 'evidence_revoked', { attributes, tokenIds }, nowSeconds)
}

async function explainRequirement(
  requirement: Requirement,
  evidence: readonly Read[],
  context: LoginContext,
): Promise<AttestorExplanation> {
  if (requirement.unsupported) return { requirement, kind: 'unsupported' }
  const read = evidence.find(({ summary }) => summary.type === requirement.type)
  if (read === undefined) return { requirement, kind: 'missing' }
  const { selector, refusal } = read.summary
  if (refusal !== undefined) return { requirement, kind: 'unreadable', refusal }
  if (read.piece !== undefined && fitsRequirement(requirement, read.piece))
    return { requirement, kind: 'checked', explained: await explainPiece(read.piece, requirement, context) }
  return selector === undefined ? { requirement, kind: 'missing' } : { requirement, kind: 'elsewhere', selector }
}

/** With a tank as the login decides; without one, because it never comes to them, what they would say. */
function explainConditions(
  { conditions }: Policy,
  attestors: readonly AttestorExplanation[],
  { engine }: LoginContext,
  tank: FuelTank | undefined,
): ConditionsExplanation {
  const attributes = collectAttributes(attestors)
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

function collectAttributes(attestors: readonly AttestorExplanation[]): Attributes | undefined {
  const attributes: Attribute[] = []
  for (const attestor of attestors) {
    const proved = attestor.kind === 'checked' ? attestor.explained.attributes : undefined
    if (proved === undefined) return undefined
    attributes.push(...proved)
  }
  return new Map(attributes.map(({ name, value }) => [name, value]))
}
