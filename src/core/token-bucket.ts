// A token bucket as plain data: it allows a burst, then one token per interval.

export interface TokenBucket {
  tokens: number
  /** When the tokens were last counted; refills count from here. */
  countedAtMillis: number
}

export interface BucketBounds {
  readonly size: number
  /** One token comes back per interval. */
  readonly refillMillis: number
}

export function fillBucket({ size }: BucketBounds, nowMillis: number): TokenBucket {
  return { tokens: size, countedAtMillis: nowMillis }
}

/** Takes `count` tokens, if the bucket has that many. */
export function takeFrom(
  bucket: TokenBucket,
  { size, refillMillis }: BucketBounds,
  nowMillis: number,
  count = 1,
): boolean {
  // The clock was set back: otherwise no token would come back until it is where it was.
  if (nowMillis < bucket.countedAtMillis) bucket.countedAtMillis = nowMillis
  const refills = Math.floor((nowMillis - bucket.countedAtMillis) / refillMillis)
  if (bucket.tokens + refills >= size) {
    // A full bucket does not save up part of the next token.
    bucket.tokens = size
    bucket.countedAtMillis = nowMillis
  } else {
    bucket.tokens += refills
    bucket.countedAtMillis += refills * refillMillis
  }
  if (bucket.tokens < count) return false
  bucket.tokens -= count
  return true
}

/** Computes the milliseconds until the bucket has `count` tokens (at most `size`), if none is taken before. */
export function computeWaitMillis(
  { tokens, countedAtMillis }: TokenBucket,
  { refillMillis }: BucketBounds,
  nowMillis: number,
  count: number,
): number {
  return Math.max(0, Math.min(countedAtMillis, nowMillis) + (count - tokens) * refillMillis - nowMillis)
}
