// Sets of code points as sorted, disjoint ranges, and the classes that RE2 names.

export interface Range {
  readonly low: number
  readonly high: number
}

export type CodePoints = readonly Range[]

export const CODE_POINT_MAX = 0x10ffff

/** Sorted, disjoint, and merged where they touch. */
export function uniteRanges(ranges: CodePoints): CodePoints {
  const sorted = [...ranges].sort((a, b) => a.low - b.low)
  const merged: Range[] = []
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last !== undefined && range.low <= last.high + 1) {
      merged[merged.length - 1] = { low: last.low, high: Math.max(last.high, range.high) }
    } else merged.push(range)
  }
  return merged
}

/** All other code points. */
export function complementRanges(ranges: CodePoints): CodePoints {
  const result: Range[] = []
  let low = 0
  for (const range of uniteRanges(ranges)) {
    if (range.low > low) result.push({ low, high: range.low - 1 })
    low = range.high + 1
  }
  if (low <= CODE_POINT_MAX) result.push({ low, high: CODE_POINT_MAX })
  return result
}

/** Parses pairs of characters as ranges: `parseRanges('azAZ__')`. */
function parseRanges(pairs: string): CodePoints {
  const ranges: Range[] = []
  for (let at = 0; at < pairs.length; at += 2) {
    ranges.push({ low: pairs.charCodeAt(at), high: pairs.charCodeAt(at + 1) })
  }
  return uniteRanges(ranges)
}

/** `\d`, `\s`, `\w`; their capitals are the complements. */
export const PERL_CLASSES: ReadonlyMap<string, CodePoints> = new Map([
  ['d', parseRanges('09')],
  ['s', parseRanges('\t\n\f\r  ')],
  ['w', parseRanges('09AZaz__')],
])

/** `[:alpha:]` and the rest, inside brackets. */
export const POSIX_CLASSES: ReadonlyMap<string, CodePoints> = new Map([
  ['alnum', parseRanges('09AZaz')],
  ['alpha', parseRanges('AZaz')],
  ['ascii', parseRanges('\0\x7f')],
  ['blank', parseRanges('\t\t  ')],
  ['cntrl', parseRanges('\0\x1f\x7f\x7f')],
  ['digit', parseRanges('09')],
  ['graph', parseRanges('!~')],
  ['lower', parseRanges('az')],
  ['print', parseRanges(' ~')],
  ['punct', parseRanges('!/:@[`{~')],
  ['space', parseRanges('\t\r  ')],
  ['upper', parseRanges('AZ')],
  ['word', parseRanges('09AZaz__')],
  ['xdigit', parseRanges('09AFaf')],
])

const KELVIN_SIGN = 0x212a
const LONG_S = 0x017f

/**
 * Adds the other case of every letter (Unicode simple folding). `undefined` if that needs more than ASCII: the tables
 * of hosts differ by Unicode version, and decisions must not. The two characters outside ASCII that fold into ASCII are
 * included.
 */
export function foldCase(ranges: CodePoints): CodePoints | undefined {
  const folded: Range[] = [...ranges]
  for (const { low, high } of ranges) {
    if (high > 0x7f) return undefined
    for (let code = low; code <= high; code++) {
      const lower = code | 0x20
      if (lower < 0x61 || lower > 0x7a) continue
      folded.push({ low: lower, high: lower }, { low: lower - 0x20, high: lower - 0x20 })
      if (lower === 0x6b) folded.push({ low: KELVIN_SIGN, high: KELVIN_SIGN })
      if (lower === 0x73) folded.push({ low: LONG_S, high: LONG_S })
    }
  }
  return uniteRanges(folded)
}
