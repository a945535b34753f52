import { describe, expect, it } from 'vitest'
import { findSuspect, nameCharacter } from '../../src/core/suspect-character.ts'

describe('findSuspect()', () => {
  it.each<[string, number, string]>([
    ['a:\u00a0b', 2, 'U+00A0 NO-BREAK SPACE'],
    ['ab\u200b', 2, 'U+200B ZERO WIDTH SPACE'],
    ['\ufeffab', 0, 'U+FEFF ZERO WIDTH NO-BREAK SPACE, a byte order mark'],
    ['a\u00ad', 1, 'U+00AD SOFT HYPHEN'],
    ['a\u202eb', 1, 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['a\u2066b', 1, 'U+2066 LEFT-TO-RIGHT ISOLATE'],
    ['a\u3000b', 1, 'U+3000 IDEOGRAPHIC SPACE'],
    ['a\u2009b', 1, 'U+2009 THIN SPACE'],
    ['a\u{e0041}', 1, 'U+E0041, a TAG character'],
    ['a\ufe0f', 1, 'U+FE0F VARIATION SELECTOR-16'],
    ['a\u0085b', 1, 'U+0085, a control character'],
  ])('finds %j at %i: %s', (text, offset, name) => {
    const found = findSuspect(text)
    expect(found).toEqual({ offset, name })
  })

  it.each(['plain text', 'tab\tand space', 'caf\u00e9 \u{1f600} \u4e2d', ''])('finds nothing in %j', (text) => {
    expect(findSuspect(text)).toBeUndefined()
  })

  it('names any character by its code point', () => {
    expect(nameCharacter(0x41)).toBe('U+0041')
    expect(nameCharacter(9)).toBe('U+0009 TAB')
  })
})
