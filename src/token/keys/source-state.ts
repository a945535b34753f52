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
  /** Of memory. */
  readonly weightBytes: number
  readonly loadedAtMillis: number
  readonly ageMaxMillis: number
}

export interface LastFailure {
  readonly atMillis: number
  readonly failure: LoadFailure
  /** Of memory: its facts are the issuer's to choose. */
  readonly weightBytes: number
}

/** Who is loading now. Its identity says whose it is. */
export interface Lease {
  readonly busySinceMillis: number
}

export interface SourceState {
  keys: KeysInHand | undefined
  lease: Lease | undefined
  /** Loads that have ended, well or not. */
  loads: number
  /** Failed loads since the last good one. */
  failures: number
  lastFailure: LastFailure | undefined
  readonly bucket: RefetchBucket
  /** `kid`s that a good load did not have, and until when that is not asked again. */
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
 * - `due`: in the second half: serves, and is refreshed in the background, so that rotation meets no request
 * - `stale`: over its age: serves only if a load has just failed, or does not end in time
 * - `absent`: never loaded, or too old to serve at all
 */
export type Freshness = 'fresh' | 'due' | 'stale' | 'absent'

export function findFreshness({ keys }: SourceState, nowMillis: number): Freshness {
  if (keys === undefined) return 'absent'
  const age = nowMillis - keys.loadedAtMillis
  if (age > KEY_SET_STALE_MAX_SECONDS * 1000) return 'absent'
  if (age >= keys.ageMaxMillis) return 'stale'
  return age * 2 >= keys.ageMaxMillis ? 'due' : 'fresh'
}

/**
 * After the n-th failure in a row: 1 s, 2 s, 4 s ... 60 s. So a source that is down costs one load per window. An issuer
 * that asks for a longer wait gets it, within our bound.
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
 * Whether a failure is so recent that keys over their age serve before the next attempt has ended: until the back-off
 * has passed twice, and while an attempt is under way. One that is older says nothing of now: a key that the issuer has
 * withdrawn since must not verify because of it.
 */
export function hasJustFailed(state: SourceState, nowMillis: number): boolean {
  const nextMillis = findNextAttemptMillis(state)
  if (nextMillis === undefined) return false
  return isLeased(state, nowMillis) || nowMillis < nextMillis + computeBackOffMillis(state.failures)
}

export function isBackingOff(state: SourceState, nowMillis: number): boolean {
  return nowMillis < (findNextAttemptMillis(state) ?? Number.NEGATIVE_INFINITY)
}

/** A lease lapses: its holder may have died with its request. */
export function isLeased({ lease }: SourceState, nowMillis: number): boolean {
  if (lease === undefined) return false
  const age = nowMillis - lease.busySinceMillis
  return age >= 0 && age < KEY_FETCH_LEASE_MILLIS
}

/** Notes how a load ended. */
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
  return nowMillis < (unknownKids.get(kid) ?? Number.NEGATIVE_INFINITY)
}

/** What the source takes of memory; `id` is what it is found by. The keys that WebCrypto holds are bounded apart. */
export function weighSource(id: string, { keys, lastFailure, unknownKids }: SourceState): number {
  const held = (keys?.weightBytes ?? 0) + (lastFailure?.weightBytes ?? 0)
  return KEY_SOURCE_BYTES + 2 * id.length + held + unknownKids.bytes
}
