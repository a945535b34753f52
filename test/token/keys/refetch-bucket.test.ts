import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KID_REFETCH_BUCKET, KID_REFETCH_REFILL_MILLIS } from '../../../src/core/limits.ts'
import { fillRefetchBucket, takeToken } from '../../../src/token/keys/refetch-bucket.ts'

describe('takeToken()', () => {
  it('gives as many as the bucket holds, then one per interval', () => {
    const bucket = fillRefetchBucket(0)
    for (let taken = 0; taken < KID_REFETCH_BUCKET; taken++) expect(takeToken(bucket, 0)).toBe(true)
    expect(takeToken(bucket, KID_REFETCH_REFILL_MILLIS - 1)).toBe(false)
    expect(takeToken(bucket, KID_REFETCH_REFILL_MILLIS)).toBe(true)
    expect(takeToken(bucket, KID_REFETCH_REFILL_MILLIS)).toBe(false)
  })

  it('never holds more than its size, however long it rests', () => {
    const bucket = fillRefetchBucket(0)
    const taken = Array.from({ length: 10 }, () => takeToken(bucket, 1e12)).filter(Boolean)
    expect(taken).toHaveLength(KID_REFETCH_BUCKET)
  })

  it('gives one per interval again after the clock was set back', () => {
    const bucket = fillRefetchBucket(1e9)
    for (let taken = 0; taken < KID_REFETCH_BUCKET; taken++) takeToken(bucket, 1e9)
    expect(takeToken(bucket, 0)).toBe(false)
    expect(takeToken(bucket, KID_REFETCH_REFILL_MILLIS - 1)).toBe(false)
    expect(takeToken(bucket, KID_REFETCH_REFILL_MILLIS)).toBe(true)
  })

  it('gives no more than size plus refills over any stretch, whatever the steps of the clock', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5_000, max: 60_000 }), { maxLength: 200 }), (steps) => {
        const bucket = fillRefetchBucket(0)
        let now = 0
        let forward = 0
        let taken = 0
        for (const step of steps) {
          const next = Math.max(0, now + step)
          forward += Math.max(0, next - now)
          now = next
          if (takeToken(bucket, now)) taken++
        }
        return taken <= KID_REFETCH_BUCKET + Math.floor(forward / KID_REFETCH_REFILL_MILLIS)
      }),
    )
  })
})
