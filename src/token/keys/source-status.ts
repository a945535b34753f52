// Describes one key source for the operator.
import { countSecondsSince } from '../../core/duration.ts'
import { describeFailure, type FailureReport } from './key-refusals.ts'
import type { KeySet, SkippedKey } from './key-set.ts'
import { findNextAttemptMillis, type SourceState } from './source-state.ts'

/** The status of one key source. Times are milliseconds since 1970. */
export interface KeySourceStatus {
  readonly id: string
  /** Whether this isolate has ever loaded a key set from it. */
  readonly loaded: boolean
  readonly keyCount: number
  readonly skipped: readonly SkippedKey[]
  readonly lastSuccessMillis?: number
  readonly ageSeconds?: number
  readonly stale: boolean
  readonly lastFailure?: FailureReport & { readonly atMillis: number }
  readonly consecutiveFailures: number
  /** The earliest time of the next fetch, after failed ones. */
  readonly nextAttemptMillis?: number
}

/** Describes keys that a document contains: they are always in hand, and never stale. */
export function describeInlineSource(id: string, { count, skipped }: KeySet): KeySourceStatus {
  return { id, loaded: true, keyCount: count, skipped, stale: false, consecutiveFailures: 0 }
}

/** Describes a fetched source. `state` is `undefined` for a source that this isolate does not have in memory. */
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

export interface KeySetAges {
  readonly count: number
  readonly stale: number
  /** Sources whose last load failed, with or without keys in hand. */
  readonly failing: number
  /** `undefined` if there is none. */
  readonly oldestMillis: number | undefined
}

/** Of the sources in memory: those that hold keys, and those whose issuer does not give them. */
export function describeAges(states: readonly SourceState[], nowMillis: number): KeySetAges {
  const held = states.flatMap(({ keys }) => (keys === undefined ? [] : [keys]))
  const loaded = held.map(({ loadedAtMillis }) => loadedAtMillis)
  return {
    count: held.length,
    stale: held.filter(({ loadedAtMillis, ageMaxMillis }) => nowMillis - loadedAtMillis >= ageMaxMillis).length,
    failing: states.filter(({ failures }) => failures > 0).length,
    oldestMillis: loaded.length === 0 ? undefined : loaded.reduce((least, one) => Math.min(least, one)),
  }
}
