import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLru } from '../../src/core/lru.ts'

describe('createLru()', () => {
  it('forgets what was used least recently', () => {
    const lru = createLru<number>({ maxEntries: 2 })
    lru.set('a', 1)
    lru.set('b', 2)
    lru.get('a')
    lru.set('c', 3)
    expect([lru.get('a'), lru.get('b'), lru.get('c')]).toEqual([1, undefined, 3])
  })

  it('keeps what was just set, even if it alone is over the bound', () => {
    const lru = createLru<number>({ maxEntries: 9, maxBytes: 10 })
    lru.set('a', 1, 5)
    lru.set('b', 2, 50)
    expect([lru.get('a'), lru.get('b'), lru.bytes]).toEqual([undefined, 2, 50])
    lru.set('c', 3, 5)
    expect([lru.get('b'), lru.get('c'), lru.bytes]).toEqual([undefined, 3, 5])
  })

  it('counts right whatever is done to it, and stays within its bounds', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c', 'd', '__proto__'),
      bytes: fc.nat(10),
      remove: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const lru = createLru<number>({ maxEntries: 3, maxBytes: 20 })
        const sizes = new Map<string, number>()
        for (const { key, bytes, remove } of steps) {
          if (remove) lru.delete(key)
          else lru.set(key, bytes, bytes)
          sizes.set(key, bytes)
        }
        const held = [...sizes.keys()].map((key) => lru.get(key)).filter((bytes) => bytes !== undefined)
        expect(lru.bytes).toBe(held.reduce((sum, bytes) => sum + bytes, 0))
        expect(lru.size).toBe(held.length)
        expect(lru.size).toBeLessThanOrEqual(3)
        expect(lru.bytes).toBeLessThanOrEqual(20)
      }),
    )
  })
})
