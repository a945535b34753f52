import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Edit, editsBetween, hunksBetween } from '../../../src/cli/config/line-diff.ts'
import { DIFF_PAIRS_MAX } from '../../../src/core/limits.ts'

const side = (edits: readonly Edit[], kind: '-' | '+'): string =>
  edits
    .filter((edit) => edit.kind === ' ' || edit.kind === kind)
    .map(({ line }) => line)
    .join('')

/** Texts of few different lines, so that they have much in common. */
const text = fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n', 'a\r\n')).map((lines) => lines.join(''))
const texts = fc.tuple(text, fc.constantFrom('', 'end')).map((parts) => parts.join(''))

function numbered(count: number, prefix: string): string {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}\n`).join('')
}

describe('editsBetween()', () => {
  it('turns any text into any other', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const edits = editsBetween(before, after)
        expect(side(edits, '-')).toBe(before)
        expect(side(edits, '+')).toBe(after)
      }),
    )
  })

  it('keeps as much as the longest common subsequence of lines', () => {
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const kept = editsBetween(before, after).filter(({ kind }) => kind === ' ')
        const [a, b] = [before, after].map((whole) => whole.match(/[^\n]*\n|[^\n]+$/g) ?? [])
        expect(kept).toHaveLength(longestCommon(a ?? [], b ?? []))
      }),
    )
  })

  it.each([
    ['as many lines as are compared', Math.sqrt(DIFF_PAIRS_MAX), 1],
    ['one line more', Math.sqrt(DIFF_PAIRS_MAX) + 1, 0],
  ])('finds what %s have in common', (_what, count, kept) => {
    const common = 'common\n'
    const edits = editsBetween(`${numbered(count - 2, 'a')}${common}x\n`, `y\n${common}${numbered(count - 2, 'b')}`)
    expect(edits.filter(({ kind }) => kind === ' ')).toHaveLength(kept)
  })
})

describe('hunksBetween()', () => {
  it('is empty for equal texts', () => expect(hunksBetween('a\nb', 'a\nb')).toEqual([]))

  it('gives each change three lines of context, and the lines that it is about', () => {
    const before = numbered(30, 'line ')
    const after = before.replace('line 9\n', 'nine\n').replace('line 25\n', '')
    expect(hunksBetween(before, after).map(({ header }) => header)).toEqual(['@@ -7,7 +7,7 @@', '@@ -23,7 +23,6 @@'])
  })

  it('puts changes that are near each other into one', () => {
    const before = numbered(30, 'line ')
    const after = before.replace('line 9\n', 'nine\n').replace('line 14\n', '')
    expect(hunksBetween(before, after).map(({ header }) => header)).toEqual(['@@ -7,12 +7,11 @@'])
  })

  it('counts from the line before where there is none', () => {
    expect(hunksBetween('', 'a\nb\n').map(({ header }) => header)).toEqual(['@@ -0,0 +1,2 @@'])
    expect(hunksBetween('a\n', '').map(({ header }) => header)).toEqual(['@@ -1 +0,0 @@'])
  })
})

/** Another algorithm, one row at a time. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const line of a) {
    const next = [0]
    for (let j = 1; j <= b.length; j++) {
      next.push(line === b[j - 1] ? (row[j - 1] ?? 0) + 1 : Math.max(row[j] ?? 0, next[j - 1] ?? 0))
    }
    row = next
  }
  return row[b.length] ?? 0
}
