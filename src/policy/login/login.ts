// One login against one document: any one policy admits, all of its attestors must pass. Evidence is verified once,
// however many policies ask for it, and only policies that the evidence could satisfy are looked at.
import type { Attestor, OpenedEvidence, Requirement, VerifiedEvidence, VerifyContext } from '../../attest/attestor.ts'
import type { Claimed } from '../../attest/claimed.ts'
import type { Attribute } from '../../attribute/attribute.ts'
import type { ConditionEngine } from '../../condition/vm/engine.ts'
import { CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, refuse } from '../../core/result.ts'
import type { SessionProof } from '../../token/session/session-claims.ts'
import { checkConditions, createFuelTank, type FuelTank } from '../conditions.ts'
import type { Policy, PolicySet } from '../policy.ts'
import { attestorMissing, emptyPolicy, isWaiting, notRequired, SPENT, unsupported } from './login-refusals.ts'
import { createTrials, type EvidenceRefusal, type PolicyTrace, type Trials, type Untraced } from './trials.ts'

/** One attestation of the request. `evidence` has passed the attestor's schema; no attestor: the type is unknown. */
export interface Attestation {
  readonly type: string
  readonly attestor: Attestor | undefined
  readonly evidence: unknown
}

/** Which evidence was seen, for the audit record: never the evidence itself. */
export interface EvidenceName {
  readonly type: string
  /** SHA-256 (base64url) of the decoded signing input; absent for evidence that was not read. */
  readonly digest?: string
  /** Why it was refused itself, whatever policies ask of it: this very object is then in the trace of each of them. */
  readonly refusal?: Refusal
  /** Whose it says it is, unverified; absent where nobody knows how to read it. A function: most logins need it not. */
  readonly readClaimed?: () => Claimed
}

export type LoginOutcome =
  | {
      readonly kind: 'admitted'
      readonly policy: Policy
      readonly attributes: readonly Attribute[]
      /** Of each piece of evidence that the policy used, what its session keeps. */
      readonly proofs: readonly SessionProof[]
      /** The earliest `exp` of the evidence that the policy used. */
      readonly expiresAtSeconds: number
      readonly traces: readonly PolicyTrace[]
      readonly untraced: Untraced
      readonly evidence: readonly EvidenceName[]
    }
  | {
      readonly kind: 'refused'
      readonly reason: 'no_policy' | 'nothing_verified' | 'no_policy_satisfied'
      readonly refusals: readonly EvidenceRefusal[]
      /** What verified evidence proves: whom the policies refused. */
      readonly attributes: readonly Attribute[]
      readonly traces: readonly PolicyTrace[]
      readonly untraced: Untraced
      readonly evidence: readonly EvidenceName[]
    }
  | {
      readonly kind: 'unavailable'
      readonly retryAfterSeconds: number
      readonly refusals: readonly EvidenceRefusal[]
      readonly attributes: readonly Attribute[]
      readonly traces: readonly PolicyTrace[]
      readonly untraced: Untraced
      readonly evidence: readonly EvidenceName[]
    }

/** What verification made of one attestation. */
interface Verdict {
  readonly attestation: Attestation
  readonly type: string
  readonly opened?: OpenedEvidence
  readonly result: Checked<VerifiedEvidence>
}

/** 401 says that nothing of what was sent was verified; 403 that something was, and did not suffice. */
export function statusOfRefusal(reason: Extract<LoginOutcome, { readonly kind: 'refused' }>['reason']): 401 | 403 {
  return reason === 'nothing_verified' ? 401 : 403
}

export interface LoginContext extends VerifyContext {
  readonly engine: ConditionEngine
}

/** Decides a login. First admits, in document order; 503 only if some policy could still pass but for missing keys. */
export async function evaluateLogin(
  attestations: readonly Attestation[],
  policies: PolicySet,
  context: LoginContext,
): Promise<LoginOutcome> {
  if (policies.policies.length === 0) {
    const evidence = attestations.map(nameUnopened)
    const untraced = { tried: 0, refusing: 0 }
    return { kind: 'refused', reason: 'no_policy', refusals: [], attributes: [], traces: [], untraced, evidence }
  }

  const verdicts = await Promise.all(attestations.map((attestation) => judge(attestation, policies, context)))
  const evidence = await Promise.all(verdicts.map(nameOf))
  const trials = createTrials(new Set(evidence.map(({ refusal }) => refusal)))
  const tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  let waiting = skipHopeless(verdicts, policies, trials)
  for (const policy of candidatesOf(verdicts, policies)) {
    const tried = holdConditions(policy, tryPolicy(policy, verdicts), context.engine, tank)
    if (tried.kind === 'satisfied') {
      const { traces, untraced } = trials
      return { ...tried, kind: 'admitted', policy, traces, untraced, evidence }
    }
    trials.note({ policy: policy.name, refusals: tried.refusals, attestorsPassed: tried.attestorsPassed })
    waiting ??= tried.waiting
  }

  const { traces, untraced } = trials
  const found = {
    refusals: verdicts.flatMap((verdict) => refusalOf(verdict, trials)),
    attributes: verdicts.flatMap(({ result }) => (result.ok ? result.value.attributes() : [])),
    traces,
    untraced,
    evidence,
  }
  if (waiting !== undefined) return { kind: 'unavailable', retryAfterSeconds: waiting.retryAfterSeconds ?? 1, ...found }
  const reason = verdicts.some(({ result }) => result.ok) ? 'no_policy_satisfied' : 'nothing_verified'
  return { kind: 'refused', reason, ...found }
}

/**
 * Evidence that did not verify speaks for all policies that ask for nothing else: they are counted, and not looked at, or
 * anybody could have thousands of them tried. Yields its refusal if keys that are missing might still change it.
 */
function skipHopeless(verdicts: readonly Verdict[], policies: PolicySet, trials: Trials): Refusal | undefined {
  let waiting: Refusal | undefined
  for (const { opened, result } of verdicts) {
    if (opened === undefined || result.ok) continue
    const { type, selector } = opened
    const count = policies.candidatesFor(type, selector).length - policies.jointFor(type, selector).length
    trials.count(count)
    if (count > 0 && isWaiting(result.refusal)) waiting ??= result.refusal
  }
  return waiting
}

async function judge(attestation: Attestation, policies: PolicySet, context: VerifyContext): Promise<Verdict> {
  const { type, attestor, evidence } = attestation
  if (!policies.asksFor(type)) return { attestation, type, result: { ok: false, refusal: notRequired(type) } }
  if (attestor === undefined) return { attestation, type, result: { ok: false, refusal: unsupported(type) } }
  const read = attestor.open(evidence, context)
  if (!read.ok) return { attestation, type, result: read }
  const opened = read.value
  const requirements = policies.requirementsFor(type, opened.selector)
  if (requirements.length === 0) {
    const refusal = attestor.refuseSelector(opened.selector, policies.selectorsFor(type))
    return { attestation, type, opened, result: { ok: false, refusal } }
  }
  const result = await opened.verify(requirements)
  // The skew lets evidence pass that has just expired; no session can outlive it, so none can be issued.
  const isSpent = result.ok && result.value.expiresAtSeconds <= context.nowSeconds
  return { attestation, type, opened, result: isSpent ? { ok: false, refusal: SPENT } : result }
}

/** Evidence of a request that was refused before it was looked at. */
export function nameUnopened({ type, attestor, evidence }: Attestation): EvidenceName {
  return { type, ...(attestor === undefined ? {} : { readClaimed: () => attestor.readClaimed(evidence) }) }
}

async function nameOf({ attestation, opened, result }: Verdict): Promise<EvidenceName> {
  return {
    ...nameUnopened(attestation),
    ...(opened === undefined ? {} : { digest: await opened.digest() }),
    ...(result.ok ? {} : { refusal: result.refusal }),
  }
}

function fits(requirement: Requirement, opened: OpenedEvidence): boolean {
  return requirement.type === opened.type && requirement.selector === opened.selector
}

/** What is worth a look: in document order, each once. */
function candidatesOf(verdicts: readonly Verdict[], policies: PolicySet): readonly Policy[] {
  const lists = verdicts.flatMap(({ opened, result }) => {
    if (opened === undefined) return []
    const { type, selector } = opened
    return [result.ok ? policies.candidatesFor(type, selector) : policies.jointFor(type, selector)]
  })
  const [only = []] = lists
  // Nearly always there is one list, and it is in order.
  return lists.length < 2 ? only : [...new Set(lists.flat())].sort((a, b) => a.index - b.index)
}

type Admitted = Extract<LoginOutcome, { readonly kind: 'admitted' }>

type Tried =
  | ({ readonly kind: 'satisfied' } & Pick<Admitted, 'attributes' | 'proofs' | 'expiresAtSeconds'>)
  | {
      readonly kind: 'failed'
      readonly refusals: readonly EvidenceRefusal[]
      readonly waiting: Refusal | undefined
      readonly attestorsPassed: boolean
    }

function tryPolicy(policy: Policy, verdicts: readonly Verdict[]): Tried {
  const attributes: Attribute[] = []
  const proofs: SessionProof[] = []
  const refusals: EvidenceRefusal[] = []
  let expiresAtSeconds = Number.POSITIVE_INFINITY
  let waiting: Refusal | undefined
  let failed = false
  for (const requirement of policy.requirements) {
    const { type } = requirement
    const accepted = requirement.unsupported ? refuse(unsupported(type)) : acceptFor(requirement, policy, verdicts)
    if (accepted.ok) {
      attributes.push(...accepted.value.attributes)
      proofs.push(accepted.value.proof)
      expiresAtSeconds = Math.min(expiresAtSeconds, accepted.value.expiresAtSeconds)
      continue
    }
    refusals.push({ type, refusal: accepted.refusal })
    if (isWaiting(accepted.refusal)) waiting ??= accepted.refusal
    else failed = true
  }
  const attestorsPassed = false
  if (refusals.length > 0) return { kind: 'failed', refusals, waiting: failed ? undefined : waiting, attestorsPassed }
  // An empty conjunction is true in logic and a breach here. The compiler refuses it; so does the evaluator.
  if (policy.requirements.length === 0) {
    const empty = [{ type: '', refusal: emptyPolicy() }]
    return { kind: 'failed', refusals: empty, waiting: undefined, attestorsPassed }
  }
  return { kind: 'satisfied', attributes, proofs, expiresAtSeconds }
}

/** Conditions are asked last, over what all attestors of the policy proved together. One that fails speaks for them all. */
function holdConditions(policy: Policy, tried: Tried, engine: ConditionEngine, tank: FuelTank): Tried {
  if (tried.kind === 'failed' || policy.conditions.length === 0) return tried
  const attributes = new Map(tried.attributes.map(({ name, value }) => [name, value]))
  const refusal = checkConditions(policy.conditions, attributes, engine, tank)
  if (refusal === undefined) return tried
  const refusals = policy.requirements.map(({ type }) => ({ type, refusal }))
  return { kind: 'failed', refusals, waiting: undefined, attestorsPassed: true }
}

interface Accepted {
  readonly attributes: readonly Attribute[]
  readonly proof: SessionProof
  readonly expiresAtSeconds: number
}

function acceptFor(requirement: Requirement, policy: Policy, verdicts: readonly Verdict[]): Checked<Accepted> {
  const verdict = verdicts.find(({ opened }) => opened !== undefined && fits(requirement, opened))
  if (verdict === undefined) return refuse(attestorMissing(requirement.type, policy))
  const { result } = verdict
  if (!result.ok) return result
  const accepted = result.value.accept(requirement)
  if (!accepted.ok) return accepted
  const { anchor, expiresAtSeconds, facts } = result.value
  const proof = { type: requirement.type, anchor, facts: facts(requirement) }
  return { ok: true, value: { attributes: accepted.value, proof, expiresAtSeconds } }
}

/** Why this evidence did not admit: what its verification said, or else what policies said of it. */
function refusalOf({ type, opened, result }: Verdict, trials: Trials): readonly EvidenceRefusal[] {
  if (!result.ok) return [{ type, refusal: result.refusal }]
  if (opened === undefined) return []
  const own = trials.refusalFor(type)
  if (own !== undefined) return [own]
  const others = [...trials.refusedTypes]
  const detail = `this evidence was accepted, and the policy requires more: ${others.join(', ')}`
  return [{ type, refusal: { code: 'attestor_missing', detail, audit: { requiredAttestors: [type, ...others] } } }]
}
