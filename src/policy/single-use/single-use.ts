// Evidence that works once: what is claimed, for how long, and what the store's failure means. A store that cannot be
// asked refuses: it might have said that the evidence was used before.
import type { Clock, Sleep } from '../../core/clock.ts'
import { digestText } from '../../core/digest.ts'
import { countSecondsSince } from '../../core/duration.ts'
import { REPLAY_EVENT_INTERVAL_MILLIS, REPLAY_MARGIN_SECONDS, REPLAY_TIMEOUT_MILLIS } from '../../core/limits.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { Claim, ReplayStore } from './replay-store.ts'

/** What is claimed. */
export interface Claimable {
  /** The attestor's type. */
  readonly type: string
  /** The id of its challenge, or else what its digest is made of: never the spelling that the caller chose. */
  readonly id: string
  /** Seconds since 1970. */
  readonly expiresAtSeconds: number
}

/** Claims evidence for one login. */
export interface SingleUse {
  /** Refuses with `evidence_replayed`, or with `replay_unanswered` if the store could not be asked. */
  claim(evidence: Claimable, nowSeconds: number): Promise<Checked<undefined>>
  /** Since when the store does not answer, in milliseconds since the epoch. */
  failingSinceMillis(): number | undefined
  /** Asks a store that did not answer last time whether it does again: no login may use it for long. */
  probe(): Promise<void>
}

export interface ReplayStoreFailed {
  readonly event: 'replay_store_failed'
  readonly store: string
  readonly reason: string
}

export interface ReplayStoreRecovered {
  readonly event: 'replay_store_recovered'
  readonly store: string
  readonly failedSeconds: number
}

export type ReplayEvent = ReplayStoreFailed | ReplayStoreRecovered

interface SingleUseOptions {
  readonly store: ReplayStore
  /** Another gateway may share the store, and accepts the same evidence once as well. */
  readonly issuerUrl: string
  readonly skewSeconds: number
  readonly clock: Clock
  readonly sleep: Sleep
  readonly tell: (event: ReplayEvent) => void
  /** Is told of each claim how it ended. */
  readonly note?: ((outcome: ClaimOutcome) => void) | undefined
}

export type ClaimOutcome = 'first' | 'replay' | 'store_down'

/**
 * Makes the key: SHA-256 over the gateway, the attestor and the evidence, without cluster and role, so that a token that
 * logged an agent in to one cluster logs in to no other. The last part alone may hold a newline.
 */
export function makeReplayKey(issuerUrl: string, { type, id }: Pick<Claimable, 'type' | 'id'>): string {
  return digestText(`${issuerUrl}\n${type}\n${id}`)
}

export function createSingleUse(options: SingleUseOptions): SingleUse {
  const { store, issuerUrl, skewSeconds, clock, sleep, tell, note } = options
  let failingSinceMillis: number | undefined
  let toldMillis = Number.NEGATIVE_INFINITY
  let isTold = false

  function noteFailure(reason: string): void {
    const nowMillis = clock()
    failingSinceMillis ??= nowMillis
    // A store that fails now and then is reported at most once per interval, not once per login.
    if (isTold || Math.abs(nowMillis - toldMillis) < REPLAY_EVENT_INTERVAL_MILLIS) return
    isTold = true
    toldMillis = nowMillis
    tell({ event: 'replay_store_failed', store: store.kind, reason })
  }

  function noteAnswer(): void {
    if (failingSinceMillis === undefined) return
    const failedSeconds = countSecondsSince(failingSinceMillis, clock())
    failingSinceMillis = undefined
    if (isTold) tell({ event: 'replay_store_recovered', store: store.kind, failedSeconds })
    isTold = false
  }

  return {
    async claim(evidence, nowSeconds) {
      const { type, expiresAtSeconds } = evidence
      if (!Number.isFinite(expiresAtSeconds)) throw new Error(`evidence of ${type} has no end, so no store can keep it`)
      // A gateway whose clock is behind accepts the evidence for longer: by the skew, and by what clocks really differ.
      const forSeconds = Math.max(0, Math.ceil(expiresAtSeconds - nowSeconds)) + skewSeconds + REPLAY_MARGIN_SECONDS
      const asked = await ask(store, makeReplayKey(issuerUrl, evidence), forSeconds, sleep)
      if (typeof asked !== 'string') {
        noteFailure(asked.reason)
        note?.('store_down')
        return refuse({ ...UNANSWERED, audit: { replayStore: store.kind, replayFailure: asked.reason } })
      }
      noteAnswer()
      note?.(asked === 'first' ? 'first' : 'replay')
      return asked === 'first' ? pass(undefined) : refuse(REPLAYED)
    },
    failingSinceMillis: () => failingSinceMillis,
    async probe() {
      if (failingSinceMillis === undefined) return
      const asked = await ask(store, makeReplayKey(issuerUrl, PROBE), 1, sleep)
      if (typeof asked === 'string') noteAnswer()
    },
  }
}

/** No attestor has this type: the key is that of no evidence. */
const PROBE = { type: 'readiness probe', id: '' }

/** A store that hangs must not hold the login for longer than its time-out. */
async function ask(
  store: ReplayStore,
  key: string,
  forSeconds: number,
  sleep: Sleep,
): Promise<Claim | { readonly reason: string }> {
  const timer = new AbortController()
  const late = sleep(REPLAY_TIMEOUT_MILLIS, timer.signal).then(() => LATE)
  try {
    const answer: unknown = await Promise.race([store.claim(key, forSeconds), late])
    if (answer === 'first' || answer === 'seen') return answer
    return answer === LATE ? LATE : { reason: 'the store answered neither first nor seen' }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : 'the store failed' }
  } finally {
    timer.abort(DONE)
  }
}

/** An abort without a reason would make a `DOMException` with a stack, which nobody reads. */
const DONE = 'done'
const LATE = { reason: `no answer within ${REPLAY_TIMEOUT_MILLIS} ms` } as const

const REPLAYED = {
  code: 'evidence_replayed',
  detail: 'this evidence was used for a login before, and the policy accepts it once: send fresh evidence',
  audit: { singleUse: true },
} as const

const UNANSWERED = {
  code: 'replay_unanswered',
  detail: 'the gateway cannot tell whether this evidence was used before: send fresh evidence later',
  retryAfterSeconds: 1,
} as const

/** For explanations, which claim nothing: evidence counts as unused. */
export const ASSUMED_UNUSED: SingleUse = {
  claim: () => Promise.resolve(pass(undefined)),
  failingSinceMillis: () => undefined,
  probe: () => Promise.resolve(),
}
