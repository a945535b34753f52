// Parses and checks a form (`application/x-www-form-urlencoded`, WHATWG URL section 5.1) as strictly as a JSON body.
import type { Context } from 'hono'
import type * as v from 'valibot'
import type { Sleep } from '../core/clock.ts'
import { type Checked, refuse } from '../core/result.ts'
import { decodeUtf8 } from '../core/utf8.ts'
import { readBytes } from '../net/read-bytes.ts'
import { checkShape } from './request-body.ts'

/**
 * Reads and checks a form. A field that is given twice is refused: which of them counts differs between parsers.
 *
 * @param maxBytes the largest body that is read, in bytes
 * @param sleep the host's timer, for the read timeout
 * @returns the value, or a refusal: `content_type_unsupported`, `request_malformed`, or as {@link readBytes}
 */
export async function readForm<T>(
  c: Context,
  schema: v.GenericSchema<unknown, T>,
  maxBytes: number,
  sleep: Sleep,
): Promise<Checked<T>> {
  const [type = ''] = (c.req.header('Content-Type') ?? '').split(';')
  if (type.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    return refuse({
      code: 'content_type_unsupported',
      detail: 'send Content-Type: application/x-www-form-urlencoded',
    })
  }
  const read = await readBytes(c.req.raw, maxBytes, sleep)
  if (!read.ok) return read
  const text = decodeUtf8(read.value)
  if (text === undefined) return refuseForm('it must be UTF-8 without a byte order mark')
  const fields: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(text)) {
    if (Object.hasOwn(fields, name)) return refuseForm('a field is given twice')
    fields[name] = value
  }
  return checkShape(schema, fields, [])
}

function refuseForm(why: string): Checked<never> {
  return refuse({ code: 'request_malformed', detail: `the form cannot be read: ${why}`, where: '' })
}
