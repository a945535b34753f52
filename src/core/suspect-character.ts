// Names characters that a reader does not see or mistakes for a space, so that they can be looked up. They are the
// usual reason why a value that looks right is refused.
import { findUnseen } from './printable.ts'

export interface SuspectCharacter {
  /** In UTF-16 units. */
  readonly offset: number
  /** `U+00A0 NO-BREAK SPACE`. */
  readonly name: string
}

/** Their Unicode names. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x09, 'TAB'],
  [0xa0, 'NO-BREAK SPACE'],
  [0xad, 'SOFT HYPHEN'],
  [0x34f, 'COMBINING GRAPHEME JOINER'],
  [0x61c, 'ARABIC LETTER MARK'],
  [0x1680, 'OGHAM SPACE MARK'],
  [0x180e, 'MONGOLIAN VOWEL SEPARATOR'],
  [0x2000, 'EN QUAD'],
  [0x2001, 'EM QUAD'],
  [0x2002, 'EN SPACE'],
  [0x2003, 'EM SPACE'],
  [0x2004, 'THREE-PER-EM SPACE'],
  [0x2005, 'FOUR-PER-EM SPACE'],
  [0x2006, 'SIX-PER-EM SPACE'],
  [0x2007, 'FIGURE SPACE'],
  [0x2008, 'PUNCTUATION SPACE'],
  [0x2009, 'THIN SPACE'],
  [0x200a, 'HAIR SPACE'],
  [0x200b, 'ZERO WIDTH SPACE'],
  [0x200c, 'ZERO WIDTH NON-JOINER'],
  [0x200d, 'ZERO WIDTH JOINER'],
  [0x200e, 'LEFT-TO-RIGHT MARK'],
  [0x200f, 'RIGHT-TO-LEFT MARK'],
  [0x2028, 'LINE SEPARATOR'],
  [0x2029, 'PARAGRAPH SEPARATOR'],
  [0x202a, 'LEFT-TO-RIGHT EMBEDDING'],
  [0x202b, 'RIGHT-TO-LEFT EMBEDDING'],
  [0x202c, 'POP DIRECTIONAL FORMATTING'],
  [0x202d, 'LEFT-TO-RIGHT OVERRIDE'],
  [0x202e, 'RIGHT-TO-LEFT OVERRIDE'],
  [0x202f, 'NARROW NO-BREAK SPACE'],
  [0x205f, 'MEDIUM MATHEMATICAL SPACE'],
  [0x2060, 'WORD JOINER'],
  [0x2061, 'FUNCTION APPLICATION'],
  [0x2062, 'INVISIBLE TIMES'],
  [0x2063, 'INVISIBLE SEPARATOR'],
  [0x2064, 'INVISIBLE PLUS'],
  [0x2066, 'LEFT-TO-RIGHT ISOLATE'],
  [0x2067, 'RIGHT-TO-LEFT ISOLATE'],
  [0x2068, 'FIRST STRONG ISOLATE'],
  [0x2069, 'POP DIRECTIONAL ISOLATE'],
  [0x3000, 'IDEOGRAPHIC SPACE'],
  [0x3164, 'HANGUL FILLER'],
  [0xfeff, 'ZERO WIDTH NO-BREAK SPACE, a byte order mark'],
])

/** Finds the first such character in `text`; tabs and line ends do not count. */
export function findSuspect(text: string): SuspectCharacter | undefined {
  const offset = findUnseen(text)
  return offset === undefined ? undefined : { offset, name: nameCharacter(text.codePointAt(offset) ?? 0) }
}

/** Names a character: `U+200B ZERO WIDTH SPACE`, or its number and category. */
export function nameCharacter(code: number): string {
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  const name = NAMES.get(code)
  if (name !== undefined) return `${number} ${name}`
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return `${number}, a control character`
  if (code >= 0xfe00 && code <= 0xfe0f) return `${number} VARIATION SELECTOR-${code - 0xfe00 + 1}`
  return code >= 0xe0000 && code <= 0xe007f ? `${number}, a TAG character` : number
}
