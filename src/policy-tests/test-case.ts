// One case of a test file: a login, a workload or a serverless request, and what it must get.
import type { Report } from '../attest/attest-context.ts'
import type { Attribute } from '../attribute/attribute.ts'
import type { SectionScope } from '../config/sections/section.ts'
import type { Path } from '../core/issue.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { quoteText } from '../core/printable.ts'
import type { RefusalCode } from '../core/refusal.ts'
import { readAgentAttributes } from '../explain/read-agent-attributes.ts'
import {
  type Evidence,
  type IdentityExpectation,
  onlyHas,
  readCode,
  readEvidence,
  readIdentity,
  readTime,
} from './case-parts.ts'
import type { CaseInput } from './test-schema.ts'

export type Role = 'agent' | 'issuer'

export type LoginExpectation =
  | { readonly kind: 'admit'; readonly policy: string }
  | { readonly kind: 'refuse'; readonly code: RefusalCode; readonly policy: string | undefined }

export type MapExpectation =
  | ({ readonly kind: 'identity' } & IdentityExpectation)
  | { readonly kind: 'error'; readonly code: RefusalCode; readonly attribute: string | undefined }

export type ServerlessExpectation =
  | Extract<LoginExpectation, { readonly kind: 'refuse' }>
  /** `policy`: the one that gives it, if that is expected too. */
  | { readonly kind: 'identity'; readonly policy: string | undefined; readonly identity: IdentityExpectation }
  /** A policy is satisfied, and its identity cannot be rendered. */
  | Extract<MapExpectation, { readonly kind: 'error' }>

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
export interface ServerlessCase extends CaseHead, Pick<LoginCase, 'evidence' | 'isUnsigned'> {
  readonly kind: 'serverless'
  /** Whose document decides: of the cluster, or of the trust domain. */
  readonly scope: SectionScope
  readonly expected: ServerlessExpectation
}
export type PolicyTest = LoginCase | MapCase | ServerlessCase

/** Reads one case that has the shape of the schema; reports every issue. */
export function readCase(given: CaseInput, path: Path, nowSeconds: number, report: Report): PolicyTest | undefined {
  const { name, login, map, serverless } = given
  const head = { name, path, atSeconds: readTime(given.at, [...path, 'at'], report) ?? nowSeconds }
  if ([login, map, serverless].filter((one) => one !== undefined).length !== 1) {
    const message = `Case ${quoteText(name)} must have exactly one of login, map and serverless`
    report({ code: 'field_conflict', path, message })
    return undefined
  }
  const foreign =
    login !== undefined ? [] : serverless !== undefined ? (['as'] as const) : (['as', 'signature'] as const)
  for (const field of foreign) {
    if (given[field] === undefined) continue
    const message = `${field} applies to a login: remove it`
    report({ code: 'field_conflict', path: [...path, field], atKey: true, message })
  }
  if (login !== undefined) return readLogin(given, login, head, report)
  if (serverless !== undefined) return readServerless(given, serverless, head, report)
  return map === undefined ? undefined : readMap(given, map, head, path, report)
}

function readLogin(
  given: CaseInput,
  login: NonNullable<CaseInput['login']>,
  head: CaseHead,
  report: Report,
): LoginCase | undefined {
  const evidence = readEvidence(given, login, head.path, 'login', report)
  const at = [...head.path, 'expect']
  const { expect, as: role = 'agent', signature } = given
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
  return { ...head, kind: 'login', role, evidence, isUnsigned: signature !== undefined, expected }
}

function readServerless(
  given: CaseInput,
  serverless: NonNullable<CaseInput['serverless']>,
  head: CaseHead,
  report: Report,
): ServerlessCase | undefined {
  const evidence = readEvidence(given, serverless, head.path, 'serverless', report)
  const expected = readServerlessExpectation(given.expect, [...head.path, 'expect'], report)
  if (evidence === undefined || expected === undefined) return undefined
  const { scope = 'cluster' } = serverless
  return { ...head, kind: 'serverless', scope, evidence, isUnsigned: given.signature !== undefined, expected }
}

function readServerlessExpectation(
  expect: CaseInput['expect'],
  at: Path,
  report: Report,
): ServerlessExpectation | undefined {
  const { admit, refuse, policy, error, attribute } = expect
  const identity = readIdentity(expect)
  const isIdentity = admit !== undefined || Object.keys(identity).length > 0
  const kinds = [isIdentity, refuse !== undefined, error !== undefined].filter(Boolean).length
  if (
    kinds !== 1 ||
    (policy !== undefined && refuse === undefined) ||
    (attribute !== undefined && error === undefined)
  ) {
    const message =
      'A serverless request must expect an identity (some of admit, spiffeId, claims, subject and dnsNames), or refuse, or error; policy goes with refuse, attribute with error'
    report({ code: 'field_conflict', path: at, message })
    return undefined
  }
  if (isIdentity) return { kind: 'identity', policy: admit, identity }
  const [field, text] = refuse === undefined ? ['error', error ?? ''] : ['refuse', refuse]
  const code = readCode(text, [...at, field], report)
  if (code === undefined) return undefined
  return refuse === undefined ? { kind: 'error', code, attribute } : { kind: 'refuse', code, policy }
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
  const { error, attribute } = expect
  const identity = readIdentity(expect)
  const isIdentity = Object.keys(identity).length > 0
  if (isIdentity === (error !== undefined) || (isIdentity && attribute !== undefined)) {
    const message =
      'A workload must expect an error, or some of spiffeId, claims, subject and dnsNames; attribute goes with error'
    report({ code: 'field_conflict', path: at, message })
    return undefined
  }
  const code = error === undefined ? undefined : readCode(error, [...at, 'error'], report)
  if (!isWhole || (error !== undefined && code === undefined)) return undefined
  const expected: MapExpectation =
    code === undefined ? { kind: 'identity', ...identity } : { kind: 'error', code, attribute }
  const workload = (pod ?? { attributes }) as JsonObject
  return { ...head, kind: 'map', workload, container, agent: proved?.attributes, expected }
}
