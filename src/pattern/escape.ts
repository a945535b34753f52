// The escapes of RE2 for one code point, the same inside and outside brackets.

import { CODE_POINT_MAX } from './code-points.ts'
import { readHexDigit } from './hex-digit.ts'
import { PatternFault } from './pattern-fault.ts'

const SIMPLE_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 0x07],
  ['f', 0x0c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
  ['v', 0x0b],
])

export interface PatternEscape {
  readonly code: number
  readonly end: number
}

/** Reads the escape whose backslash is at `at`. */
export function readPatternEscape(text: string, at: number): PatternEscape {
  const kind = text[at + 1] ?? ''
  const simple = SIMPLE_ESCAPES.get(kind)
  if (simple !== undefined) return { code: simple, end: at + 2 }
  if (kind === 'x') return readHex(text, at)
  if (kind >= '0' && kind <= '7') return readOctal(text, at)
  if (kind === 'p' || kind === 'P') {
    throw new PatternFault('pattern_invalid', 'Unicode classes depend on the Unicode version: list the ranges', at)
  }
  if (kind === '') throw new PatternFault('pattern_invalid', 'it ends with a backslash', at)
  const code = kind.charCodeAt(0)
  const isPunctuation = code < 0x80 && !/[A-Za-z0-9]/.test(kind)
  if (isPunctuation) return { code, end: at + 2 }
  throw new PatternFault(
    'pattern_invalid',
    `"\\${String.fromCodePoint(text.codePointAt(at + 1) ?? 0)}" is not an escape of RE2`,
    at,
  )
}

/** Reads `\x7f` or `\x{10ffff}`. */
function readHex(text: string, at: number): PatternEscape {
  const isBraced = text[at + 2] === '{'
  const from = isBraced ? at + 3 : at + 2
  let end = from
  let code = 0
  while (readHexDigit(text.charCodeAt(end)) < 16 && (isBraced ? code <= CODE_POINT_MAX : end < from + 2)) {
    code = code * 16 + readHexDigit(text.charCodeAt(end))
    end++
  }
  const isComplete = isBraced ? end > from && text[end] === '}' : end === from + 2
  if (!isComplete || code > CODE_POINT_MAX) {
    throw new PatternFault('pattern_invalid', '"\\x" takes two digits, or a code point in braces', at)
  }
  return { code, end: isBraced ? end + 1 : end }
}

/** Reads `\123` or `\0`. Any other single digit would be a backreference, which RE2 does not support. */
function readOctal(text: string, at: number): PatternEscape {
  let end = at + 1
  let code = 0
  while (end < at + 4 && text[end] !== undefined && readHexDigit(text.charCodeAt(end)) < 8) {
    code = code * 8 + readHexDigit(text.charCodeAt(end))
    end++
  }
  if (text[at + 1] !== '0' && end === at + 2) {
    throw new PatternFault('pattern_invalid', 'RE2 has no backreferences', at)
  }
  return { code, end }
}
