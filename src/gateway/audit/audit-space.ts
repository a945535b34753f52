// The upper bound of an audit record, by construction: strings are made printable and short, lists are given room and
// keep to it, and what is left out is counted. Nobody who may send a request can make the line that tells of it so long
// that a log cuts it off.
import {
  AUDIT_FRAME_BYTES,
  AUDIT_TEXT_MAX_LENGTH,
  AUDITED_EXPECTED_MAX,
  AUDITED_EXPECTED_MAX_BYTES,
} from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import { isOurFailure, type Refusal } from '../../core/refusal.ts'
import type { EvidenceRefusal } from '../../policy/login/trials.ts'

/** What a refusal says to the operator alone; where a list is shortened, `<name>Omitted` counts the rest. */
export type Facts = NonNullable<Refusal['audit']>

export interface AuditedFacts {
  /** What the deployment expects, in the field names of the policy. */
  readonly expected?: Facts
  /** Why the gateway could not decide: a store, an issuer or a document. */
  readonly failure?: Facts
}

export interface AuditedRefusal extends AuditedFacts {
  readonly type: string
  readonly code: string
  readonly detail: string
}

/** Room for lists in one record. */
export interface AuditSpace {
  /** The entries of `items` that still fit, in order and `max` at the most; `audit` makes each fit to be recorded. */
  take<Item, Entry>(items: readonly Item[], max: number, audit: (item: Item) => Entry): Taken<Entry>
}

export interface Taken<Entry> {
  readonly entries: readonly Entry[]
  readonly omitted: number
}

/** `fixed` is what the record holds besides lists; it has to be short by itself. */
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
      // Nearly always all of them fit, and are measured at once.
      const entries = take(countEscapedBytes(made) - '[]'.length + ','.length) ? made : made.filter(takeOne)
      return { entries, omitted: items.length - entries.length }
    },
  }
}

/** Bytes of the JSON of a value if all outside ASCII is escaped: what the most wasteful writer makes of it. */
export function countEscapedBytes(value: unknown): number {
  const json = JSON.stringify(value)
  if (!/[^ -~]/.test(json)) return json.length
  let bytes = json.length
  for (let at = 0; at < json.length; at++) if (json.charCodeAt(at) > 0x7e) bytes += '\\uffff'.length - 1
  return bytes
}

/** A string of a record. */
export function auditString(text: string): string {
  return printable(text, AUDIT_TEXT_MAX_LENGTH)
}

export function auditRefusal({ type, refusal }: EvidenceRefusal): AuditedRefusal {
  const { code, detail } = refusal
  return { type: auditString(type), code, detail: auditString(detail), ...auditFacts(refusal) }
}

/** The member `expected` or `failure` of a record or of an entry in it, if there is anything to say. */
export function auditFacts(
  { code, audit }: Pick<Refusal, 'code' | 'audit'>,
  { entries = AUDITED_EXPECTED_MAX, bytes = AUDITED_EXPECTED_MAX_BYTES } = {},
): AuditedFacts {
  if (audit === undefined) return {}
  const facts = boundFacts(audit, createAuditSpace(bytes, {}), entries)
  return isOurFailure(code) ? { failure: facts } : { expected: facts }
}

/** As many facts as there is room for, in their order, each list with at most `entries`. */
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

/** A list as members of a record: none where nothing was to be listed. */
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
