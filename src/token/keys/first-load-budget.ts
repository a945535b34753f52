// Limits how often unverified tokens may make the gateway contact an issuer for the first time. Otherwise an attacker
// could send one unsigned token for each of thousands of configured issuers and cause two fetches each, each as costly
// as several logins.
import type { Clock } from '../../core/clock.ts'
import { FIRST_LOADS_BUCKET, FIRST_LOADS_REFILL_MILLIS, VERIFIED_SOURCES_MAX } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { type BucketBounds, fillBucket, takeFrom } from '../../core/token-bucket.ts'

export interface FirstLoads {
  /** Whether a source that is not in memory may be loaded. A source that has verified a token before always may. */
  may(id: string): boolean
  /** Records that a key of the source has verified a token. */
  noteVerified(id: string): void
}

const BOUNDS: BucketBounds = { size: FIRST_LOADS_BUCKET, refillMillis: FIRST_LOADS_REFILL_MILLIS }

export function createFirstLoads(clock: Clock): FirstLoads {
  const verified = createLru<true>({ maxEntries: VERIFIED_SOURCES_MAX })
  const bucket = fillBucket(BOUNDS, clock())
  return {
    may: (id) => verified.peek(id) === true || takeFrom(bucket, BOUNDS, clock()),
    noteVerified: (id) => verified.set(id, true),
  }
}
