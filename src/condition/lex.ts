// Splits an expression into tokens, once, in linear time.

import { quoteText } from '../core/printable.ts'
import { readHexDigit } from '../pattern/hex-digit.ts'
import { readStringLiteral } from './string-literal.ts'
import { failSyntax, failUnsupported } from './syntax.ts'

export interface Token {
  readonly kind: 'name' | 'text' | 'int' | 'symbol' | 'end'
  /** The name, the symbol, the string's value, or the digits of a number. */
  readonly value: string
  readonly start: number
  readonly end: number
}

const SYMBOLS = new Set(['&&', '||', '==', '!=', '<=', '>=', ...'<>!+?:()[].,-'])

/** Symbols that CEL has and we do not. */
const FOREIGN_SYMBOLS: readonly (readonly [string, string])[] = [
  ['*', 'the operator "*"'],
  ['/', 'the operator "/"'],
  ['%', 'the operator "%"'],
  ['{', 'a map or message literal'],
  ['`', 'a quoted field name'],
]

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isNameStart(code: number): boolean {
  const lower = code | 0x20
  return (lower >= 0x61 && lower <= 0x7a) || code === 0x5f
}

/** Throws a SyntaxFault. The last token is the end. */
export function lex(text: string): readonly Token[] {
  const tokens: Token[] = []
  let at = 0
  for (;;) {
    at = skipSpace(text, at)
    if (at >= text.length) break
    const token = readToken(text, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', value: '', start: text.length, end: text.length })
  return tokens
}

function skipSpace(text: string, from: number): number {
  let at = from
  for (;;) {
    const code = text.charCodeAt(at)
    if (code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d) at++
    else if (text.startsWith('//', at)) {
      const lineEnd = text.indexOf('\n', at)
      at = lineEnd < 0 ? text.length : lineEnd
    } else return at
  }
}

function readToken(text: string, at: number): Token {
  const code = text.charCodeAt(at)
  if (code === 0x22 || code === 0x27) return readText(text, at, at, false)
  if (isNameStart(code)) return readName(text, at)
  if (isDigit(code)) return readNumber(text, at)
  if (code === 0x2e && isDigit(text.charCodeAt(at + 1))) failUnsupported('a floating-point number', at)
  if (text.startsWith('?.', at) || text.startsWith('[?', at)) failUnsupported('optional values', at)
  // The longer one first, so that `<=` is never read as `<`.
  for (const length of [2, 1]) {
    const symbol = text.slice(at, at + length)
    if (SYMBOLS.has(symbol)) return { kind: 'symbol', value: symbol, start: at, end: at + symbol.length }
  }
  for (const [symbol, what] of FOREIGN_SYMBOLS) {
    if (text.startsWith(symbol, at)) failUnsupported(what, at)
  }
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0)
  if (character === '&' || character === '|' || character === '=') {
    failSyntax(`Cannot read "${character}": the operator is "${character}${character}"`, at)
  }
  return failSyntax(`Cannot read ${quoteText(character)}: it begins no part of an expression`, at)
}

function readText(text: string, start: number, quoteAt: number, isRaw: boolean): Token {
  const literal = readStringLiteral(text, quoteAt, isRaw)
  if (!literal.value.isWellFormed()) failSyntax('Cannot read the string: it contains an unpaired surrogate', start)
  return { kind: 'text', value: literal.value, start, end: literal.end }
}

function readName(text: string, start: number): Token {
  let end = start
  while (isNameStart(text.charCodeAt(end)) || isDigit(text.charCodeAt(end))) end++
  const name = text.slice(start, end)
  const next = text[end]
  if (next === '"' || next === "'") {
    const prefix = name.toLowerCase()
    if (prefix === 'r') return readText(text, start, end, true)
    if (prefix === 'b' || prefix === 'br' || prefix === 'rb') failUnsupported('bytes', start)
  }
  return { kind: 'name', value: name, start, end }
}

function readNumber(text: string, start: number): Token {
  const isHex = text.startsWith('0x', start)
  let end = isHex ? start + 2 : start
  while (isHex ? readHexDigit(text.charCodeAt(end)) < 16 : isDigit(text.charCodeAt(end))) end++
  const digits = text.slice(start, end)
  const next = (text[end] ?? '').toLowerCase()
  if (!isHex && next === '.' && isDigit(text.charCodeAt(end + 1))) failUnsupported('a floating-point number', start)
  if (!isHex && next === 'e') failUnsupported('a floating-point number', start)
  if (next === 'u') failUnsupported('an unsigned integer', start)
  if (digits === '0x' || isNameStart(text.charCodeAt(end))) {
    failSyntax(`Cannot read the number ${quoteText(text.slice(start, end + 1))}`, start)
  }
  // Implementations of CEL disagree on 010, so it is refused.
  if (!isHex && digits.length > 1 && digits.startsWith('0')) {
    failSyntax(`Cannot read the number "${digits}": it begins with a zero`, start)
  }
  return { kind: 'int', value: digits.toLowerCase(), start, end }
}
