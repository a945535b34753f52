// What is wrong with a body that should be JSON and is not: which fault, and where in it.
import type { parseJsonBytes } from '../core/json.ts'
import { BODY_START_BYTES } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { utf8Length } from '../core/utf8.ts'
import type { CauseFacts } from './cause-row.ts'
import type { FetchCause } from './fetch-causes.ts'

export interface BodyFault {
  readonly kind: FetchCause
  readonly facts: CauseFacts
}

type JsonFaultAt = Extract<ReturnType<typeof parseJsonBytes>, { readonly ok: false }>

const MARKS: readonly (readonly number[])[] = [
  [0xef, 0xbb, 0xbf],
  [0xfe, 0xff],
  [0xff, 0xfe],
]
const GZIP = [0x1f, 0x8b]

const JSON_KINDS = {
  syntax_invalid: 'json_syntax',
  member_duplicate: 'json_member_duplicate',
  depth_exceeded: 'json_too_deep',
  number_unsafe: 'json_number_unsafe',
  text_ill_formed: 'json_surrogate_unpaired',
} as const satisfies Record<Exclude<JsonFaultAt['fault'], 'encoding_invalid'>, FetchCause>

/** For bytes that {@link parseJsonBytes} refuses with `json`. */
export function describeBody(bytes: Uint8Array, headers: Headers, json: JsonFaultAt): BodyFault {
  const coding = headers.get('content-encoding') ?? 'identity'
  if (/^\s*$/.test(startOf(bytes)) && bytes.length <= BODY_START_BYTES) return { kind: 'body_empty', facts: {} }
  if (startOf(bytes).trimStart().startsWith('<')) {
    return { kind: 'html', facts: { contentType: quoteText(headers.get('content-type') ?? '') } }
  }
  if (json.fault !== 'encoding_invalid') {
    // A host that unpacks leaves the header; what is JSON up to a place was unpacked.
    if (json.offset === 0 && !isIdentity(coding)) return { kind: 'coding_broken', facts: { coding: quoteText(coding) } }
    return { kind: JSON_KINDS[json.fault], facts: placeOf(bytes, json.offset) }
  }
  if (MARKS.some((mark) => beginsWith(bytes, mark))) return { kind: 'byte_order_mark', facts: {} }
  if (!isIdentity(coding)) return { kind: 'coding_broken', facts: { coding: quoteText(coding) } }
  if (beginsWith(bytes, GZIP)) return { kind: 'compressed', facts: {} }
  return { kind: 'not_utf8', facts: { byte: findInvalidUtf8(bytes) } }
}

function startOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, BODY_START_BYTES))
}

function isIdentity(coding: string): boolean {
  return coding.trim() === '' || coding.trim().toLowerCase() === 'identity'
}

function beginsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, at) => bytes[at] === byte)
}

/** Line and column, both from 1, of an offset in UTF-16 units. */
function placeOf(bytes: Uint8Array, offset: number): CauseFacts {
  const before = new TextDecoder().decode(bytes).slice(0, offset)
  const lines = before.split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}

/** Where, in bytes, the first sequence is that is not UTF-8. */
function findInvalidUtf8(bytes: Uint8Array): number {
  const text = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
  let at = 0
  let end = 0
  for (const { index } of text.matchAll(/\ufffd/g)) {
    at += utf8Length(text.slice(end, index))
    end = index
    // U+FFFD itself may be sent; what a decoder puts in the place of a fault was not.
    if (!beginsWith(bytes.subarray(at), [0xef, 0xbf, 0xbd])) return at
  }
  return at
}
