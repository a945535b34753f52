// The last step of a policy: what its evidence is claimed by, so that it admits once. Everything else has passed, because a
// refused login spends what it claimed.
import { CHALLENGE_LIFETIME_SECONDS } from '../../core/limits.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { Policy } from '../policy.ts'
import type { Claimable, SingleUse } from '../single-use/single-use.ts'
import { isCallOut, type Match, type Piece } from './evidence.ts'

/** What one login has claimed: a later policy of the same login is not told that it was seen. */
export type Claims = Map<Piece, Promise<Checked<undefined>>>

/** Tells whether a policy that would admit must claim something first. Nearly all of them must not. */
export function mustClaim(policy: Policy, matches: readonly Match[], singleUse: SingleUse | undefined): boolean {
  if (policy.singleUse === true) return true
  if (singleUse === undefined) return false
  for (const { piece } of matches) if (piece?.challengeId !== undefined) return true
  return false
}

/**
 * Claims the evidence of a policy, piece by piece in the order of its attestors, up to the first refusal: the rest of the
 * evidence is not spent.
 *
 * @param singleUse absent: this gateway has no replay store, and a policy that needs one refuses
 * @returns the piece that was refused, and why
 */
export async function claimEvidence(
  policy: Policy,
  matches: readonly Match[],
  singleUse: SingleUse | undefined,
  claims: Claims,
  nowSeconds: number,
): Promise<{ readonly type: string; readonly refusal: Refusal } | undefined> {
  for (const match of matches) {
    const { piece, requirement } = match
    // What a call-out is sent with is no proof of anything, and any caller may make more of it.
    if (piece === undefined || isCallOut(match)) continue
    if (policy.singleUse !== true && piece.challengeId === undefined) continue
    let claimed = claims.get(piece)
    if (claimed === undefined) {
      claimed = claimPiece(piece, requirement.anchor.id, singleUse, nowSeconds)
      claims.set(piece, claimed)
    }
    const result = await claimed
    if (!result.ok) return { type: requirement.type, refusal: result.refusal }
  }
  return undefined
}

/**
 * Claims the challenge that evidence answers, before its verification makes a request: what a caller makes the gateway do
 * with one challenge is done once. {@link claimEvidence} then finds it claimed.
 *
 * @param singleUse absent: there is no store, and the challenge may be used until it expires
 */
export function claimChallenge(
  piece: Piece,
  singleUse: SingleUse | undefined,
  claims: Claims,
  nowSeconds: number,
): Promise<Checked<undefined>> {
  const { type, challengeId } = piece
  if (challengeId === undefined) throw new Error(`evidence of ${type} answers no challenge`)
  if (singleUse === undefined) return Promise.resolve(pass(undefined))
  const claimed = claims.get(piece) ?? singleUse.claim(describeChallenge(type, challengeId, nowSeconds), nowSeconds)
  claims.set(piece, claimed)
  return claimed
}

function describeChallenge(type: string, id: string, nowSeconds: number): Claimable {
  return { type, id, expiresAtSeconds: nowSeconds + CHALLENGE_LIFETIME_SECONDS }
}

async function claimPiece(
  { type, opened, verdicts, challengeId }: Piece,
  anchorId: string,
  singleUse: SingleUse | undefined,
  nowSeconds: number,
): Promise<Checked<undefined>> {
  const verdict = verdicts.get(anchorId)
  if (!verdict?.ok) throw new Error(`evidence of ${type} would be claimed without being verified`)
  if (singleUse === undefined) return refuse(NO_STORE)
  const claimable =
    challengeId === undefined
      ? { type, id: opened.digestible, expiresAtSeconds: verdict.value.expiresAtSeconds }
      : describeChallenge(type, challengeId, nowSeconds)
  return singleUse.claim(claimable, nowSeconds)
}

const NO_STORE: Refusal = {
  code: 'replay_unanswered',
  detail: 'the gateway cannot tell whether this evidence was used before: its operator must give it a replay store',
  retryAfterSeconds: 60,
  audit: { replayStore: 'none', replayFailure: 'this gateway has no replay store' },
}
