// Verifying evidence. A piece is verified at most once per anchor, however many policies require it, and only when the
// first of them does: a slow anchor of a later policy does not delay an earlier one.
import type { AttestContext } from '../../attest/attest-context.ts'
import { ANCHOR_FETCHES_PER_REQUEST_MAX } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { refuse } from '../../core/result.ts'
import type { AnchorGroup } from '../policy.ts'
import type { SingleUse } from '../single-use/single-use.ts'
import { type AnchorPlan, type FetchBudget, planAnchors } from './anchor-plan.ts'
import { type Claims, claimChallenge } from './claim-evidence.ts'
import type { Match, Piece, Verdict } from './evidence.ts'
import { ANCHOR_AMBIGUOUS, isWaiting, SPENT } from './login-refusals.ts'

export interface Verifier {
  /**
   * Starts what the requirements of one policy need and what has no verdict yet, all at once; each promise rejects only
   * if the attestor throws. Empty for nearly every policy: then there is nothing to wait for.
   */
  startFor(matches: readonly Match[]): readonly Promise<void>[]
}

interface Progress {
  readonly plan: AnchorPlan
  readonly pending: Map<string, Promise<void>>
}

interface VerifierContext extends AttestContext {
  readonly singleUse?: SingleUse
}

/** @param claims what the login has claimed */
export function createVerifier(context: VerifierContext, claims: Claims): Verifier {
  /** Of evidence with several anchors. */
  const progress = new Map<Piece, Progress>()
  const budget: FetchBudget = { left: ANCHOR_FETCHES_PER_REQUEST_MAX }
  let lentInHand: AttestContext | undefined

  /** Created on demand: most evidence has one anchor. */
  function lendInHand(): AttestContext {
    lentInHand ??= { ...context, keys: context.keys.inHand() }
    return lentInHand
  }

  /** Evidence that answers a challenge claims it before it makes the gateway ask a host. */
  function lend(piece: Piece, lent: AttestContext): AttestContext {
    if (piece.challengeId === undefined) return lent
    const claim = () => claimChallenge(piece, context.singleUse, claims, context.nowSeconds)
    return { ...lent, askHost: (question) => lent.askHost(question, claim) }
  }

  function findProgress(piece: Piece): Progress {
    let found = progress.get(piece)
    if (found === undefined) {
      found = { plan: planAnchors(piece, context, budget), pending: new Map() }
      progress.set(piece, found)
    }
    return found
  }

  /** Several policies, and the fetches that are started together, share a verification under way. */
  function verifyShared(piece: Piece, group: AnchorGroup, lent: AttestContext): Promise<void> {
    const { pending } = findProgress(piece)
    const { id } = group.anchor
    const started = pending.get(id)
    if (started !== undefined) return started
    const work = verify(piece, group, lend(piece, lent))
    // Callers that await it see it fail. If none is left, an unhandled rejection must not end the process.
    work.catch(() => undefined)
    pending.set(id, work)
    return work
  }

  async function verifyPlanned(piece: Piece, group: AnchorGroup): Promise<void> {
    const { ready, fetched, otherNames, ambiguous } = findProgress(piece).plan
    if (ready.has(group)) return verifyShared(piece, group, context)
    if (fetched.has(group)) {
      for (const one of fetched) verifyShared(piece, one, context)
      return verifyShared(piece, group, context)
    }
    const { id } = group.anchor
    if (ambiguous.has(group)) piece.verdicts.set(id, refuse(ANCHOR_AMBIGUOUS))
    else if (otherNames.has(group)) piece.verdicts.set(id, await refuseOtherName(piece, otherNames))
    else await verifyShared(piece, group, lendInHand())
  }

  async function refuseOtherName(piece: Piece, [first]: Iterable<AnchorGroup>): Promise<Verdict> {
    if (first === undefined) throw new Error(`evidence of ${piece.type} has an anchor without a plan`)
    await verifyShared(piece, first, lendInHand())
    const verdict = piece.verdicts.get(first.anchor.id)
    // A refusal holds for all of them, a verification for one only.
    if (verdict === undefined || verdict.ok) throw new Error(`${piece.type} verified by an anchor of another name`)
    return verdict
  }

  return {
    startFor(matches) {
      const started: Promise<void>[] = []
      for (const { requirement, piece } of matches) {
        if (piece === undefined || piece.attestor.callOut !== undefined || requirement.lacks !== undefined) continue
        const { id } = requirement.anchor
        if (piece.verdicts.has(id)) continue
        const { anchors } = piece.candidates
        const group = anchors.get(id)
        if (group === undefined) throw new Error(`evidence of ${piece.type} has no such anchor`)
        started.push(anchors.size === 1 ? verify(piece, group, lend(piece, context)) : verifyPlanned(piece, group))
      }
      return started
    },
  }
}

/** Records the verdict of one anchor. */
async function verify(piece: Piece, { anchor, pins }: AnchorGroup, context: AttestContext): Promise<void> {
  const { attestor, opened, verdicts } = piece
  const verdict = await attestor.verify(opened.value, anchor, pins, context)
  // The skew accepts evidence that has just expired. A session must not outlive it, so none can be issued.
  const isSpent = verdict.ok && verdict.value.expiresAtSeconds <= context.nowSeconds
  verdicts.set(anchor.id, isSpent ? refuse(SPENT) : verdict)
}

/** Chooses the verdict to report for the piece: a verification, or else the refusal of the most advanced check. */
export function chooseVerdict({ verdicts }: Piece): Verdict | undefined {
  let chosen: Verdict | undefined
  for (const verdict of verdicts.values()) {
    if (verdict.ok) return verdict
    if (chosen === undefined || rankVerdict(verdict) > rankVerdict(chosen)) chosen = verdict
  }
  return chosen
}

/** Ranks temporary refusals first, then a wrong signature, which was checked, and last an unknown key, which was not. */
function rankVerdict(verdict: Verdict): number {
  if (verdict.ok) return 0
  return isWaiting(verdict.refusal) ? 3 : (RANKS[verdict.refusal.code] ?? 1)
}

const RANKS: Readonly<Partial<Record<Refusal['code'], number>>> = { signature_invalid: 2, signing_key_unknown: 0 }
