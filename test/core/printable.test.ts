import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { QUOTED_MAX_CHARACTERS } from '../../src/core/limits.ts'
import {
  hasControl,
  maskUnprintable,
  printable,
  printableJson,
  printableLines,
  quoteText,
} from '../../src/core/printable.ts'
import { HOSTILE_CODE_POINTS, hostileIn, stringsIn } from '../hostile.ts'

const hostile = fc.constantFrom(...HOSTILE_CODE_POINTS).map((point) => String.fromCodePoint(point))
/** Any UTF-16 at all, rich in what must not be shown. */
const text = fc
  .array(fc.oneof(hostile, fc.constantFrom('a', '"', '\\', '\u{1f600}', '\u4e2d'), fc.string({ unit: 'binary' })), {
    maxLength: 200,
  })
  .map((parts) => parts.join(''))
const bound = fc.integer({ min: 40, max: 300 })

/** A whole string has no surrogate without its other half. */
const isWhole = (shown: string): boolean => shown.isWellFormed()

describe('hasControl()', () => {
  it.each([
    ['plain \u00a0 \u202e', false],
    ['', false],
    ['a\u0000', true],
    ['\u001f', true],
    ['\u007f', true],
    ['\u0080', true],
    ['\u009f', true],
  ])('of %j is %s', (given, expected) => {
    expect(hasControl(given)).toBe(expected)
  })
})

describe('printable()', () => {
  it.each([
    ['plain', 'plain'],
    ['a"b\\c', 'a"b\\c'],
    ['\u4e2d \u{1f600}', '\u4e2d \u{1f600}'],
    ['\u001b[2J\n\t', '\\u001b[2J\\u000a\\u0009'],
    ['\u202e\u2028\u0085\ufeff\u061c\u200d\u00ad', '\\u202e\\u2028\\u0085\\ufeff\\u061c\\u200d\\u00ad'],
    ['\u{e0041}', '\\udb40\\udc41'],
    ['\ud800x', '\\ud800x'],
  ])('of %j is %s', (given, shown) => {
    expect(printable(given)).toBe(shown)
  })

  it.each([
    ['at its length', 'x'.repeat(64), 'x'.repeat(64)],
    ['a unit longer', 'x'.repeat(65), `${'x'.repeat(42)}… (23 more characters)`],
    ['much longer', 'x'.repeat(1_000_000), `${'x'.repeat(37)}… (999963 more characters)`],
    ['of pairs', '\u{1f600}'.repeat(40), `${'\u{1f600}'.repeat(21)}… (19 more characters)`],
    ['of escapes', '\u0007'.repeat(20), `${'\\u0007'.repeat(7)}… (13 more characters)`],
  ])('cuts a string %s at a whole character and says how much', (_what, given, shown) => {
    expect(printable(given, 64)).toBe(shown)
    expect(shown.length).toBeLessThanOrEqual(64)
  })

  it('never shows what steers a terminal, is never longer than asked, and leaves no half of a pair', () => {
    fc.assert(
      fc.property(text, bound, (given, maxLength) => {
        for (const shown of [printable(given), printable(given, maxLength)]) {
          expect(hostileIn(shown)).toEqual([])
          expect(isWhole(shown)).toBe(true)
        }
        expect(printable(given, maxLength).length).toBeLessThanOrEqual(maxLength)
      }),
    )
  })

  it('leaves what it has made as it is', () => {
    fc.assert(
      fc.property(text, bound, (given, maxLength) => {
        const once = printable(given, maxLength)
        expect(printable(once, maxLength)).toBe(once)
        expect(printable(once)).toBe(once)
      }),
    )
  })

  it('escapes every hostile character there is', () => {
    for (const point of HOSTILE_CODE_POINTS)
      expect(printable(String.fromCodePoint(point))).toMatch(/^(\\u[0-9a-f]{4})+$/)
  })
})

describe('quoteText()', () => {
  const most = QUOTED_MAX_CHARACTERS

  it.each([
    ['a"b', '"a\\"b"'],
    ['\u001b[2J\n', '"\\u001b[2J\\n"'],
    ['\u202e\u2028\u0085\ufeff', '"\\u202e\\u2028\\u0085\\ufeff"'],
    ['\ud800', '"\\ud800"'],
    ['\u{1f600}'.repeat(most), `"${'\u{1f600}'.repeat(most)}"`],
    ['\u{1f600}'.repeat(most + 2), `"${'\u{1f600}'.repeat(most)}"… (2 more characters)`],
    ['x'.repeat(most), `"${'x'.repeat(most)}"`],
    ['x'.repeat(100_000), `"${'x'.repeat(most)}"… (${100_000 - most} more characters)`],
  ])('quotes %j', (given, quoted) => {
    expect(quoteText(given)).toBe(quoted)
  })

  it('shows nothing hostile, and can be read back where nothing is cut', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(hostileIn(quoteText(given))).toEqual([])
        expect(isWhole(quoteText(given))).toBe(true)
        expect(JSON.parse(quoteText(given, given.length + 1))).toBe(given)
      }),
    )
  })
})

describe('printableJson()', () => {
  it('shows nothing hostile, and is the same value', () => {
    fc.assert(
      fc.property(fc.dictionary(text, fc.array(text)), fc.constantFrom(undefined, 2), (value, indent) => {
        const json = printableJson(value, indent)
        expect(hostileIn(json, [0x0a])).toEqual([])
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(stringsIn(JSON.parse(json))).toEqual(stringsIn(JSON.parse(JSON.stringify(value))))
      }),
    )
  })
})

describe('printableLines() and maskUnprintable()', () => {
  it('keep the lines of a text, and the columns of a line', () => {
    fc.assert(
      fc.property(text, (given) => {
        expect(hostileIn(printableLines(given), [0x09, 0x0a])).toEqual([])
        expect(printableLines(given).split('\n')).toHaveLength(given.split('\n').length)
        expect(hostileIn(maskUnprintable(given))).toEqual([])
        expect(maskUnprintable(given)).toHaveLength(given.length)
      }),
    )
  })
})
