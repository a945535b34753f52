// What every store of used evidence keeps, on every host: of all that claim a key, one is first, until its time has passed.
import { describe, expect, it } from 'vitest'
import type { ReplayStore } from '../../../src/policy/single-use/replay-store.ts'

/** Two ways to the same claims, such as the connections of two gateways. */
export interface Pair {
  readonly store: ReplayStore
  readonly other: ReplayStore
}

const CLAIMANTS = 8
const KEYS = 50

/** A key as the gateway makes them: a digest in base64url. */
export function makeKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

export function keepsReplayContract(name: string, open: () => Promise<Pair>): void {
  describe(name, () => {
    it('tells the first, and all others that it was seen', async () => {
      const { store, other } = await open()
      const key = makeKey()
      expect(await store.claim(key, 60)).toBe('first')
      expect([await store.claim(key, 60), await other.claim(key, 60), await other.claim(key, 1)]).toEqual([
        'seen',
        'seen',
        'seen',
      ])
      expect(await other.claim(makeKey(), 60)).toBe('first')
    })

    it(`has one first of ${CLAIMANTS} at once for each of ${KEYS} keys`, async () => {
      const { store, other } = await open()
      const won = await Promise.all(
        Array.from({ length: KEYS }, makeKey).map(async (key) => {
          const claims = Array.from({ length: CLAIMANTS }, (_, at) => (at % 2 === 0 ? store : other).claim(key, 60))
          return (await Promise.all(claims)).filter((claim) => claim === 'first').length
        }),
      )
      expect(won).toEqual(Array.from({ length: KEYS }, () => 1))
    })

    it('forgets a claim when its time has passed, and no other', async () => {
      const { store, other } = await open()
      const [short, long] = [makeKey(), makeKey()]
      expect([await store.claim(short, 1), await store.claim(long, 60)]).toEqual(['first', 'first'])
      expect(await other.claim(short, 1)).toBe('seen')
      await expect.poll(() => other.claim(short, 60), { timeout: 5000, interval: 50 }).toBe('first')
      expect([await store.claim(short, 60), await store.claim(long, 60)]).toEqual(['seen', 'seen'])
    })
  })
}
