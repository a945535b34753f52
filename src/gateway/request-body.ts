// Parses and checks a request body: content type, size, strict JSON, shape, in this order. Messages name the field and
// never quote its value: a login body holds tokens.
import type { Context } from 'hono'
import * as v from 'valibot'
import { describeKind, describeRequirement } from '../config/compile/describe-requirement.ts'
import type { Sleep } from '../core/clock.ts'
import { type JsonFault, parseJsonBytes } from '../core/json.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { readBytes } from '../net/read-bytes.ts'

const FAULTS: Readonly<Record<JsonFault, string>> = {
  encoding_invalid: 'it must be UTF-8 without a byte order mark',
  syntax_invalid: 'it is not valid JSON',
  member_duplicate: 'an object has two members with the same name',
  depth_exceeded: `it is nested more than ${JSON_DEPTH_MAX} levels deep`,
  number_unsafe: 'a number is out of range: an integer must be within +/-(2^53 - 1)',
  text_ill_formed: 'a string contains an unpaired surrogate',
}

/**
 * Reads and checks the body.
 *
 * @param maxBytes the largest body that is read, in bytes
 * @param sleep the host's timer, for the read timeout
 * @returns the value, or a refusal: `content_type_unsupported`, `request_malformed`, or as {@link readBytes}
 */
export async function readBody<T>(
  c: Context,
  schema: v.GenericSchema<unknown, T>,
  maxBytes: number,
  sleep: Sleep,
): Promise<Checked<T>> {
  if (!isJsonType(c.req.header('Content-Type'))) {
    return refuse({ code: 'content_type_unsupported', detail: 'send Content-Type: application/json' })
  }
  const read = await readBytes(c.req.raw, maxBytes, sleep)
  if (!read.ok) return read
  const json = parseJsonBytes(read.value, JSON_DEPTH_MAX)
  if (!json.ok) {
    return refuse({
      code: 'request_malformed',
      detail: `the body cannot be read: ${FAULTS[json.fault]} (at offset ${json.offset})`,
      where: '',
    })
  }
  return checkShape(schema, json.value, [])
}

/**
 * Checks `value` by `schema`. Refuses with `request_malformed` for the first issue, naming its path.
 *
 * @param at the path of `value` in the body
 */
export function checkShape<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  at: readonly (string | number)[],
): Checked<T> {
  const parsed = v.safeParse(schema, value, { abortEarly: true })
  if (parsed.success) return pass(parsed.output)
  const [issue] = parsed.issues
  const where = formatPath([...at, ...(issue.path ?? []).map((item) => item.key as string | number)])
  return refuse({
    code: 'request_malformed',
    detail: `${where === '' ? 'the body' : `the field ${where}`} ${describeShapeFault(issue)}`,
    where,
  })
}

function describeShapeFault(issue: v.BaseIssue<unknown>): string {
  const { kind, type, expected, received, message, input, requirement } = issue
  if (expected === 'never') return 'is not a known field of this request: remove it'
  if (received === 'undefined') return 'is missing'
  // Only the message of a custom schema, or of a pattern, describes what it expects.
  // As valibot lists options: `("RS256" | "PS256")`.
  if (type === 'picklist' && expected !== null)
    return `must be one of ${expected.replace(/[()"]/g, '').replaceAll(' | ', ', ')}`
  if (type === 'custom' || type === 'regex') return `must be ${message}`
  if (kind === 'validation') return `must ${describeRequirement(type, requirement, Array.isArray(input))}`
  return `must be ${describeKind(type)}`
}

/** Whether the media type is JSON; the only charset of JSON is UTF-8 (RFC 8259 section 8.1). */
export function isJsonType(header: string | undefined): boolean {
  if (header === 'application/json') return true
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase())
  return type === 'application/json' && parameters.every((parameter) => /^charset="?utf-8"?$/.test(parameter))
}

/**
 * A member name comes from the caller too and could be a misplaced token: only short, plain names are shown, others as
 * `?`.
 */
function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((item, index) => {
      if (typeof item === 'number') return `[${item}]`
      const name = /^[\w.$-]{1,40}$/.test(item) ? item : '?'
      return index === 0 ? name : `.${name}`
    })
    .join('')
}
