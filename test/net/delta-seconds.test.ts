import { describe, expect, it } from 'vitest'
import { readDeltaSeconds } from '../../src/net/delta-seconds.ts'

describe('readDeltaSeconds()', () => {
  it.each([
    ['0', 0],
    ['120', 120],
    ['9999999999', 9_999_999_999],
    ['10000000000', undefined],
    ['', undefined],
    ['-1', undefined],
    ['+1', undefined],
    ['1.5', undefined],
    [' 1', undefined],
    ['١', undefined],
  ])('of %j is %s', (text, seconds) => {
    expect(readDeltaSeconds(text)).toBe(seconds)
  })
})
