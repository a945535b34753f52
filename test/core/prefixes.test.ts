import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { beginsWithAny, beginsWithAnyListed, sortPrefixes } from '../../src/core/prefixes.ts'

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', '.', '\ud800', '\udc00', '\uffff'), maxLength: 6 })

describe('beginsWithAny()', () => {
  it('says what comparing with every prefix says', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 12 }), text, (prefixes, of) => {
        const expected = prefixes.some((prefix) => of.startsWith(prefix))
        expect(beginsWithAny(of, sortPrefixes(prefixes))).toBe(expected)
        expect(beginsWithAnyListed(of, prefixes)).toBe(expected)
        expect(beginsWithAnyListed(of, prefixes)).toBe(expected)
      }),
    )
  })

  it.each<[string, readonly string[], string, boolean]>([
    ['no prefix at all', [], 'x', false],
    ['the empty prefix', [''], '', true],
    ['itself', ['ab'], 'ab', true],
    ['what is longer', ['abc'], 'ab', false],
    ['a neighbour between it and its prefix', ['a', 'a/b', 'a-c'], 'a/c', true],
  ])('knows %s', (_what, prefixes, of, expected) => {
    expect(beginsWithAny(of, sortPrefixes(prefixes))).toBe(expected)
  })

  it('compares some twenty of a hundred thousand prefixes, and not all', () => {
    const prefixes = sortPrefixes(Array.from({ length: 100_000 }, (_, index) => `${index}/`))
    let compared = 0
    expect(beginsWithAny('77777/x', prefixes, () => compared++)).toBe(true)
    expect(beginsWithAny('x', prefixes, () => compared++)).toBe(false)
    expect(compared).toBeLessThan(40)
  })

  it('leaves the list that it sorts as it is', () => {
    const prefixes = Object.freeze(['b', 'a'])
    expect(sortPrefixes(prefixes)).toEqual(['a', 'b'])
    expect(prefixes).toEqual(['b', 'a'])
  })
})
