// One login against one document: any one policy admits, all of its attestors must pass. Evidence is verified at most once
// per anchor, however many policies ask for it, and only policies that the evidence could satisfy are looked at.
import type { CallOutNote } from '../../attest/webhook-call.ts'
import type { Attribute } from '../../attribute/attribute.ts'
import { CALL_OUTS_PER_REQUEST_MAX, CONDITION_FUEL_PER_REQUEST } from '../../core/limits.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import { createFuelTank } from '../conditions.ts'
import { type Policy, type PolicySet, sortPolicies } from '../policy.ts'
import { type Claims, claimEvidence, mustClaim } from './claim-evidence.ts'
import {
  type Attestation,
  type EvidenceName,
  isCallOut,
  type Match,
  matchEvidence,
  nameEvidence,
  nameUnopened,
  type Piece,
  type ReadAttestation,
  readAttestation,
} from './evidence.ts'
import { findAnswerCode, isWaiting, NOT_ASKED } from './login-refusals.ts'
import { createTrials, type EvidenceRefusal, type PolicyTrace, type Trials, type Untraced } from './trials.ts'
import { askCallOuts, type CallOuts, failOne, type Proof, type TryContext, tryPolicy } from './try-policy.ts'
import { chooseVerdict, createVerifier } from './verify-evidence.ts'

export type LoginContext = TryContext

interface Traced {
  readonly traces: readonly PolicyTrace[]
  readonly untraced: Untraced
  readonly evidence: readonly EvidenceName[]
  /** Calls of other services, in the order in which they ended. */
  readonly callOuts: readonly CallOutNote[]
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
    return {
      kind: 'refused',
      reason: 'no_policy',
      refusals: [],
      attributes: [],
      traces: [],
      untraced,
      evidence,
      callOuts: [],
    }
  }
  const read: ReadAttestation[] = []
  const pieces: Piece[] = []
  for (const attestation of attestations) {
    const one = readAttestation(attestation, policies)
    read.push(one)
    if (!('refusal' in one.piece)) pieces.push(one.piece)
  }
  const claims: Claims = new Map()
  const verifier = createVerifier(context, claims)
  const tank = createFuelTank(CONDITION_FUEL_PER_REQUEST)
  const callOuts: CallOuts = { left: CALL_OUTS_PER_REQUEST_MAX, made: [] }
  const trials = createTrials((refusal) => isOfEvidence(refusal, read))
  const queue = createQueue(pieces, trials)
  let waiting: Refusal | undefined

  for (let policy = queue.next(); policy !== undefined; policy = queue.next()) {
    const matches = matchEvidence(policy.requirements, pieces)
    const started = verifier.startFor(matches)
    if (started.length > 0) await Promise.all(started)
    if (queue.isHopeless(matches)) continue
    let tried = tryPolicy(policy, matches, context, tank)
    if (tried.kind === 'satisfied' && matches.some(isCallOut))
      tried = await askCallOuts(policy, tried, matches, context, callOuts)
    if (tried.kind === 'satisfied' && mustClaim(policy, matches, context.singleUse)) {
      const refused = await claimEvidence(policy, matches, context.singleUse, claims, context.nowSeconds)
      if (refused !== undefined) tried = failOne(refused)
    }
    if (tried.kind === 'satisfied') return { ...tried, kind: 'admitted', policy, ...trace(read, trials, callOuts) }
    trials.note({ policy: policy.name, refusals: tried.refusals, attestorsPassed: tried.attestorsPassed })
    waiting ??= tried.waiting
  }

  waiting = queue.waiting() ?? waiting
  const found: NotSatisfied = {
    refusals: read.flatMap((one) => listRefusals(one, trials)),
    attributes: pieces.flatMap(listProvedAttributes),
    ...trace(read, trials, callOuts),
  }
  if (waiting !== undefined) {
    const { code, detail, retryAfterSeconds = 1 } = waiting
    return { kind: 'unavailable', code: findAnswerCode(code) ?? 'internal_error', detail, retryAfterSeconds, ...found }
  }
  const isVerified = pieces.some((piece) => chooseVerdict(piece)?.ok)
  return { kind: 'refused', reason: isVerified ? 'no_policy_satisfied' : 'nothing_verified', ...found }
}

/** The policies to try, in document order. */
interface Queue {
  next(): Policy | undefined
  /** Tells whether the policy requires only evidence that did not verify: it is counted and not tried. */
  isHopeless(matches: readonly Match[]): boolean
  /** The refusal of such evidence if it could still verify. */
  waiting(): Refusal | undefined
}

/**
 * Evidence that did not verify decides for all policies that require nothing else. Otherwise a caller with a forged token
 * could have thousands of them tried. If the evidence has one anchor, the rest of them is skipped at once.
 */
function createQueue(pieces: readonly Piece[], trials: Trials): Queue {
  const hopeless = new Set<Piece>()
  let policies = listCandidates(pieces, hopeless)
  let at = 0
  let waiting: Refusal | undefined

  function leaveOut(piece: Piece): void {
    hopeless.add(piece)
    const last = policies[at - 1]?.index ?? -1
    policies = listCandidates(pieces, hopeless).filter(({ index }) => index > last)
    at = 0
    trials.count(piece.candidates.policies.length - piece.candidates.joint.length)
  }

  return {
    next: () => policies[at++],
    isHopeless([only, second]) {
      if (only?.piece === undefined || second !== undefined) return false
      const { piece, requirement } = only
      const verdict = piece.verdicts.get(requirement.anchor.id)
      if (verdict === undefined || verdict.ok) return false
      if (isWaiting(verdict.refusal)) waiting ??= verdict.refusal
      if (piece.candidates.anchors.size > 1) trials.count(1)
      else if (!hopeless.has(piece)) leaveOut(piece)
      return true
    },
    waiting: () => waiting,
  }
}

/** Nearly always there is one list, which is already in order. */
function listCandidates(pieces: readonly Piece[], hopeless: ReadonlySet<Piece>): readonly Policy[] {
  const lists: (readonly Policy[])[] = []
  for (const piece of pieces) lists.push(hopeless.has(piece) ? piece.candidates.joint : piece.candidates.policies)
  const [only = []] = lists
  return lists.length < 2 ? only : sortPolicies(...lists)
}

function trace(read: readonly ReadAttestation[], { traces, untraced }: Trials, { made }: CallOuts): Traced {
  const evidence: EvidenceName[] = []
  for (const one of read) evidence.push(nameEvidence(one, findOwnRefusal(one)))
  return { traces, untraced, evidence, callOuts: made }
}

/** Finds why the evidence was refused, independent of policies; `undefined` if it verified or was not needed. */
function findOwnRefusal({ piece }: ReadAttestation): Refusal | undefined {
  if ('refusal' in piece) return piece.refusal
  const best = chooseVerdict(piece)
  return best === undefined || best.ok ? undefined : best.refusal
}

/** Tells whether a refusal is that of the evidence and not of a policy. */
function isOfEvidence(refusal: Refusal, read: readonly ReadAttestation[]): boolean {
  return read.some(({ piece }) => ('refusal' in piece ? piece.refusal === refusal : isRefusedWith(piece, refusal)))
}

/** Tells whether an anchor refused the piece with this refusal (the same object). */
function isRefusedWith({ verdicts }: Piece, refusal: Refusal): boolean {
  for (const verdict of verdicts.values()) if (!verdict.ok && verdict.refusal === refusal) return true
  return false
}

function listProvedAttributes(piece: Piece): readonly Attribute[] {
  const best = chooseVerdict(piece)
  return best?.ok ? piece.attestor.attributes(best.value.facts, undefined) : []
}

/** Lists why this evidence did not admit: the refusal of its verification, or else those of policies. */
function listRefusals(one: ReadAttestation, trials: Trials): readonly EvidenceRefusal[] {
  const { type } = one.attestation
  const refusal = findOwnRefusal(one)
  if (refusal !== undefined) return [{ type, refusal }]
  const own = trials.refusalFor(type)
  if (own !== undefined) return [own]
  // Nothing has verified it, and whoever sent it may have verified nothing: it is not told what else is required.
  if (!('refusal' in one.piece) && one.piece.attestor.callOut !== undefined) return [{ type, refusal: NOT_ASKED }]
  const others = [...trials.refusedTypes]
  const detail = `this evidence was accepted, but the policy also requires: ${others.join(', ')}`
  return [{ type, refusal: { code: 'attestor_missing', detail, audit: { requiredAttestors: [type, ...others] } } }]
}
