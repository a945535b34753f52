// When the agent logs in again: at two thirds of a session's life; after a failure as the gateway says, or ever less often.

import { AGENT_BACKOFF_MAX_MILLIS, AGENT_BACKOFF_MIN_MILLIS, AGENT_EVIDENCE_POLL_MILLIS } from '../../core/limits.ts'
import type { LoggedIn } from './log-in.ts'

export type Plan =
  | { readonly kind: 'at'; readonly millis: number }
  /** Only other evidence can be admitted: it is looked at this often, and nothing is sent before it differs. */
  | { readonly kind: 'new_evidence'; readonly pollMillis: number }

/**
 * @param random from 0 to 1: the jitter, so that a fleet that was started together does not log in together
 * @param failures how many logins have failed one after the other, this one included
 */
export function planNext(result: LoggedIn, nowMillis: number, failures: number, random: number): Plan {
  if (result.kind === 'admitted') {
    const life = Date.parse(result.answer.session.expiresAt) - nowMillis
    return { kind: 'at', millis: nowMillis + Math.round(Math.max(1000, life * (2 / 3) * jitter(random))) }
  }
  if (result.kind === 'failed' && isReplayed(result))
    return { kind: 'new_evidence', pollMillis: AGENT_EVIDENCE_POLL_MILLIS }
  const { failure } = result.kind === 'failed' ? result : { failure: undefined }
  const asked = failure?.kind === 'refused' ? (failure.retryAfterSeconds ?? 0) * 1000 : 0
  return planRetry(nowMillis, failures, random, asked)
}

/** @param atLeastMillis what the gateway has asked for: the jitter only adds to it */
export function planRetry(
  nowMillis: number,
  failures: number,
  random: number,
  atLeastMillis = 0,
): Extract<Plan, { readonly kind: 'at' }> {
  const backoff = Math.min(AGENT_BACKOFF_MAX_MILLIS, AGENT_BACKOFF_MIN_MILLIS * 2 ** Math.min(failures - 1, 16))
  return {
    kind: 'at',
    millis: nowMillis + Math.round(Math.max(atLeastMillis * (1 + JITTER * random), backoff * jitter(random))),
  }
}

const JITTER = 0.1

/** From a tenth less to a tenth more. */
function jitter(random: number): number {
  return 1 + JITTER * (2 * random - 1)
}

/** Evidence that was used before is refused until it is made anew; to send it again earlier would be of no use. */
function isReplayed({ failure, evidence }: Extract<LoggedIn, { readonly kind: 'failed' }>): boolean {
  if (failure.kind !== 'refused' || evidence === undefined) return false
  // What answers a challenge is new at each login.
  if (evidence.attestations.every(({ challenge }) => challenge !== undefined)) return false
  return failure.problem.refusals?.some(({ code }) => code === 'evidence_replayed') === true
}
