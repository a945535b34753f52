// A token bucket as plain data: so many at once, and then so many per interval.

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

/** Takes `count` tokens if there are as many. */
export function takeFrom(
  bucket: TokenBucket,
  { size, refillMillis }: BucketBounds,
  nowMillis: number,
  count = 1,
): boolean {
  const refills = Math.max(0, Math.floor((nowMillis - bucket.countedAtMillis) / refillMillis))
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

/** Milliseconds until `count` tokens, `size` at the most, are there if nobody takes any until then. */
export function computeWaitMillis(
  { tokens, countedAtMillis }: TokenBucket,
  { refillMillis }: BucketBounds,
  nowMillis: number,
  count: number,
): number {
  return Math.max(0, countedAtMillis + (count - tokens) * refillMillis - nowMillis)
}
