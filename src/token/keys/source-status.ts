// What is known of one key source, for its operator.
import { countSecondsSince } from '../../core/duration.ts'
import { describeFailure, type FailureReport } from './key-refusals.ts'
import type { KeySet, SkippedKey } from './key-set.ts'
import { findNextAttemptMillis, type SourceState } from './source-state.ts'

/** What an operator may want to know of one source. */
export interface KeySourceStatus {
  readonly id: string
  /** No key set has ever been loaded here, by this isolate. */
  readonly loaded: boolean
  readonly keyCount: number
  readonly skipped: readonly SkippedKey[]
  readonly lastSuccessMillis?: number
  readonly ageSeconds?: number
  readonly stale: boolean
  readonly lastFailure?: FailureReport & { readonly atMillis: number }
  readonly consecutiveFailures: number
  /** Not before then is the next fetch, after failed ones. */
  readonly nextAttemptMillis?: number
}

/** The status of keys that a document holds: they are always in hand, and never old. */
export function describeInlineSource(id: string, { count, skipped }: KeySet): KeySourceStatus {
  return { id, loaded: true, keyCount: count, skipped, stale: false, consecutiveFailures: 0 }
}

/** `state` is undefined for a source that this isolate does not hold. */
export function describeSource(id: string, state: SourceState | undefined, nowMillis: number): KeySourceStatus {
  if (state === undefined) return { id, loaded: false, keyCount: 0, skipped: [], stale: false, consecutiveFailures: 0 }
  const { keys, lastFailure, failures } = state
  const nextAttemptMillis = findNextAttemptMillis(state)
  return {
    id,
    loaded: keys !== undefined,
    keyCount: keys?.set.count ?? 0,
    skipped: keys?.set.skipped ?? [],
    ...(keys === undefined
      ? {}
      : {
          lastSuccessMillis: keys.loadedAtMillis,
          ageSeconds: countSecondsSince(keys.loadedAtMillis, nowMillis),
        }),
    stale: keys !== undefined && nowMillis - keys.loadedAtMillis >= keys.ageMaxMillis,
    ...(lastFailure === undefined
      ? {}
      : { lastFailure: { atMillis: lastFailure.atMillis, ...describeFailure(lastFailure.failure) } }),
    consecutiveFailures: failures,
    ...(nextAttemptMillis === undefined ? {} : { nextAttemptMillis }),
  }
}
