import { describe, expect, it } from 'vitest'
import { shown, valueText } from '../../../src/cli/explain/explain-value.ts'
import { EXPLAINED_TEXT_MAX_LENGTH } from '../../../src/core/limits.ts'

describe('a value in an explanation', () => {
  it('is shown whole up to its bound, and cut over it', () => {
    const longest = 'v'.repeat(EXPLAINED_TEXT_MAX_LENGTH)
    expect(shown(longest)).toBe(longest)
    expect(shown(`${longest}v`)).toMatch(/^v+… \([0-9]+ more characters\)$/)
    expect(shown(`${longest}v`).length).toBeLessThanOrEqual(EXPLAINED_TEXT_MAX_LENGTH)
  })

  it.each([
    ['a"b', '"a\\"b"'],
    [['a', 'b'], '["a", "b"]'],
    [7, '7'],
  ])('is written as its condition would: %j', (value, text) => {
    expect(valueText(value)).toBe(text)
  })
})
