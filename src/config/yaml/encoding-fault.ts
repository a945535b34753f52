// Describes bytes that are not valid UTF-8: the encoding that an editor or a shell has written, and the fix.
import { findByteOrderMark, findInvalidUtf8 } from '../../core/utf8.ts'
import { createPositions, type Position } from './position.ts'

export type EncodingFault = Position & { readonly message: string }

const MARKED = {
  'UTF-8': 'it begins with a UTF-8 byte order mark (EF BB BF): save it as UTF-8 without BOM',
  'UTF-32': 'it is UTF-32: save it as UTF-8',
  'UTF-16': 'it is UTF-16, as some shells write it: save it as UTF-8',
} as const

/** Describes bytes that are not UTF-8, or begin with a byte order mark, which some parsers drop and others keep. */
export function describeEncoding(bytes: Uint8Array): EncodingFault {
  const mark = findByteOrderMark(bytes)
  if (mark !== undefined) return { line: 1, column: 1, message: `Cannot read the document: ${MARKED[mark]}` }
  const at = findInvalidUtf8(bytes) ?? 0
  const before = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes.subarray(0, at))
  return {
    ...createPositions(before).at(before.length),
    message: `Cannot read the document: ${describeByte(bytes[at] ?? 0)}`,
  }
}

function describeByte(byte: number): string {
  const hex = byte.toString(16).toUpperCase().padStart(2, '0')
  const letter = byte < 0xa0 ? '' : `, U+00${hex} in Latin-1`
  return `the byte ${hex} here is not UTF-8${letter}: save the file as UTF-8`
}
