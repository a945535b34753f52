import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeAscending } from '../../../src/policy/mapping/merge-ascending.ts'

function drain(lists: readonly (readonly number[])[]): readonly number[] {
  const next = mergeAscending(lists)
  const found: number[] = []
  for (let value = next(); value !== undefined; value = next()) found.push(value)
  return found
}

describe('mergeAscending()', () => {
  it.each<[string, readonly (readonly number[])[], readonly number[]]>([
    ['no lists', [], []],
    ['empty lists', [[], []], []],
    ['one list', [[0, 2]], [0, 2]],
    [
      'a number of two lists, once',
      [
        [0, 2],
        [0, 1, 2],
      ],
      [0, 1, 2],
    ],
    ['a list that begins after another one ends', [[5, 6], [1]], [1, 5, 6]],
  ])('gives %s in order', (_what, lists, merged) => expect(drain(lists)).toEqual(merged))

  it('gives what sorting all numbers gives, each once', () => {
    const list = fc.uniqueArray(fc.nat(40), { maxLength: 12 }).map((numbers) => numbers.sort((a, b) => a - b))
    fc.assert(
      fc.property(fc.array(list, { maxLength: 9 }), (lists) => {
        expect(drain(lists)).toEqual([...new Set(lists.flat())].sort((a, b) => a - b))
      }),
    )
  })

  it('reads no further than it is asked', () => {
    let reads = 0
    const watched = new Proxy(
      Array.from({ length: 10_000 }, (_, index) => index),
      {
        get(target, key, receiver) {
          reads++
          return Reflect.get(target, key, receiver)
        },
      },
    )
    const next = mergeAscending([watched, [3]])
    expect([next(), next(), next()]).toEqual([0, 1, 2])
    expect(reads).toBeLessThan(20)
  })
})
