// Values of a distinguished name as `#` and the hex of a DER-encoded UTF8String (RFC 4514 section 2.4): the form of
// values whose type is a dotted OID.
import { encodeHex } from '../core/bytes.ts'
import { decodeUtf8Exactly, encodeUtf8 } from '../core/utf8.ts'

const UTF8_STRING = 0x0c
const LONG_FORM = 0x80

export function encodeHexValue(value: string): string {
  const content = encodeUtf8(value)
  const bytes = [UTF8_STRING, ...encodeLength(content.length), ...content]
  return `#${encodeHex(Uint8Array.from(bytes)).toUpperCase()}`
}

/** Decodes the string; `undefined` if `text` is not the canonical encoding of a UTF8String. */
export function decodeHexValue(text: string): string | undefined {
  if (!/^#(?:[0-9A-Fa-f]{2})+$/.test(text)) return undefined
  const bytes = Uint8Array.from(text.slice(1).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  const form = bytes[1] ?? 0
  const start = form < LONG_FORM ? 2 : 2 + form - LONG_FORM
  const value = decodeUtf8Exactly(bytes.subarray(start))
  // Encoding it again must give the same bytes: otherwise the tag or the length is wrong, or the length is not minimal.
  return value !== undefined && encodeHexValue(value) === text.toUpperCase() ? value : undefined
}

/** The shortest form of a length (X.690 clauses 8.1.3 and 10.1). */
function encodeLength(length: number): readonly number[] {
  if (length < LONG_FORM) return [length]
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return [LONG_FORM + bytes.length, ...bytes]
}
