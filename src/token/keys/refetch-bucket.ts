// Limits how often unknown `kid`s may cause a fetch. A caller who sends random `kid`s empties the bucket; after that
// the issuer gets one load per interval, and other callers are not affected.
import { KID_REFETCH_BUCKET, KID_REFETCH_REFILL_MILLIS } from '../../core/limits.ts'
import { type BucketBounds, fillBucket, type TokenBucket, takeFrom } from '../../core/token-bucket.ts'

export type RefetchBucket = TokenBucket

const BOUNDS: BucketBounds = { size: KID_REFETCH_BUCKET, refillMillis: KID_REFETCH_REFILL_MILLIS }

export function fillRefetchBucket(nowMillis: number): RefetchBucket {
  return fillBucket(BOUNDS, nowMillis)
}

/** Whether the bucket has a token. Takes none. */
export function hasToken(bucket: RefetchBucket, nowMillis: number): boolean {
  return takeFrom(bucket, BOUNDS, nowMillis, 0) && bucket.tokens > 0
}

/** Takes a token if the bucket has one. */
export function takeToken(bucket: RefetchBucket, nowMillis: number): boolean {
  return takeFrom(bucket, BOUNDS, nowMillis)
}
