// How often unknown `kid`s may cause a fetch. A caller who sends random `kid`s drains the bucket, and then costs the
// issuer one load per interval and other callers nothing.
import { KID_REFETCH_BUCKET, KID_REFETCH_REFILL_MILLIS } from '../../core/limits.ts'
import { type BucketBounds, fillBucket, type TokenBucket, takeFrom } from '../../core/token-bucket.ts'

export type RefetchBucket = TokenBucket

const BOUNDS: BucketBounds = { size: KID_REFETCH_BUCKET, refillMillis: KID_REFETCH_REFILL_MILLIS }

export function fillRefetchBucket(nowMillis: number): RefetchBucket {
  return fillBucket(BOUNDS, nowMillis)
}

/** Whether there is a token; taking none is free, so that asking takes none. */
export function hasToken(bucket: RefetchBucket, nowMillis: number): boolean {
  return takeFrom(bucket, BOUNDS, nowMillis, 0) && bucket.tokens > 0
}

/** Takes a token if there is one. */
export function takeToken(bucket: RefetchBucket, nowMillis: number): boolean {
  return takeFrom(bucket, BOUNDS, nowMillis)
}
