import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonBytes } from '../../src/core/json.ts'
import { BODY_START_BYTES, JSON_DEPTH_MAX } from '../../src/core/limits.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { describeBody } from '../../src/net/body-fault.ts'
import { FETCH_CAUSES } from '../../src/net/fetch-causes.ts'

function describeBytes(bytes: Uint8Array, headers: Record<string, string> = {}) {
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  return json.ok ? undefined : describeBody(bytes, new Headers(headers), json)
}

const text = (value: string): Uint8Array => encodeUtf8(value)

describe('describeBody()', () => {
  it('says where the first byte is that is not UTF-8, after any text', () => {
    const followed = fc.tuple(fc.string({ unit: 'binary' }), fc.uint8Array())
    fc.assert(
      fc.property(followed, ([before, after]) => {
        // Quoted, it is the beginning of no page and of no archive; U+FFFD itself is a character like another.
        const start = text(`"\ufffd${before.toWellFormed()}`)
        const bytes = Uint8Array.from([...start, 0xff, ...after])
        expect(describeBytes(bytes)).toEqual({ kind: 'not_utf8', facts: { byte: start.length } })
      }),
    )
  })

  it('has a cause of the table for any bytes that are not JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.constantFrom('', 'gzip', 'identity', 'br, gzip'), (bytes, coding) => {
        const described = describeBytes(bytes, { 'content-encoding': coding })
        if (described !== undefined) expect(FETCH_CAUSES).toHaveProperty(described.kind)
      }),
    )
  })

  it.each<[string, Uint8Array, Record<string, string>, string]>([
    ['white space', text(' \n\t'), {}, 'body_empty'],
    ['white space of so many bytes', text(' '.repeat(BODY_START_BYTES)), {}, 'body_empty'],
    ['more white space', text(' '.repeat(BODY_START_BYTES + 1)), {}, 'json_syntax'],
    ['a page after white space', text('\n\n  <html>'), {}, 'html'],
    ['a page that says it is JSON', text('<html>'), { 'content-type': 'application/json' }, 'html'],
    ['a page after a byte order mark', text('\ufeff<html>'), {}, 'html'],
    [
      'a member twice in what was unpacked',
      text('{"a":1,"a":2}'),
      { 'content-encoding': 'gzip' },
      'json_member_duplicate',
    ],
    ['bytes of a coding', Uint8Array.of(0x1b, 0x05, 0x80), { 'content-encoding': 'br' }, 'coding_broken'],
    ['bytes of gzip that is not named', Uint8Array.of(0x1f, 0x8b, 0x08), {}, 'compressed'],
    ['the same, named as none', Uint8Array.of(0x1f, 0x8b, 0x08), { 'content-encoding': 'Identity' }, 'compressed'],
    ['UTF-32, big end first', Uint8Array.of(0, 0, 0xfe, 0xff), {}, 'byte_order_mark'],
    ['UTF-16, big end first', Uint8Array.of(0xfe, 0xff, 0, 0x7b), {}, 'byte_order_mark'],
  ])('calls %s by its name', (_what, bytes, headers, kind) => {
    expect(describeBytes(bytes, headers)?.kind).toBe(kind)
  })

  it.each<[string, Uint8Array, string, object]>([
    ['bytes that are no text', Uint8Array.of(0x1b, 0xff), 'br', { kind: 'coding_broken', facts: { coding: '"br"' } }],
    ['text that is no JSON', text('x'), 'br', { kind: 'coding_broken', facts: { coding: '"br"' } }],
    ['text that is no JSON, not coded', text('x'), ' ', { kind: 'json_syntax', facts: { line: 1, column: 1 } }],
    ['one byte of gzip', Uint8Array.of(0x1f, 0xff), '', { kind: 'not_utf8', facts: { byte: 1 } }],
  ])('says what it knows of %s', (_what, bytes, coding, expected) => {
    expect(describeBytes(bytes, { 'content-encoding': coding })).toEqual(expected)
  })

  it('counts lines and columns from one, in characters as an editor does', () => {
    expect(describeBytes(text('{\n  "é": 1,\n  "é": 2\n}'))).toEqual({
      kind: 'json_member_duplicate',
      facts: { line: 3, column: 3 },
    })
  })
})
