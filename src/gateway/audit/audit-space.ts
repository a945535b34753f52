// Bounds the size of an audit record by construction: strings are made printable and short, lists get a limited space,
// and omitted entries are counted. So no request can make its own record so long that a log truncates it.
import {
  AUDIT_FRAME_BYTES,
  AUDIT_TEXT_MAX_LENGTH,
  AUDITED_EXPECTED_MAX,
  AUDITED_EXPECTED_MAX_BYTES,
} from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { isOurFailure, type Refusal } from '../../core/refusal.ts'
import type { EvidenceRefusal } from '../../policy/login/trials.ts'

/** The facts of a refusal for the operator only; if a list is shortened, `<name>Omitted` counts the rest. */
export type Facts = NonNullable<Refusal['audit']>

export interface AuditedFacts {
  /** What the deployment expects, in the field names of the policy. */
  readonly expected?: Facts
  /** Why the gateway could not decide: a failure of a store, an issuer or a document. */
  readonly failure?: Facts
}

export interface AuditedRefusal extends AuditedFacts {
  readonly type: string
  readonly code: string
  readonly detail: string
}

/** The space for lists in one record. */
export interface AuditSpace {
  /**
   * Takes the entries of `items` that fit, in order and at most `max`.
   *
   * @param audit makes an item printable and bounded
   */
  take<Item, Entry>(items: readonly Item[], max: number, audit: (item: Item) => Entry): Taken<Entry>
}

export interface Taken<Entry> {
  readonly entries: readonly Entry[]
  readonly omitted: number
}

/**
 * @param maxBytes the bound of the whole record, escaped
 * @param fixed the members of the record other than lists; their length must be bounded already
 */
export function createAuditSpace(maxBytes: number, fixed: unknown): AuditSpace {
  let left = maxBytes - AUDIT_FRAME_BYTES - countEscapedBytes(fixed)

  function take(bytes: number): boolean {
    if (bytes > left) return false
    left -= bytes
    return true
  }

  function takeOne(entry: unknown): boolean {
    return take(countEscapedBytes(entry) + ','.length)
  }

  return {
    take(items, max, audit) {
      if (items.length === 0) return { entries: [], omitted: 0 }
      const made = items.slice(0, max).map((item) => audit(item))
      // Nearly always all entries fit: measure them together first.
      const entries = take(countEscapedBytes(made) - '[]'.length + ','.length) ? made : made.filter(takeOne)
      return { entries, omitted: items.length - entries.length }
    },
  }
}

/**
 * Counts the bytes of a value as JSON with all non-ASCII characters escaped, the longest form that a writer may
 * produce.
 */
export function countEscapedBytes(value: unknown): number {
  const json = JSON.stringify(value)
  if (!/[^ -~]/.test(json)) return json.length
  let bytes = json.length
  for (let at = 0; at < json.length; at++) if (json.charCodeAt(at) > 0x7e) bytes += '\\uffff'.length - 1
  return bytes
}

/** Makes a string printable and bounded, for a record. */
export function auditString(text: string): string {
  return printable(text, AUDIT_TEXT_MAX_LENGTH)
}

export function auditRefusal({ type, refusal }: EvidenceRefusal): AuditedRefusal {
  const { code, detail } = refusal
  return { type: auditString(type), code, detail: auditString(detail), ...auditFacts(refusal) }
}

/** Makes the member `expected` or `failure` of a record or of an entry in it; neither if the refusal has no facts. */
export function auditFacts(
  { code, audit }: Pick<Refusal, 'code' | 'audit'>,
  { entries = AUDITED_EXPECTED_MAX, bytes = AUDITED_EXPECTED_MAX_BYTES } = {},
): AuditedFacts {
  if (audit === undefined) return {}
  const facts = boundFacts(audit, createAuditSpace(bytes, {}), entries)
  return isOurFailure(code) ? { failure: facts } : { expected: facts }
}

/** Takes as many facts as fit, in order, and at most `entries` of each list. */
export function boundFacts(facts: Facts, space: AuditSpace, entries: number): Facts {
  const bounded = Object.entries(facts).flatMap(([name, value]): readonly (readonly [string, Facts[string]])[] => {
    if (typeof value === 'number' || typeof value === 'boolean') return [[name, value]]
    const isList = typeof value !== 'string'
    const taken = space.take(isList ? value : [value], entries, auditString)
    const counted = taken.omitted === 0 ? [] : [[`${name}Omitted`, taken.omitted] as const]
    const [only] = taken.entries
    if (isList) return [[name, taken.entries], ...counted]
    return only === undefined ? counted : [[name, only]]
  })
  return Object.fromEntries(bounded)
}

/** Makes the members of a record for a list: none if the list was empty. */
export function listed<Name extends string, Entry>(
  name: Name,
  { entries, omitted }: Taken<Entry>,
): { readonly [Key in Name]?: readonly Entry[] } & { readonly [Key in `${Name}Omitted`]?: number } {
  const members = {
    ...(entries.length + omitted === 0 ? {} : { [name]: entries }),
    ...(omitted === 0 ? {} : { [`${name}Omitted`]: omitted }),
  }
  return members as { readonly [Key in Name]?: readonly Entry[] } & { readonly [Key in `${Name}Omitted`]?: number }
}
