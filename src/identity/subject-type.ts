// The attribute types of an X.509 subject: one row each, with the bound of RFC 5280 appendix A.1 and the characters of
// its ASN.1 string type. A value over its bound is refused, never truncated: truncation could make two identities
// equal.
import { SUBJECT_OID_MAX_LENGTH, SUBJECT_VALUE_MAX_LENGTH } from '../core/limits.ts'
import { hasControl } from '../core/printable.ts'

export interface SubjectType {
  /** As it is printed: the short name, or a dotted OID. */
  readonly name: string
  readonly oid: string
  /** In characters (code points), as ASN.1 counts. */
  readonly maxLength: number
  readonly minLength?: number
  readonly syntax: 'utf8' | 'printable' | 'ia5' | 'letters'
  /** Other names that are accepted, in upper case. */
  readonly aliases?: readonly string[]
}

export const SUBJECT_TYPES: readonly SubjectType[] = [
  { name: 'CN', oid: '2.5.4.3', maxLength: 64, syntax: 'utf8', aliases: ['COMMONNAME'] },
  { name: 'SERIALNUMBER', oid: '2.5.4.5', maxLength: 64, syntax: 'printable' },
  { name: 'C', oid: '2.5.4.6', minLength: 2, maxLength: 2, syntax: 'letters', aliases: ['COUNTRYNAME'] },
  { name: 'L', oid: '2.5.4.7', maxLength: 128, syntax: 'utf8', aliases: ['LOCALITYNAME'] },
  { name: 'ST', oid: '2.5.4.8', maxLength: 128, syntax: 'utf8', aliases: ['S', 'STATEORPROVINCENAME'] },
  { name: 'STREET', oid: '2.5.4.9', maxLength: 128, syntax: 'utf8', aliases: ['STREETADDRESS'] },
  { name: 'O', oid: '2.5.4.10', maxLength: 64, syntax: 'utf8', aliases: ['ORGANIZATIONNAME'] },
  { name: 'OU', oid: '2.5.4.11', maxLength: 64, syntax: 'utf8', aliases: ['ORGANIZATIONALUNITNAME'] },
  { name: 'TITLE', oid: '2.5.4.12', maxLength: 64, syntax: 'utf8' },
  { name: 'POSTALCODE', oid: '2.5.4.17', maxLength: 40, syntax: 'utf8' },
  { name: 'DNQUALIFIER', oid: '2.5.4.46', maxLength: 64, syntax: 'printable' },
  { name: 'UID', oid: '0.9.2342.19200300.100.1.1', maxLength: 256, syntax: 'utf8', aliases: ['USERID'] },
  { name: 'DC', oid: '0.9.2342.19200300.100.1.25', maxLength: 63, syntax: 'ia5', aliases: ['DOMAINCOMPONENT'] },
  { name: 'EMAILADDRESS', oid: '1.2.840.113549.1.9.1', maxLength: 255, syntax: 'ia5', aliases: ['E', 'EMAIL'] },
]

const BY_NAME = new Map<string, SubjectType>()
for (const type of SUBJECT_TYPES) {
  for (const name of [type.name, type.oid, ...(type.aliases ?? [])]) BY_NAME.set(name, type)
}

export const SUBJECT_VALUE_FAULTS = {
  value_empty: 'the value is empty',
  value_too_long: 'the value is too long for its type',
  value_too_short: 'the value is too short for its type',
  value_character: 'the value contains a character that its type forbids',
} as const
export type SubjectValueFault = keyof typeof SUBJECT_VALUE_FAULTS

/** An OID that can be encoded: arcs 0 and 1 have 40 subarcs each (ITU-T X.660 clause 7.6, X.690 clause 8.19.4). */
const OID = /^(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/

/**
 * Finds the type of a short name (ignoring case, RFC 4514 section 3) or of a dotted OID. The OID of a known type gives
 * that type, so that no spelling evades its bound. An unknown OID is its own type; an unknown name gives `undefined`.
 */
export function findSubjectType(name: string): SubjectType | undefined {
  const known = BY_NAME.get(name.toUpperCase())
  if (known !== undefined) return known
  const isOid = name.length <= SUBJECT_OID_MAX_LENGTH && OID.test(name)
  return isOid ? { name, oid: name, maxLength: SUBJECT_VALUE_MAX_LENGTH, syntax: 'utf8' } : undefined
}

/** A type that has no short name, so that only its OID names it. */
export function isDotted({ name, oid }: SubjectType): boolean {
  return name === oid
}

/** Finds the fault of a value of this type. Control characters are always refused: they serve only to deceive. */
export function checkSubjectValue(type: SubjectType, value: string): SubjectValueFault | undefined {
  if (value === '') return 'value_empty'
  const { maxLength, minLength = 0 } = type
  // A string has at least half as many code points as UTF-16 units. They are counted only if that does not decide.
  if (value.length > 2 * maxLength) return 'value_too_long'
  if (value.length > maxLength && [...value].length > maxLength) return 'value_too_long'
  if (!value.isWellFormed() || hasControl(value)) return 'value_character'
  if (type.syntax === 'printable' && !/^[A-Za-z0-9 '()+,./:=?-]*$/.test(value)) return 'value_character'
  if (type.syntax === 'ia5' && !/^[\u0020-\u007e]*$/.test(value)) return 'value_character'
  if (type.syntax === 'letters' && !/^[A-Za-z]*$/.test(value)) return 'value_character'
  return minLength > 0 && [...value].length < minLength ? 'value_too_short' : undefined
}
