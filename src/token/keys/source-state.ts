// What is remembered of one key source: plain data, changed by the functions here alone. No promise is kept in it, for
// on Workers a promise belongs to the request that made it, and another request that awaits it hangs.
import { weighHeap } from '../../core/heap-weight.ts'
import {
  KEY_FETCH_BACKOFF_MAX_MILLIS,
  KEY_FETCH_BACKOFF_MIN_MILLIS,
  KEY_FETCH_LEASE_MILLIS,
  KEY_FETCH_RETRY_AFTER_MAX_SECONDS,
  KEY_SET_STALE_MAX_SECONDS,
  KEY_SOURCE_BYTES,
  UNKNOWN_KID_BYTES,
  UNKNOWN_KID_TTL_MILLIS,
  UNKNOWN_KIDS_MAX,
} from '../../core/limits.ts'
import { createLru, type Lru } from '../../core/lru.ts'
import type { KeySet } from './key-set.ts'
import type { Loaded, LoadFailure } from './load-outcome.ts'
import { fillRefetchBucket, type RefetchBucket } from './refetch-bucket.ts'

export interface KeysInHand {
  readonly set: KeySet
  /** Bytes of memory. */
  readonly weightBytes: number
  readonly loadedAtMillis: number
  readonly ageMaxMillis: number
}

export interface LastFailure {
  readonly atMillis: number
  readonly failure: LoadFailure
  /** Bytes of memory: the issuer chooses the facts. */
  readonly weightBytes: number
}

/** The load under way. Object identity distinguishes leases. */
export interface Lease {
  readonly busySinceMillis: number
}

export interface SourceState {
  keys: KeysInHand | undefined
  lease: Lease | undefined
  /** Loads that have ended, with success or failure. */
  loads: number
  /** Failed loads since the last successful one. */
  failures: number
  lastFailure: LastFailure | undefined
  readonly bucket: RefetchBucket
  /** `kid`s that a successful load did not contain, each with the time until which it causes no other load. */
  readonly unknownKids: Lru<number>
}

export function createSource(nowMillis: number): SourceState {
  return {
    keys: undefined,
    lease: undefined,
    loads: 0,
    failures: 0,
    lastFailure: undefined,
    bucket: fillRefetchBucket(nowMillis),
    unknownKids: createLru({ maxEntries: UNKNOWN_KIDS_MAX }),
  }
}

/**
 * - `fresh`: within the first half of its age
 * - `due`: in the second half: used, and refreshed in the background, so that no request waits for a rotation
 * - `stale`: over its age, or of unknown age: used only if a load has just failed, or does not end in time
 * - `absent`: never loaded, or too old to use at all
 */
export type Freshness = 'fresh' | 'due' | 'stale' | 'absent'

export function findFreshness({ keys }: SourceState, nowMillis: number): Freshness {
  if (keys === undefined) return 'absent'
  const age = nowMillis - keys.loadedAtMillis
  if (age > KEY_SET_STALE_MAX_SECONDS * 1000) return 'absent'
  // The clock was set back, so the age is unknown: a key that was withdrawn must not verify until the clock is where it was.
  if (age < 0) return 'stale'
  if (age >= keys.ageMaxMillis) return 'stale'
  return age * 2 >= keys.ageMaxMillis ? 'due' : 'fresh'
}

/**
 * Finds when the next load may begin: 1 s, 2 s, 4 s ... 60 s after the n-th failure in a row. So a source that is down
 * costs one load per window. A longer `Retry-After` is honoured, within our bound.
 */
export function findNextAttemptMillis({ failures, lastFailure }: SourceState): number | undefined {
  if (failures === 0 || lastFailure === undefined) return undefined
  const asked = 1000 * Math.min(lastFailure.failure.retryAfterSeconds ?? 0, KEY_FETCH_RETRY_AFTER_MAX_SECONDS)
  return lastFailure.atMillis + Math.max(computeBackOffMillis(failures), asked)
}

function computeBackOffMillis(failures: number): number {
  return Math.min(KEY_FETCH_BACKOFF_MIN_MILLIS * 2 ** (failures - 1), KEY_FETCH_BACKOFF_MAX_MILLIS)
}

/**
 * Whether a failure is so recent that keys over their age are used before the next attempt has ended: until the
 * back-off has passed twice, and while an attempt is under way. An older failure proves nothing about now: it must not
 * let a key verify that the issuer has withdrawn since.
 */
export function hasJustFailed(state: SourceState, nowMillis: number): boolean {
  const nextMillis = findNextAttemptMillis(state)
  if (nextMillis === undefined || isOfLaterClock(state, nowMillis)) return false
  return isLeased(state, nowMillis) || nowMillis < nextMillis + computeBackOffMillis(state.failures)
}

export function isBackingOff(state: SourceState, nowMillis: number): boolean {
  if (isOfLaterClock(state, nowMillis)) return false
  return nowMillis < (findNextAttemptMillis(state) ?? Number.NEGATIVE_INFINITY)
}

/** Whether the clock was set back since the last failure, which then says nothing about now. */
function isOfLaterClock({ lastFailure }: SourceState, nowMillis: number): boolean {
  return lastFailure !== undefined && nowMillis < lastFailure.atMillis
}

/** A lease expires, since its holder may have died with its request. */
export function isLeased({ lease }: SourceState, nowMillis: number): boolean {
  if (lease === undefined) return false
  const age = nowMillis - lease.busySinceMillis
  return age >= 0 && age < KEY_FETCH_LEASE_MILLIS
}

/** Records how a load ended. */
export function recordLoad(state: SourceState, loaded: Loaded, nowMillis: number): void {
  state.lease = undefined
  state.loads++
  if (loaded.ok) {
    const { keys, ageMaxSeconds } = loaded
    state.keys = {
      set: keys,
      weightBytes: weighHeap(keys),
      loadedAtMillis: nowMillis,
      ageMaxMillis: ageMaxSeconds * 1000,
    }
    state.failures = 0
  } else {
    state.failures++
    const { failure } = loaded
    state.lastFailure = { atMillis: nowMillis, failure, weightBytes: weighHeap(failure) }
  }
}

export function rememberUnknown({ unknownKids }: SourceState, kid: string, nowMillis: number): void {
  unknownKids.set(kid, nowMillis + UNKNOWN_KID_TTL_MILLIS, UNKNOWN_KID_BYTES + kid.length)
}

export function isKnownUnknown({ unknownKids }: SourceState, kid: string, nowMillis: number): boolean {
  const untilMillis = unknownKids.get(kid)
  // Further ahead than it can have been set, the clock was set back.
  return untilMillis !== undefined && nowMillis < untilMillis && untilMillis - nowMillis <= UNKNOWN_KID_TTL_MILLIS
}

/** Bytes of memory that the source takes, with its key `id`. The keys that WebCrypto holds are bounded separately. */
export function weighSource(id: string, { keys, lastFailure, unknownKids }: SourceState): number {
  const held = (keys?.weightBytes ?? 0) + (lastFailure?.weightBytes ?? 0)
  return KEY_SOURCE_BYTES + 2 * id.length + held + unknownKids.bytes
}
