// Which compiled configurations stay in memory while strangers ask for others, and how often they are compiled again.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRetained } from '../../../src/config/live/retained.ts'
import {
  PROVEN_KEEP_MILLIS,
  PROVEN_SHARE_MAX,
  RECOMPILE_BUCKET,
  RECOMPILE_PROVEN_BUCKET,
  RECOMPILE_REFILL_MILLIS,
  RECOMPILE_UNIT_BYTES,
} from '../../../src/core/limits.ts'

const MAX_BYTES = 1000
const KEYS = 2000
const DOCUMENT_BYTES = 100 * RECOMPILE_UNIT_BYTES

function createRig(maxBytes = MAX_BYTES) {
  let now = 1_000_000
  const retained = createRetained<string>({ maxBytes, keys: KEYS }, () => now)
  const held = (...keys: readonly string[]): readonly string[] => keys.filter((key) => retained.get(key) !== undefined)
  return {
    retained,
    held,
    pass: (millis: number): void => {
      now += millis
    },
    put: (key: string, bytes = 100, documentBytes = DOCUMENT_BYTES): void =>
      retained.set(key, key, bytes, documentBytes),
    /** As a login of a good agent does it: reads it, compiling if need be, and is admitted. */
    use(key: string, bytes = 100): boolean {
      if (retained.get(key) === undefined) {
        if (retained.charge(key) !== undefined) return false
        retained.set(key, key, bytes, DOCUMENT_BYTES)
      }
      retained.prove(key)
      return true
    },
  }
}

const names = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, at) => `${prefix}${at}`)

describe('what strangers ask for', () => {
  it('evicts what other strangers asked for, and nothing that serves verified callers', () => {
    const { retained, held, put, use } = createRig()
    for (const key of ['hot-1', 'hot-2', 'hot-3']) use(key)
    for (const key of names('cold', 50)) put(key)
    expect(held('hot-1', 'hot-2', 'hot-3')).toEqual(['hot-1', 'hot-2', 'hot-3'])
    expect(held(...names('cold', 50))).toHaveLength(7)
    expect(retained.get('cold49')).toBe('cold49')
  })

  it('keeps its place only among strangers: to ask for what is proven does not keep it', () => {
    const { retained, held, use, pass } = createRig()
    const all = names('hot', 8)
    for (const key of all.slice(0, 7)) use(key)
    pass(PROVEN_KEEP_MILLIS)
    for (const key of all.slice(1, 7)) use(key)
    for (let asked = 0; asked < 100; asked++) retained.get('hot0')
    use('hot7')
    expect(held(...all)).toEqual(all.slice(1))
  })

  it('evicts nothing proven, even if it alone is larger than all of memory, and is held until the next', () => {
    const { held, put, use } = createRig()
    for (const key of names('hot', 7)) use(key)
    for (let round = 0; round < 3; round++) put('giant', 10 * MAX_BYTES)
    expect(held('giant', ...names('hot', 7))).toEqual(['giant', ...names('hot', 7)])
    use('giant')
    expect(held(...names('hot', 7))).toEqual(names('hot', 7))
    put('next')
    expect(held('giant', 'next', ...names('hot', 7))).toEqual(['next', ...names('hot', 7)])
  })
})

describe('what verified callers use', () => {
  it('takes a share of memory at the most, so that another cluster can become one of them', () => {
    const { held, use } = createRig()
    const share = (MAX_BYTES * PROVEN_SHARE_MAX) / 100
    for (const key of names('hot', 20)) use(key)
    // All are in use: the first ones stay, and what there was no share for passes through the rest.
    expect(held(...names('hot', share))).toEqual(names('hot', Math.floor(share)))
  })

  it.each([
    ['has just been used', PROVEN_KEEP_MILLIS - 1, false],
    ['has not been used for a while', PROVEN_KEEP_MILLIS, true],
  ])('gives way to another such copy if it %s: %i', (_what, millis, givesWay) => {
    const { held, put, use, pass } = createRig()
    for (const key of names('hot', 7)) use(key)
    pass(millis)
    use('new')
    for (const key of names('cold', 20)) put(key)
    expect(held('new').length === 1).toBe(givesWay)
    expect(held('hot0').length === 0).toBe(givesWay)
  })

  it('stays proven as a new version', () => {
    const { retained, held, put, use } = createRig()
    use('hot')
    put('hot', 200)
    put('hot', 50)
    for (const key of names('cold', 30)) put(key)
    expect(held('hot')).toEqual(['hot'])
    retained.delete('hot')
    expect(held('hot')).toEqual([])
  })
})

describe('compiling again what was evicted', () => {
  const units = 1 + DOCUMENT_BYTES / RECOMPILE_UNIT_BYTES
  const fit = Math.floor(RECOMPILE_BUCKET / units)

  it('is free the first time, and then drawn from a bucket by the size of the text', () => {
    const { retained, put, pass } = createRig()
    for (const key of names('cold', 500)) {
      expect(retained.charge(key)).toBeUndefined()
      put(key)
    }
    for (let again = 0; again < fit; again++) expect(retained.charge(`cold${again}`)).toBeUndefined()
    const wait = retained.charge('cold0') ?? 0
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(units * RECOMPILE_REFILL_MILLIS)
    pass(wait - 1)
    expect(retained.charge('cold0')).toBe(1)
    pass(1)
    expect(retained.charge('cold0')).toBeUndefined()
  })

  it('of what verified callers have used has a bucket of its own, which strangers cannot empty', () => {
    const { retained, put, use } = createRig()
    use('hot')
    for (const key of names('cold', 200)) put(key)
    retained.delete('hot')
    while (retained.charge('cold0') === undefined);
    for (let again = 0; again < Math.floor(RECOMPILE_PROVEN_BUCKET / units); again++)
      expect(retained.charge('hot')).toBeUndefined()
    expect(retained.charge('hot')).toBeGreaterThan(0)
  })

  it('is possible for a document of any size', () => {
    const { retained, put } = createRig()
    put('giant', 10, 100 * RECOMPILE_BUCKET * RECOMPILE_UNIT_BYTES)
    expect(retained.charge('giant')).toBeUndefined()
  })

  it('is charged for a document that is not known any more among too many', () => {
    const { retained, put } = createRig(1)
    for (let at = 0; at < KEYS - 1; at++) put(`k${at}`, 1, 1)
    const free = (): boolean =>
      Array.from({ length: RECOMPILE_BUCKET + 1 }).every(() => retained.charge('new') === undefined)
    expect(free()).toBe(true)
    put('last', 1, 1)
    expect(free()).toBe(false)
  })
})

describe('whatever strangers do', () => {
  it('takes no login from agents whose clusters fit', () => {
    const stranger = fc.record({
      key: fc.nat(30),
      bytes: fc.integer({ min: 1, max: 3 * MAX_BYTES }),
      millis: fc.nat(5000),
    })
    fc.assert(
      fc.property(fc.array(stranger, { maxLength: 200 }), (asked) => {
        const { retained, use, put, pass } = createRig()
        const hot = names('hot', 7)
        for (const key of hot) use(key)
        let compiled = 0
        for (const { key, bytes, millis } of asked) {
          pass(millis)
          const name = key < 7 ? `hot${key}` : `cold${key}`
          if (retained.get(name) === undefined && retained.charge(name) === undefined) put(name, bytes)
          for (const agent of hot) {
            if (retained.get(agent) === undefined) compiled++
            expect(use(agent)).toBe(true)
          }
        }
        expect(compiled).toBe(0)
      }),
    )
  })
})
