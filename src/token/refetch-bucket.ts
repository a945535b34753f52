// A token bucket as plain data: how often unknown `kid`s may cause a fetch. Whoever sends random `kid`s drains it, and
// then costs the issuer one load per interval and nobody else anything.
import { KID_REFETCH_BUCKET, KID_REFETCH_REFILL_MILLIS } from '../core/limits.ts'

export interface RefetchBucket {
  tokens: number
  /** When the tokens were last counted; refills count from here. */
  countedAtMillis: number
}

export function fullBucket(nowMillis: number): RefetchBucket {
  return { tokens: KID_REFETCH_BUCKET, countedAtMillis: nowMillis }
}

/** Takes a token if there is one. */
export function takeToken(bucket: RefetchBucket, nowMillis: number): boolean {
  const refills = Math.max(0, Math.floor((nowMillis - bucket.countedAtMillis) / KID_REFETCH_REFILL_MILLIS))
  if (bucket.tokens + refills >= KID_REFETCH_BUCKET) {
    // A full bucket does not save up part of the next token.
    bucket.tokens = KID_REFETCH_BUCKET
    bucket.countedAtMillis = nowMillis
  } else {
    bucket.tokens += refills
    bucket.countedAtMillis += refills * KID_REFETCH_REFILL_MILLIS
  }
  if (bucket.tokens === 0) return false
  bucket.tokens--
  return true
}
