// One login against one document: any one policy admits, all of its attestors must pass. Evidence is verified at most once
// per anchor, however many policies ask for it, and only policies that the evidence could satisfy are looked at.
import type { Attribute } from '../../attribute/attribute.ts'
import { CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import { createFuelTank } from '../conditions.ts'
import { type Policy, type PolicySet, sortPolicies } from '../policy.ts'
import {
  type Attestation,
  type EvidenceName,
  fitsRequirement,
  nameEvidence,
  nameUnopened,
  type Piece,
  type ReadAttestation,
  readAttestation,
} from './evidence.ts'
import { findAnswerCode, isWaiting, NOT_ASKED } from './login-refusals.ts'
import { createTrials, type EvidenceRefusal, type PolicyTrace, type Trials, type Untraced } from './trials.ts'
import { askCallOuts, listCallOuts, type Proof, type TryContext, tryPolicy } from './try-policy.ts'
import { createVerdicts, type Verdicts } from './verdicts.ts'

export type LoginContext = TryContext

interface Traced {
  readonly traces: readonly PolicyTrace[]
  readonly untraced: Untraced
  readonly evidence: readonly EvidenceName[]
}

interface NotSatisfied extends Traced {
  readonly refusals: readonly EvidenceRefusal[]
  /** What verified evidence proves: whom the policies refused. */
  readonly attributes: readonly Attribute[]
}

export type LoginOutcome =
  | ({ readonly kind: 'admitted'; readonly policy: Policy } & Proof & Traced)
  | ({ readonly kind: 'refused'; readonly reason: RefusedReason } & NotSatisfied)
  /** A policy could be satisfied if a source had answered; `code` names the failure. Answered with 503. */
  | ({
      readonly kind: 'unavailable'
      readonly code: RefusalCode
      readonly detail: string
      readonly retryAfterSeconds: number
    } & NotSatisfied)

export type RefusedReason = 'no_policy' | 'nothing_verified' | 'no_policy_satisfied'

/**
 * Chooses the status (RFC 9110 sections 15.5.2, 15.5.4): 401 if no evidence was verified, 403 if it did not suffice.
 */
export function chooseRefusalStatus(reason: RefusedReason): 401 | 403 {
  return reason === 'nothing_verified' ? 401 : 403
}

/**
 * Decides a login. The first satisfied policy in document order admits it.
 *
 * @param attestations the evidence of the login, validated by the schemas of the attestors
 * @param policies those of the cluster or the trust domain
 * @param context clock, keys, network and engine of the request
 * @returns `unavailable` only if a policy could be satisfied once a source answers
 */
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
  const read = attestations.map((attestation) => readAttestation(attestation, policies))
  const pieces = read.flatMap(({ piece }) => ('refusal' in piece ? [] : [piece]))
  const verdicts = createVerdicts(context)
  const tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  const trials = createTrials((refusal) => isOfEvidence(refusal, read, verdicts))
  const queue = createQueue(pieces, verdicts, trials)
  let waiting: Refusal | undefined

  for (let policy = queue.next(); policy !== undefined; policy = queue.next()) {
    const waits = verifyFor(policy, pieces, verdicts)
    // Nearly every policy finds its evidence verified, and waits for nothing.
    if (waits.length > 0) await Promise.all(waits)
    if (queue.isHopeless(policy)) continue
    let tried = tryPolicy(policy, pieces, verdicts, context, tank)
    if (tried.kind === 'satisfied' && listCallOuts(policy, pieces).length > 0)
      tried = await askCallOuts(policy, tried, pieces, context)
    if (tried.kind === 'satisfied')
      return { ...tried, kind: 'admitted', policy, ...(await trace(read, verdicts, trials)) }
    trials.note({ policy: policy.name, refusals: tried.refusals, attestorsPassed: tried.attestorsPassed })
    waiting ??= tried.waiting
  }

  waiting = queue.waiting() ?? waiting
  const found: NotSatisfied = {
    refusals: read.flatMap((one) => listRefusals(one, verdicts, trials)),
    attributes: pieces.flatMap((piece) => listProvedAttributes(piece, verdicts)),
    ...(await trace(read, verdicts, trials)),
  }
  if (waiting !== undefined) {
    const { code, detail, retryAfterSeconds = 1 } = waiting
    return { kind: 'unavailable', code: findAnswerCode(code) ?? 'internal_error', detail, retryAfterSeconds, ...found }
  }
  const isVerified = pieces.some((piece) => verdicts.best(piece)?.ok)
  return { kind: 'refused', reason: isVerified ? 'no_policy_satisfied' : 'nothing_verified', ...found }
}

/** Starts all verifications that the policy requires and that have no verdict yet. Call-outs are not verified. */
function verifyFor({ requirements }: Policy, pieces: readonly Piece[], verdicts: Verdicts): readonly Promise<void>[] {
  const waits: Promise<void>[] = []
  for (const requirement of requirements) {
    const piece = pieces.find((one) => fitsRequirement(requirement, one))
    if (piece === undefined || piece.attestor.callOut !== undefined) continue
    if (verdicts.known(piece, requirement.anchor.id) === undefined)
      waits.push(verdicts.settle(piece, requirement.anchor.id))
  }
  return waits
}

/** The policies to try, in document order. */
interface Queue {
  next(): Policy | undefined
  /** Tells whether the policy requires only evidence that did not verify: it is counted and not tried. */
  isHopeless(policy: Policy): boolean
  /** The refusal of such evidence if it could still verify. */
  waiting(): Refusal | undefined
}

/**
 * Evidence that did not verify decides for all policies that require nothing else. Otherwise a caller with a forged token
 * could have thousands of them tried. If the evidence has one anchor, the rest of them is skipped at once.
 */
function createQueue(pieces: readonly Piece[], verdicts: Verdicts, trials: Trials): Queue {
  const hopeless = new Set<Piece>()
  let policies = orderPolicies(pieces.map(({ candidates }) => candidates.policies))
  let at = 0
  let waiting: Refusal | undefined

  function leaveOut(piece: Piece): void {
    hopeless.add(piece)
    const last = policies[at - 1]?.index ?? -1
    const left = orderPolicies(
      pieces.map((one) => (hopeless.has(one) ? one.candidates.joint : one.candidates.policies)),
    )
    policies = left.filter(({ index }) => index > last)
    at = 0
    trials.count(piece.candidates.policies.length - piece.candidates.joint.length)
  }

  return {
    next: () => policies[at++],
    isHopeless({ requirements: [requirement, second] }) {
      if (requirement === undefined || second !== undefined) return false
      const piece = pieces.find((one) => fitsRequirement(requirement, one))
      const verdict = piece && verdicts.known(piece, requirement.anchor.id)
      if (piece === undefined || verdict === undefined || verdict.ok) return false
      if (isWaiting(verdict.refusal)) waiting ??= verdict.refusal
      if (piece.candidates.anchors.size > 1) trials.count(1)
      else if (!hopeless.has(piece)) leaveOut(piece)
      return true
    },
    waiting: () => waiting,
  }
}

/** Nearly always there is one list, which is already in order. */
function orderPolicies(lists: readonly (readonly Policy[])[]): readonly Policy[] {
  const [only = []] = lists
  return lists.length < 2 ? only : sortPolicies(...lists)
}

async function trace(
  read: readonly ReadAttestation[],
  verdicts: Verdicts,
  { traces, untraced }: Trials,
): Promise<Traced> {
  const evidence = await Promise.all(read.map((one) => nameEvidence(one, findOwnRefusal(one, verdicts))))
  return { traces, untraced, evidence }
}

/** Finds why the evidence was refused, independent of policies; `undefined` if it verified or was not needed. */
function findOwnRefusal({ piece }: ReadAttestation, verdicts: Verdicts): Refusal | undefined {
  if ('refusal' in piece) return piece.refusal
  const best = verdicts.best(piece)
  return best === undefined || best.ok ? undefined : best.refusal
}

/** Tells whether a refusal is that of the evidence and not of a policy. */
function isOfEvidence(refusal: Refusal, read: readonly ReadAttestation[], verdicts: Verdicts): boolean {
  return read.some(({ piece }) => ('refusal' in piece ? piece.refusal === refusal : verdicts.isRefusal(piece, refusal)))
}

function listProvedAttributes(piece: Piece, verdicts: Verdicts): readonly Attribute[] {
  const best = verdicts.best(piece)
  return best?.ok ? piece.attestor.attributes(best.value.facts) : []
}

/** Lists why this evidence did not admit: the refusal of its verification, or else those of policies. */
function listRefusals(one: ReadAttestation, verdicts: Verdicts, trials: Trials): readonly EvidenceRefusal[] {
  const { type } = one.attestation
  const refusal = findOwnRefusal(one, verdicts)
  if (refusal !== undefined) return [{ type, refusal }]
  const own = trials.refusalFor(type)
  if (own !== undefined) return [own]
  // Nothing has verified it, and whoever sent it may have verified nothing: it is not told what else is required.
  if (!('refusal' in one.piece) && one.piece.attestor.callOut !== undefined) return [{ type, refusal: NOT_ASKED }]
  const others = [...trials.refusedTypes]
  const detail = `this evidence was accepted, but the policy also requires: ${others.join(', ')}`
  return [{ type, refusal: { code: 'attestor_missing', detail, audit: { requiredAttestors: [type, ...others] } } }]
}
