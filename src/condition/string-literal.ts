// CEL's string literals: quotes, triple quotes, raw strings and escapes (CEL specification, "String and Bytes Values").
import { readHexDigit } from '../pattern/hex-digit.ts'
import { failSyntax } from './syntax.ts'

const SIMPLE_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
  ['\\', '\\'],
  ['?', '?'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
])

/** Hexadecimal escapes, by letter: how many digits follow. */
const HEX_ESCAPES: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['X', 2],
  ['u', 4],
  ['U', 8],
])

export interface StringLiteral {
  readonly value: string
  readonly end: number
}

/** Reads the literal whose opening quote is at `quoteAt`. Throws a SyntaxFault. */
export function readStringLiteral(text: string, quoteAt: number, isRaw: boolean): StringLiteral {
  const quote = text[quoteAt] ?? ''
  const isTriple = text.startsWith(quote.repeat(3), quoteAt)
  const closing = isTriple ? quote.repeat(3) : quote
  let at = quoteAt + closing.length
  let value = ''
  for (;;) {
    if (at >= text.length) failSyntax('Cannot read the string: its closing quote is missing', quoteAt)
    if (text.startsWith(closing, at)) return { value, end: at + closing.length }
    const character = text[at] ?? ''
    if (character === '\n' || character === '\r') {
      if (!isTriple) failSyntax('Cannot read the string: it has a line break; write \\n, or use three quotes', at)
      // CEL's implementations turn every kind of line break into one.
      value += '\n'
      at += text.startsWith('\r\n', at) ? 2 : 1
    } else if (character === '\\' && !isRaw) {
      const escaped = readEscape(text, at)
      value += escaped.value
      at = escaped.end
    } else {
      // In a raw string a backslash is a character like any other: the next quote closes the string.
      value += character
      at += 1
    }
  }
}

function readEscape(text: string, at: number): StringLiteral {
  const kind = text[at + 1] ?? ''
  const simple = SIMPLE_ESCAPES.get(kind)
  if (simple !== undefined) return { value: simple, end: at + 2 }
  const hexDigits = HEX_ESCAPES.get(kind)
  if (hexDigits !== undefined) return readCodePoint(text, at, at + 2, hexDigits, 16)
  if (kind >= '0' && kind <= '3') return readCodePoint(text, at, at + 1, 3, 8)
  return failSyntax(`Cannot read the string: "\\${kind}" is not an escape sequence; write "\\\\" for a backslash`, at)
}

function readCodePoint(text: string, at: number, from: number, count: number, radix: number): StringLiteral {
  let code = 0
  for (let index = from; index < from + count; index++) {
    const digit = readHexDigit(text.charCodeAt(index))
    if (digit >= radix) failSyntax(`Cannot read the string: the escape needs ${count} digits`, at)
    code = code * radix + digit
  }
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    failSyntax('Cannot read the string: the escape is no Unicode code point', at)
  }
  return { value: String.fromCodePoint(code), end: from + count }
}
