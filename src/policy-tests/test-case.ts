// One case of a test file: a login or a workload, and what it must get.
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

export type Role = 'agent' | 'issuer'

export type Evidence =
  /** The body of a login, or a bare token. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'recorded'; readonly attributes: readonly Attribute[] }

export type LoginExpectation =
  | { readonly kind: 'admit'; readonly policy: string }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly policy: string | undefined }

export interface IdentityExpectation {
  readonly spiffeId?: string
  readonly claims?: JsonObject
  readonly subject?: string
  readonly dnsNames?: readonly string[]
}
export type MapExpectation =
  | ({ readonly kind: 'identity' } & IdentityExpectation)
  | { readonly kind: 'error'; readonly code: RefusalCode; readonly attribute: string | undefined }

interface CaseHead {
  readonly name: string
  /** Where it is in the file. */
  readonly path: Path
  readonly atSeconds: number
}
export interface LoginCase extends CaseHead {
  readonly kind: 'login'
  readonly role: Role
  readonly evidence: Evidence
  /** Decided as if the signature were valid. */
  readonly isUnsigned: boolean
  readonly expected: LoginExpectation
}
export interface MapCase extends CaseHead {
  readonly kind: 'map'
  readonly workload: JsonObject
  readonly container: string | undefined
  /** What the session of its agent proves; absent if none is sent. */
  readonly agent: readonly Attribute[] | undefined
  readonly expected: MapExpectation
}
export type PolicyTest = LoginCase | MapCase

/** Reads one case that has the shape of the schema; reports every issue. */
export function readCase(given: CaseInput, path: Path, nowSeconds: number, report: Report): PolicyTest | undefined {
  const { name, login, map } = given
  const head = { name, path, atSeconds: readTime(given.at, [...path, 'at'], report) ?? nowSeconds }
  if ((login === undefined) === (map === undefined)) {
    report({ code: 'field_conflict', path, message: `Case ${quoteText(name)} must have exactly one of login and map` })
    return undefined
  }
  if (login !== undefined) return readLogin(given, login, head, path, report)
  for (const field of ['as', 'signature'] as const) {
    if (given[field] === undefined) continue
    report({
      code: 'field_conflict',
      path: [...path, field],
      atKey: true,
      message: `${field} applies to a login: remove it`,
    })
  }
  return map === undefined ? undefined : readMap(given, map, head, path, report)
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

function readLogin(
  { as: role = 'agent', signature, expect }: CaseInput,
  login: NonNullable<CaseInput['login']>,
  head: CaseHead,
  path: Path,
  report: Report,
): LoginCase | undefined {
  const evidence = readEvidence(login, [...path, 'login'], report)
  const isUnsigned = signature === 'not_checked'
  if (isUnsigned && evidence?.kind === 'recorded') {
    const message = 'A recorded login was verified by the gateway: remove signature'
    report({ code: 'field_conflict', path: [...path, 'signature'], atKey: true, message })
  }
  const at = [...path, 'expect']
  if (!onlyHas(expect, ['admit', 'refuse', 'policy'], 'a login', at, report)) return undefined
  const { admit, refuse, policy } = expect
  if ((admit === undefined) === (refuse === undefined) || (admit !== undefined && policy !== undefined)) {
    const message = 'A login must expect exactly one of admit and refuse; policy goes with refuse'
    report({ code: 'field_conflict', path: at, message })
    return undefined
  }
  const code = refuse === undefined ? undefined : readCode(refuse, [...at, 'refuse'], report)
  if (evidence === undefined || (admit === undefined && code === undefined)) return undefined
  const expected: LoginExpectation =
    code === undefined ? { kind: 'admit', policy: admit ?? '' } : { kind: 'refuse', code, policy }
  return { ...head, kind: 'login', role, evidence, isUnsigned, expected }
}

function readEvidence(login: NonNullable<CaseInput['login']>, path: Path, report: Report): Evidence | undefined {
  const { attestations, token, claims, attributes } = login
  const given = Object.values(login).filter((one) => one !== undefined)
  if (given.length !== 1) {
    const message = 'A login must have exactly one of attestations, token, claims and attributes'
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

function readMap(
  { expect }: CaseInput,
  { pod, container, attributes, agent }: NonNullable<CaseInput['map']>,
  head: CaseHead,
  path: Path,
  report: Report,
): MapCase | undefined {
  const at = [...path, 'expect']
  let isWhole = onlyHas(
    expect,
    ['spiffeId', 'claims', 'subject', 'dnsNames', 'error', 'attribute'],
    'a workload',
    at,
    report,
  )
  if ((pod === undefined) === (attributes === undefined)) {
    const message = 'A workload must have exactly one of pod and attributes'
    report({ code: 'field_conflict', path: [...path, 'map'], message })
    isWhole = false
  }
  const proved = agent === undefined ? undefined : readAgentAttributes(agent as Json)
  if (proved !== undefined && 'fault' in proved) {
    const message = `Cannot use the attributes of the agent: ${proved.fault}`
    report({ code: 'value_invalid', path: [...path, 'map', 'agent'], message })
    return undefined
  }
  const { error, attribute, spiffeId, claims, subject, dnsNames } = expect
  const identity = { spiffeId, claims: claims as JsonObject | undefined, subject, dnsNames }
  const isIdentity = Object.values(identity).some((one) => one !== undefined)
  if (isIdentity === (error !== undefined) || (isIdentity && attribute !== undefined)) {
    const message =
      'A workload must expect an error, or some of spiffeId, claims, subject and dnsNames; attribute goes with error'
    report({ code: 'field_conflict', path: at, message })
    return undefined
  }
  const code = error === undefined ? undefined : readCode(error, [...at, 'error'], report)
  if (!isWhole || (error !== undefined && code === undefined)) return undefined
  const present = Object.fromEntries(Object.entries(identity).filter(([, one]) => one !== undefined))
  const expected: MapExpectation =
    code === undefined ? { kind: 'identity', ...(present as IdentityExpectation) } : { kind: 'error', code, attribute }
  const workload = (pod ?? { attributes }) as JsonObject
  return { ...head, kind: 'map', workload, container, agent: proved?.attributes, expected }
}

function onlyHas(
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
function readCode(text: string, path: Path, report: Report): RefusalCode | undefined {
  if (Object.hasOwn(REFUSALS, text)) return text as RefusalCode
  const near = suggestNearest(text, Object.keys(REFUSALS)) || ': docs/codes.md lists them'
  report({ code: 'value_invalid', path, message: `Unknown code ${quoteText(text)}${near}` })
  return undefined
}
