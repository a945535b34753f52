// The answer of a webhook: to which request it is, yes or no, and attributes. Whatever else it holds refuses, since a
// member that is not understood may restrict what is understood.
import type { Attribute, Attributes, AttributeValue } from '../../attribute/attribute.ts'
import { makeAttributeName } from '../../attribute/catalogue.ts'
import { isDigest } from '../../core/digest.ts'
import { isJsonObject, type Json } from '../../core/json.ts'
import {
  AUDIT_TEXT_MAX_LENGTH,
  CUSTOM_ATTRIBUTES_MAX,
  CUSTOM_KEY_MAX_LENGTH,
  CUSTOM_VALUE_MAX_LENGTH,
  CUSTOM_VALUES_MAX,
} from '../../core/limits.ts'
import { hasControl, quoteText } from '../../core/printable.ts'

export interface Asked {
  readonly requestId: string
  readonly requestDigest: string
}

/** The faults complete `the answer ...`, for operators; they quote names and never values. */
export type ReadAnswer =
  | { readonly kind: 'allowed'; readonly attributes: readonly Attribute[]; readonly reason?: string }
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'mismatch' | 'invalid'; readonly fault: string }

const MEMBERS: ReadonlySet<string> = new Set(['requestId', 'requestDigest', 'allow', 'reason', 'attributes'])
/** A letter, then letters, digits, `_` and `-`: no dot, so that no key spells the name of another attribute. */
const KEY = new RegExp(`^[A-Za-z][A-Za-z0-9_-]{0,${CUSTOM_KEY_MAX_LENGTH - 1}}$`)

/**
 * Reads the answer to one request.
 *
 * @param proved the attributes of the other attestors, none of which an answer overwrites
 */
export function readAnswer(answer: Json, asked: Asked, proved: Attributes): ReadAnswer {
  if (!isJsonObject(answer)) return invalid('is not an object')
  const stranger = Object.keys(answer).find((name) => !MEMBERS.has(name))
  if (stranger !== undefined) return invalid(`has a member ${quoteText(stranger)}, which the contract does not have`)
  const { requestId, requestDigest, allow, reason, attributes } = answer
  if (typeof requestId !== 'string') return invalid('has no string "requestId"')
  if (!isDigest(requestDigest)) return invalid('has no "requestDigest" of the form sha256:<64 hex digits>')
  // An answer to another request, replayed or mixed up on the way, says nothing of this one.
  if (requestId !== asked.requestId) return mismatch('names another request id than that of the request')
  if (requestDigest !== asked.requestDigest) return mismatch('names another digest than that of the body that was sent')
  if (typeof allow !== 'boolean') return invalid('has no boolean "allow"')
  if (reason !== undefined && !isReason(reason))
    return invalid(`has a "reason" that is not a string of 1 to ${AUDIT_TEXT_MAX_LENGTH} characters`)
  if (!allow) {
    if (attributes !== undefined) return invalid('denies and has "attributes"')
    return typeof reason === 'string' ? { kind: 'denied', reason } : invalid('denies without a "reason"')
  }
  const read = readAttributes(attributes, proved)
  if ('fault' in read) return read
  return { kind: 'allowed', attributes: read.attributes, ...(typeof reason === 'string' ? { reason } : {}) }
}

function isReason(reason: Json): boolean {
  return typeof reason === 'string' && reason !== '' && reason.length <= AUDIT_TEXT_MAX_LENGTH
}

function readAttributes(
  attributes: Json | undefined,
  proved: Attributes,
): { readonly attributes: readonly Attribute[] } | Extract<ReadAnswer, { readonly fault: string }> {
  if (attributes === undefined) return { attributes: [] }
  if (!isJsonObject(attributes)) return invalid('has "attributes" that are not an object')
  const entries = Object.entries(attributes)
  if (entries.length > CUSTOM_ATTRIBUTES_MAX)
    return invalid(`has ${entries.length} attributes: at most ${CUSTOM_ATTRIBUTES_MAX} are taken`)
  const read: Attribute[] = []
  for (const [key, json] of entries) {
    const name = KEY.test(key) ? makeAttributeName('custom.<key>', key) : undefined
    if (name === undefined)
      return invalid(
        `has an attribute ${quoteText(key)}: a key is a letter, then letters, digits, "_" and "-" (${CUSTOM_KEY_MAX_LENGTH} at most), and becomes custom.<key>`,
      )
    if (proved.has(name)) return invalid(`has the attribute ${name}, which another attestor has proved`)
    const value = readValue(json)
    if (value === undefined)
      return invalid(
        `has a value of ${name} that is no attribute: a non-empty string of at most ${CUSTOM_VALUE_MAX_LENGTH} characters without control characters, a whole number, true or false, or a list of 1 to ${CUSTOM_VALUES_MAX} such strings`,
      )
    read.push({ origin: 'extension', name, value })
  }
  return { attributes: read }
}

/** Numbers and booleans become strings, as the catalogue has `custom.<key>`. */
function readValue(json: Json): AttributeValue | undefined {
  if (typeof json === 'boolean' || Number.isSafeInteger(json)) return String(json)
  if (!Array.isArray(json)) return isValue(json) ? json : undefined
  const values = json.filter(isValue)
  return values.length === json.length && values.length > 0 && values.length <= CUSTOM_VALUES_MAX ? values : undefined
}

function isValue(json: Json): json is string {
  return typeof json === 'string' && json !== '' && json.length <= CUSTOM_VALUE_MAX_LENGTH && !hasControl(json)
}

function invalid(fault: string) {
  return { kind: 'invalid', fault } as const
}

function mismatch(fault: string) {
  return { kind: 'mismatch', fault } as const
}
