import { describe, expect, it } from 'vitest'
import { compare, quantile, takePairs } from './pairs.ts'

describe('pairs', () => {
  it('are taken in turn, and begin in turn', async () => {
    const order: string[] = []
    const taken = await takePairs(
      3,
      () => order.push('a'),
      async () => order.push('b'),
    )
    expect(order.join('')).toBe('abbaab')
    expect(taken).toEqual([
      { first: 1, second: 2 },
      { first: 4, second: 3 },
      { first: 5, second: 6 },
    ])
  })

  it('yield the median of their ratios, its quartiles, and how many say the opposite', () => {
    const pairs = [3, 2, 0.5, 4, 1.5].map((first) => ({ first, second: 1 }))
    expect(compare(pairs, (value) => value)).toEqual({
      median: 2,
      lowerQuartile: 1.5,
      upperQuartile: 3,
      pairs: 5,
      disagreeing: 1,
    })
  })

  it.each([
    ['no pair', []],
    ['a cost of nothing', [{ first: 1, second: 0 }]],
    ['a cost that is not known', [{ first: Number.NaN, second: 1 }]],
  ])('prove nothing with %s', (_what, pairs) => {
    expect(() => compare(pairs, (value) => value)).toThrow()
  })
})

describe('quantile', () => {
  it.each([
    [[4], 0.5, 4],
    [[1, 3], 0.5, 2],
    [[5, 1, 3], 0.25, 2],
    [[10, 9, 2], 1, 10],
  ])('of %j at %d is %d', (values, share, expected) => expect(quantile(values, share)).toBe(expected))
})
