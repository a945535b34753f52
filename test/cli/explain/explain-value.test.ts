import { describe, expect, it } from 'vitest'
import { formatValue, shortenText } from '../../../src/cli/explain/format-value.ts'
import { EXPLAINED_TEXT_MAX_LENGTH } from '../../../src/core/limits.ts'

describe('a value in an explanation', () => {
  it('is shown whole up to its bound, and cut over it', () => {
    const longest = 'v'.repeat(EXPLAINED_TEXT_MAX_LENGTH)
    expect(shortenText(longest)).toBe(longest)
    expect(shortenText(`${longest}v`)).toMatch(/^v+… \([0-9]+ more characters\)$/)
    expect(shortenText(`${longest}v`).length).toBeLessThanOrEqual(EXPLAINED_TEXT_MAX_LENGTH)
  })

  it.each([
    ['a"b', '"a\\"b"'],
    [['a', 'b'], '["a", "b"]'],
    [7, '7'],
  ])('is written as its condition would: %j', (value, text) => {
    expect(formatValue(value)).toBe(text)
  })
})
