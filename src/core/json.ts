// A strict JSON reader (RFC 8259) for bytes that a caller chose. Unlike `JSON.parse` it refuses: duplicate members (two
// parsers may take two values), invalid UTF-8, a byte order mark, unpaired surrogates, integers that a double cannot
// hold, and nesting over a bound. Objects have no prototype, so `__proto__` is a member like any other.

import { decodeUtf8 } from './utf8.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [member: string]: Json
}

export type JsonFault =
  | 'encoding_invalid'
  | 'syntax_invalid'
  | 'member_duplicate'
  | 'depth_exceeded'
  | 'number_unsafe'
  | 'text_ill_formed'

export type JsonResult =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly fault: JsonFault; readonly offset: number }

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y
/** What JSON writes as it is, between quotes. */
const QUOTED_AS_IS = /^[ !#-[\]-~]*$/
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

/**
 * Parses the UTF-8 of a JSON value; see {@link parseJson}.
 *
 * @param depthMax The deepest allowed nesting of arrays and objects.
 */
export function parseJsonBytes(bytes: Uint8Array, depthMax: number): JsonResult {
  const text = decodeUtf8(bytes)
  return text === undefined ? { ok: false, fault: 'encoding_invalid', offset: 0 } : parseJson(text, depthMax)
}

/**
 * Parses a JSON value (RFC 8259).
 *
 * @param depthMax The deepest allowed nesting of arrays and objects.
 * @returns The value, or the fault with its offset in UTF-16 units. Never throws.
 */
export function parseJson(text: string, depthMax: number): JsonResult {
  let at = 0

  function fail(fault: JsonFault, offset = at): never {
    throw new Fault(fault, offset)
  }

  function skipSpace(): void {
    for (;;) {
      const code = text.charCodeAt(at)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      at++
    }
  }

  function readString(): string {
    const start = at
    at++
    let value = ''
    for (;;) {
      PLAIN_TEXT.lastIndex = at
      const plain = PLAIN_TEXT.exec(text)?.[0] ?? ''
      value += plain
      at += plain.length
      const next = text[at]
      if (next === '"') break
      if (next !== '\\') fail('syntax_invalid')
      value += readEscape()
    }
    at++
    return value.isWellFormed() ? value : fail('text_ill_formed', start)
  }

  function readEscape(): string {
    const kind = text[at + 1] ?? ''
    if (kind === 'u') {
      const digits = text.slice(at + 2, at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) fail('syntax_invalid')
      at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    if (!Object.hasOwn(ESCAPES, kind)) fail('syntax_invalid')
    at += 2
    return ESCAPES[kind] ?? ''
  }

  function readNumber(): number {
    NUMBER.lastIndex = at
    const match = NUMBER.exec(text)
    if (match === null) return fail('syntax_invalid')
    const value = Number(match[0])
    const isInteger = match[1] === undefined && match[2] === undefined
    if (!Number.isFinite(value) || (isInteger && !Number.isSafeInteger(value))) fail('number_unsafe')
    at += match[0].length
    return value
  }

  function readWord(word: string, value: Json): Json {
    if (!text.startsWith(word, at)) fail('syntax_invalid')
    at += word.length
    return value
  }

  function readArray(depth: number): Json {
    at++
    const items: Json[] = []
    skipSpace()
    if (text[at] === ']') {
      at++
      return items
    }
    for (;;) {
      items.push(readValue(depth))
      skipSpace()
      const next = text[at]
      at++
      if (next === ']') return items
      if (next !== ',') fail('syntax_invalid', at - 1)
    }
  }

  function readObject(depth: number): Json {
    at++
    const members: Record<string, Json> = Object.create(null)
    skipSpace()
    if (text[at] === '}') {
      at++
      return members
    }
    for (;;) {
      skipSpace()
      const nameAt = at
      if (text[at] !== '"') fail('syntax_invalid')
      const name = readString()
      if (name in members) fail('member_duplicate', nameAt)
      skipSpace()
      if (text[at] !== ':') fail('syntax_invalid')
      at++
      members[name] = readValue(depth)
      skipSpace()
      const next = text[at]
      at++
      if (next === '}') return members
      if (next !== ',') fail('syntax_invalid', at - 1)
    }
  }

  function readValue(depth: number): Json {
    skipSpace()
    switch (text[at]) {
      case '{':
        return depth === 0 ? fail('depth_exceeded') : readObject(depth - 1)
      case '[':
        return depth === 0 ? fail('depth_exceeded') : readArray(depth - 1)
      case '"':
        return readString()
      case 't':
        return readWord('true', true)
      case 'f':
        return readWord('false', false)
      case 'n':
        return readWord('null', null)
      default:
        return readNumber()
    }
  }

  try {
    const value = readValue(depthMax)
    skipSpace()
    if (at < text.length) fail('syntax_invalid')
    return { ok: true, value }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: error.fault, offset: error.offset }
    throw error
  }
}

/** Never leaves this file: it unwinds the recursive descent. */
class Fault extends Error {
  readonly fault: JsonFault
  readonly offset: number
  constructor(fault: JsonFault, offset: number) {
    super(fault)
    this.fault = fault
    this.offset = offset
  }
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Writes a value of this reader by the JSON Canonicalization Scheme (RFC 8785): members sorted by UTF-16 units. */
export function writeCanonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(writeCanonicalJson).join(',')}]`
  if (isJsonObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((name) => `${quoteJson(name)}:${writeCanonicalJson(value[name] ?? null)}`)
    return `{${members.join(',')}}`
  }
  return typeof value === 'string' ? quoteJson(value) : JSON.stringify(value)
}

/** Writes a string as `JSON.stringify` does, which costs several times as much for one that needs no escape. */
export function quoteJson(text: string): string {
  return QUOTED_AS_IS.test(text) ? `"${text}"` : JSON.stringify(text)
}
