// The results of verifying evidence. A piece is verified at most once per anchor, however many policies require it, and
// only when the first of them does: a slow anchor of a later policy does not delay an earlier one.
import type { AttestContext } from '../../attest/attest-context.ts'
import type { Verified } from '../../attest/attestor.ts'
import { ANCHOR_FETCHES_PER_REQUEST_MAX } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, refuse } from '../../core/result.ts'
import type { AnchorGroup } from '../policy.ts'
import { type AnchorPlan, type FetchBudget, planAnchors } from './anchor-plan.ts'
import type { Piece } from './evidence.ts'
import { ANCHOR_AMBIGUOUS, isWaiting, SPENT } from './login-refusals.ts'

export type Verdict = Checked<Verified>

export interface Verdicts {
  /** The verdict, if the piece is already verified by this anchor. */
  known(piece: Piece, anchorId: string): Verdict | undefined
  /** Verifies the piece unless it is done. Rejects only if the attestor throws. */
  settle(piece: Piece, anchorId: string): Promise<void>
  /** The verdict to report for the piece: a verification, or else the refusal of the most advanced check. */
  best(piece: Piece): Verdict | undefined
  /** Tells whether an anchor refused the piece with this refusal (the same object). */
  isRefusal(piece: Piece, refusal: Refusal): boolean
}

interface PieceState {
  readonly settled: Map<string, Verdict>
  readonly pending: Map<string, Promise<void>>
  plan: AnchorPlan | undefined
}

export function createVerdicts(context: AttestContext): Verdicts {
  const states = new Map<Piece, PieceState>()
  const budget: FetchBudget = { left: ANCHOR_FETCHES_PER_REQUEST_MAX }
  let lentInHand: AttestContext | undefined

  /** Created on demand: most evidence has one anchor. */
  function lendInHand(): AttestContext {
    lentInHand ??= { ...context, keys: context.keys.inHand() }
    return lentInHand
  }

  function findState(piece: Piece): PieceState {
    let state = states.get(piece)
    if (state === undefined) {
      state = { settled: new Map(), pending: new Map(), plan: undefined }
      states.set(piece, state)
    }
    return state
  }

  /** Starts the verification and records its verdict. */
  function verify(piece: Piece, { anchor, pins }: AnchorGroup, lent: AttestContext): Promise<void> {
    const state = findState(piece)
    const pending = state.pending.get(anchor.id)
    if (pending !== undefined) return pending
    const work = verifyOnce(piece, { anchor, pins }, lent, context.nowSeconds).then((verdict) => {
      state.settled.set(anchor.id, verdict)
    })
    // Callers that await it see it fail. If none is left, an unhandled rejection must not end the process.
    work.catch(() => undefined)
    state.pending.set(anchor.id, work)
    return work
  }

  async function settle(piece: Piece, anchorId: string): Promise<void> {
    const { anchors } = piece.candidates
    const group = anchors.get(anchorId)
    if (group === undefined) throw new Error(`evidence of ${piece.type} has no such anchor`)
    if (anchors.size === 1) return verify(piece, group, context)
    const state = findState(piece)
    state.plan ??= planAnchors(piece, context, budget)
    const { ready, fetched, otherNames, ambiguous } = state.plan
    if (ready.has(group)) return verify(piece, group, context)
    if (fetched.has(group)) {
      for (const one of fetched) verify(piece, one, context)
      return verify(piece, group, context)
    }
    if (ambiguous.has(group)) state.settled.set(anchorId, refuse(ANCHOR_AMBIGUOUS))
    else if (otherNames.has(group)) state.settled.set(anchorId, await refuseOtherName(piece, otherNames))
    else await verify(piece, group, lendInHand())
  }

  async function refuseOtherName(piece: Piece, [first]: Iterable<AnchorGroup>): Promise<Verdict> {
    if (first === undefined) throw new Error(`evidence of ${piece.type} has an anchor without a plan`)
    await verify(piece, first, lendInHand())
    const verdict = findState(piece).settled.get(first.anchor.id)
    // A refusal holds for all of them, a verification for one only.
    if (verdict === undefined || verdict.ok) throw new Error(`${piece.type} verified by an anchor of another name`)
    return verdict
  }

  return {
    known: (piece, anchorId) => states.get(piece)?.settled.get(anchorId),
    settle,
    best(piece) {
      const all = [...(states.get(piece)?.settled.values() ?? [])]
      return all.find(({ ok }) => ok) ?? all.sort((a, b) => rankVerdict(b) - rankVerdict(a))[0]
    },
    isRefusal(piece, refusal) {
      for (const verdict of states.get(piece)?.settled.values() ?? [])
        if (!verdict.ok && verdict.refusal === refusal) return true
      return false
    },
  }
}

async function verifyOnce(
  { attestor, opened }: Piece,
  { anchor, pins }: AnchorGroup,
  context: AttestContext,
  nowSeconds: number,
): Promise<Verdict> {
  const verdict = await attestor.verify(opened.value, anchor, pins, context)
  // The skew accepts evidence that has just expired. A session must not outlive it, so none can be issued.
  return verdict.ok && verdict.value.expiresAtSeconds <= nowSeconds ? refuse(SPENT) : verdict
}

/** Ranks temporary refusals first, then a wrong signature, which was checked, and last an unknown key, which was not. */
function rankVerdict(verdict: Verdict): number {
  if (verdict.ok) return 0
  return isWaiting(verdict.refusal) ? 3 : (RANKS[verdict.refusal.code] ?? 1)
}

const RANKS: Readonly<Partial<Record<Refusal['code'], number>>> = { signature_invalid: 2, signing_key_unknown: 0 }
