// Bracket expressions of RE2: ranges, escapes, `\d`, `[:alpha:]`, and their complements.
import {
  type CodePoints,
  complementRanges,
  foldCase,
  PERL_CLASSES,
  POSIX_CLASSES,
  type Range,
  uniteRanges,
} from './code-points.ts'
import { readPatternEscape } from './escape.ts'
import { PatternFault } from './pattern-fault.ts'

export interface Bracket {
  readonly ranges: CodePoints
  readonly end: number
}

/** Parses the bracket expression whose `[` is at `start`. */
export function parseBracket(text: string, start: number, ignoresCase: boolean): Bracket {
  const ranges: Range[] = []
  let at = start + 1
  const isNegated = text[at] === '^'
  if (isNegated) at++
  const first = at
  for (;;) {
    const character = text[at]
    if (character === undefined) throw new PatternFault('pattern_invalid', 'a "[" is not closed', start)
    // A "]" that comes first is a literal.
    if (character === ']' && at > first) break
    const named = readNamedClass(text, at)
    if (named !== undefined) {
      ranges.push(...fold(named.class, named.isNegated, ignoresCase, at))
      at = named.end
      continue
    }
    const low = readMember(text, at)
    let high = low
    if (text[low.end] === '-' && text[low.end + 1] !== undefined && text[low.end + 1] !== ']') {
      high = readMember(text, low.end + 1)
      if (high.code < low.code) throw new PatternFault('pattern_invalid', 'a range is reversed', at)
    }
    ranges.push(...fold([{ low: low.code, high: high.code }], false, ignoresCase, at))
    at = high.end
  }
  const all = uniteRanges(ranges)
  return { ranges: isNegated ? complementRanges(all) : all, end: at + 1 }
}

function fold(ranges: CodePoints, isNegated: boolean, ignoresCase: boolean, at: number): CodePoints {
  const folded = ignoresCase ? foldCase(ranges) : ranges
  if (folded === undefined) {
    const message = '(?i) supports ASCII only: other case folding depends on the Unicode version'
    throw new PatternFault('pattern_invalid', message, at)
  }
  return isNegated ? complementRanges(folded) : folded
}

interface NamedClass {
  readonly class: CodePoints
  readonly isNegated: boolean
  readonly end: number
}

/** Reads a class such as `\d` or `[:alpha:]`; `undefined` if there is neither at `at`. */
function readNamedClass(text: string, at: number): NamedClass | undefined {
  if (text[at] === '\\') {
    const kind = text[at + 1] ?? ''
    const perl = PERL_CLASSES.get(kind.toLowerCase())
    if (perl === undefined) return undefined
    return { class: perl, isNegated: kind !== kind.toLowerCase(), end: at + 2 }
  }
  if (!text.startsWith('[:', at)) return undefined
  const close = text.indexOf(':]', at + 2)
  if (close < 0) return undefined
  const isNegated = text[at + 2] === '^'
  const posix = POSIX_CLASSES.get(text.slice(isNegated ? at + 3 : at + 2, close))
  if (posix === undefined) throw new PatternFault('pattern_invalid', 'unknown character class', at)
  return { class: posix, isNegated, end: close + 2 }
}

function readMember(text: string, at: number): { readonly code: number; readonly end: number } {
  if (text[at] === '\\') return readPatternEscape(text, at)
  const code = text.codePointAt(at) ?? 0
  return { code, end: at + (code > 0xffff ? 2 : 1) }
}
