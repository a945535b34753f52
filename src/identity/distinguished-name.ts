// A distinguished name as typed RDNs, in the order in which RFC 4514 writes them. A name is built from typed values
// and escaped when it is printed, so that a value such as `x,O=admin` stays one value and adds no RDN (injection).

import { encodeHexValue } from './hex-value.ts'
import { parseSubject, type SubjectFault } from './parse-distinguished-name.ts'
import { failParse, type Parsed } from './parse-result.ts'
import {
  checkSubjectValue,
  isDotted,
  SUBJECT_VALUE_FAULTS,
  type SubjectType,
  type SubjectValueFault,
} from './subject-type.ts'

export interface TypedValue {
  readonly type: SubjectType
  readonly value: string
}

/** One RDN: usually one value; several are joined by `+`. */
export type Rdn = readonly TypedValue[]

declare const parsed: unique symbol
/** Made by this file alone: at least one RDN, every value within the bounds of its type. */
export type DistinguishedName = readonly Rdn[] & { readonly [parsed]: 'DistinguishedName' }

export const DISTINGUISHED_NAME_FAULTS = {
  ...SUBJECT_VALUE_FAULTS,
  empty: 'the name is empty',
  type_missing: 'an attribute type such as O or CN is missing',
  type_unknown: 'the attribute type is unknown',
  type_duplicate: 'an RDN has the same attribute type twice',
  equals_missing: 'the "=" after the attribute type is missing',
  escape_invalid: 'the escape is not one of RFC 4514',
  character_unescaped: 'the character must be escaped with "\\"',
  hex_value_unsupported:
    'a #hex value is allowed only for a dotted OID, and must be the DER encoding of a UTF8String, such as #0C024445',
} as const satisfies Record<SubjectFault | SubjectValueFault, string>
export type DistinguishedNameFault = keyof typeof DISTINGUISHED_NAME_FAULTS

/**
 * Parses the string form of RFC 4514. `#hex` values must have the form that {@link printDistinguishedName} writes.
 *
 * @returns The name, or the fault and its offset in UTF-16 units; for a faulty value, the offset of its start.
 */
export function parseDistinguishedName(text: string): Parsed<DistinguishedName, DistinguishedNameFault> {
  const read = parseSubject<never>([{ text, offset: 0 }])
  if (!read.ok) return read
  const rdns: Rdn[] = []
  for (const rdn of read.value) {
    const values = rdn.map(({ type, pieces }) => ({ type, value: pieces.join('') }))
    for (const [index, { type, value }] of values.entries()) {
      const reason = checkSubjectValue(type, value)
      if (reason !== undefined) return failParse(reason, rdn[index]?.offset)
    }
    rdns.push(values)
  }
  return { ok: true, value: rdns as readonly Rdn[] as DistinguishedName }
}

/** Makes a name of RDNs, and checks every value against its type. */
export function makeDistinguishedName(rdns: readonly Rdn[]): Parsed<DistinguishedName, SubjectValueFault | 'empty'> {
  if (rdns.length === 0) return failParse('empty')
  for (const { type, value } of rdns.flat()) {
    const reason = checkSubjectValue(type, value)
    if (reason !== undefined) return failParse(reason)
  }
  return { ok: true, value: rdns as DistinguishedName }
}

/** Prints the string form of RFC 4514 section 2. */
export function printDistinguishedName(name: DistinguishedName): string {
  return name.map((rdn) => rdn.map(printValue).join('+')).join(',')
}

/** A dotted OID does not show the ASN.1 type of its value, so the encoding is written (section 2.4). */
function printValue({ type, value }: TypedValue): string {
  return `${type.name}=${isDotted(type) ? encodeHexValue(value) : escapeValue(value)}`
}

function escapeValue(value: string): string {
  const escaped = value.replace(/["+,;<>\\]/g, '\\$&')
  const led = /^[ #]/.test(escaped) ? `\\${escaped}` : escaped
  return value.length > 1 && led.endsWith(' ') ? `${led.slice(0, -1)}\\ ` : led
}
