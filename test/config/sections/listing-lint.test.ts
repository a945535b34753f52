import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lintOverlaps } from '../../../src/config/sections/listing-lint.ts'
import { createPathPrefixes, isUnder } from '../../../src/identity/path-prefixes.ts'

const path = fc
  .array(fc.constantFrom('a', 'b', 'a-', 'ab', 'A'), { minLength: 1, maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`)
const segmentsOf = (text: string): readonly string[] => text.split('/')
/** By segments, as the documents say it. */
const isBelow = (text: string, above: string): boolean =>
  segmentsOf(above).every((segment, index) => segmentsOf(text)[index] === segment)

describe('prefixes of paths', () => {
  it('hold what begins with their segments', () => {
    fc.assert(
      fc.property(fc.array(path, { maxLength: 8 }), path, (prefixes, text) => {
        expect(isUnder(text, createPathPrefixes(prefixes))).toBe(prefixes.some((prefix) => isBelow(text, prefix)))
      }),
    )
  })

  it('are reported where another cluster has one above, or the same one before', () => {
    const prefix = fc.record({ text: path, owner: fc.constantFrom('x', 'y', 'z') })
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 12 }), (prefixes) => {
        const reported = new Set<unknown>()
        lintOverlaps(
          prefixes.map((own, index) => ({ ...own, path: [index] })),
          ({ path: [index] }) => reported.add(index),
        )
        const expected = prefixes.flatMap(({ text, owner }, index) =>
          prefixes.some(
            (other, at) => other.owner !== owner && isBelow(text, other.text) && (other.text !== text || at < index),
          )
            ? [index]
            : [],
        )
        expect([...reported].sort()).toEqual(expected.sort())
      }),
    )
  })
})
