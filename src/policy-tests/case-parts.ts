// What the cases of a test file are made of, whatever they test: times, evidence, codes, and expected identities.
import type { Report } from '../attest/attest-context.ts'
import type { Attribute } from '../attribute/attribute.ts'
import { parseAnyInstantSeconds } from '../core/instant.ts'
import type { Path } from '../core/issue.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { suggestNearest } from '../core/nearest.ts'
import { quoteText } from '../core/printable.ts'
import { REFUSALS, type RefusalCode } from '../core/refusal.ts'
import { readAgentAttributes } from '../explain/read-agent-attributes.ts'
import type { CaseInput } from './test-schema.ts'

export type Evidence =
  /** The body of a login, or a bare token. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'recorded'; readonly attributes: readonly Attribute[] }

export interface IdentityExpectation {
  readonly spiffeId?: string
  readonly claims?: JsonObject
  readonly subject?: string
  readonly dnsNames?: readonly string[]
}

/** Seconds since the epoch; reports a text that is no time. */
export function readTime(text: string | undefined, path: Path, report: Report): number | undefined {
  if (text === undefined) return undefined
  const seconds = parseAnyInstantSeconds(text)
  if (seconds !== undefined) return seconds
  const message = `Cannot use ${quoteText(text)} as a time: expected RFC 3339 such as 2026-01-31T12:00:00Z`
  report({ code: 'value_invalid', path, message })
  return undefined
}

/** Reads the evidence of a login or of a serverless request. Its signature cannot be left unchecked if it was recorded. */
export function readEvidence(
  { signature }: Pick<CaseInput, 'signature'>,
  given: EvidenceInput,
  path: Path,
  field: 'login' | 'serverless',
  report: Report,
): Evidence | undefined {
  const evidence = readGiven(given, [...path, field], field === 'login' ? 'A login' : 'A serverless request', report)
  if (signature !== undefined && evidence?.kind === 'recorded') {
    const message = 'A recorded login was verified by the gateway: remove signature'
    report({ code: 'field_conflict', path: [...path, 'signature'], atKey: true, message })
  }
  return evidence
}

type EvidenceInput = Omit<NonNullable<CaseInput['serverless']>, 'scope'>

function readGiven(
  { attestations, token, claims, attributes }: EvidenceInput,
  path: Path,
  what: string,
  report: Report,
): Evidence | undefined {
  if ([attestations, token, claims, attributes].filter((one) => one !== undefined).length !== 1) {
    const message = `${what} must have exactly one of attestations, token, claims and attributes`
    report({ code: 'field_conflict', path, message })
    return undefined
  }
  if (token !== undefined) return { kind: 'text', text: token }
  if (attestations !== undefined) return { kind: 'text', text: JSON.stringify({ attestations }) }
  if (claims !== undefined) return { kind: 'text', text: JSON.stringify({ claims }) }
  const read = readAgentAttributes(attributes as Json)
  if ('attributes' in read) return { kind: 'recorded', attributes: read.attributes }
  report({ code: 'value_invalid', path: [...path, 'attributes'], message: `Cannot use the attributes: ${read.fault}` })
  return undefined
}

/** The fields of an identity that are expected; empty if none is. */
export function readIdentity({ spiffeId, claims, subject, dnsNames }: CaseInput['expect']): IdentityExpectation {
  const given = { spiffeId, claims: claims as JsonObject | undefined, subject, dnsNames }
  return Object.fromEntries(Object.entries(given).filter(([, one]) => one !== undefined))
}

/** Reports fields that a case of this kind cannot expect. */
export function onlyHas(
  expect: CaseInput['expect'],
  known: readonly string[],
  what: string,
  path: Path,
  report: Report,
): boolean {
  const foreign = Object.entries(expect).filter(([name, value]) => value !== undefined && !known.includes(name))
  for (const [name] of foreign) {
    const message = `${what} cannot expect ${name}: expected some of ${known.join(', ')}`
    report({ code: 'field_conflict', path: [...path, name], atKey: true, message })
  }
  return foreign.length === 0
}

/** A code that no refusal has could never come about. */
export function readCode(text: string, path: Path, report: Report): RefusalCode | undefined {
  if (Object.hasOwn(REFUSALS, text)) return text as RefusalCode
  const near = suggestNearest(text, Object.keys(REFUSALS)) || ': docs/codes.md lists them'
  report({ code: 'value_invalid', path, message: `Unknown code ${quoteText(text)}${near}` })
  return undefined
}
