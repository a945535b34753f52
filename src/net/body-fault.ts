// Describes why a body is not the expected JSON: the fault, and its place.
import type { parseJsonBytes } from '../core/json.ts'
import { BODY_START_BYTES } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { findByteOrderMark, findInvalidUtf8 } from '../core/utf8.ts'
import type { CauseFacts } from './cause-row.ts'
import type { FetchCause } from './fetch-causes.ts'

export interface BodyFault {
  readonly kind: FetchCause
  readonly facts: CauseFacts
}

type JsonFaultAt = Extract<ReturnType<typeof parseJsonBytes>, { readonly ok: false }>

const GZIP = [0x1f, 0x8b]

const JSON_KINDS = {
  syntax_invalid: 'json_syntax',
  member_duplicate: 'json_member_duplicate',
  depth_exceeded: 'json_too_deep',
  number_unsafe: 'json_number_unsafe',
  text_ill_formed: 'json_surrogate_unpaired',
} as const satisfies Record<Exclude<JsonFaultAt['fault'], 'encoding_invalid'>, FetchCause>

/** Describes bytes that {@link parseJsonBytes} refused with the fault `json`. */
export function describeBody(bytes: Uint8Array, headers: Headers, json: JsonFaultAt): BodyFault {
  const coding = headers.get('content-encoding') ?? 'identity'
  if (/^\s*$/.test(quoteStart(bytes)) && bytes.length <= BODY_START_BYTES) return { kind: 'body_empty', facts: {} }
  if (quoteStart(bytes).trimStart().startsWith('<')) {
    return { kind: 'html', facts: { contentType: quoteText(headers.get('content-type') ?? '') } }
  }
  if (json.fault !== 'encoding_invalid') {
    // Some hosts decode the body but keep the header. A body that is JSON up to some place was decoded.
    if (json.offset === 0 && !isIdentity(coding)) return { kind: 'coding_broken', facts: { coding: quoteText(coding) } }
    return { kind: JSON_KINDS[json.fault], facts: locateOffset(bytes, json.offset) }
  }
  if (findByteOrderMark(bytes) !== undefined) return { kind: 'byte_order_mark', facts: {} }
  if (!isIdentity(coding)) return { kind: 'coding_broken', facts: { coding: quoteText(coding) } }
  if (GZIP.every((byte, at) => bytes[at] === byte)) return { kind: 'compressed', facts: {} }
  return { kind: 'not_utf8', facts: { byte: findInvalidUtf8(bytes) ?? 0 } }
}

function quoteStart(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, BODY_START_BYTES))
}

function isIdentity(coding: string): boolean {
  return coding.trim() === '' || coding.trim().toLowerCase() === 'identity'
}

/** Finds the line and column, both from 1, of an offset in UTF-16 units. */
function locateOffset(bytes: Uint8Array, offset: number): CauseFacts {
  const before = new TextDecoder().decode(bytes).slice(0, offset)
  const lines = before.split('\n')
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}
