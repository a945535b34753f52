// The schema of audit records, for their JSON Schema and their page. The compiler holds each to the type that the gateway writes; a
// Worker never loads it.
import * as v from 'valibot'
import { REFUSALS } from '../src/core/refusal.ts'
import type {
  ChallengeRecord,
  FaultRecord,
  IntrospectionRecord,
  LoginRecord,
  MappingRecord,
  ServerlessRecord,
  StatusRecord,
} from '../src/gateway/audit/audit.ts'
import { EVENTS } from '../src/gateway/audit/events.ts'

const integer = v.pipe(v.number(), v.integer(), v.minValue(0))
const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))
const described = <S extends v.GenericSchema>(schema: S, text: string) => v.pipe(schema, v.description(text))
const optional = <S extends v.GenericSchema>(schema: S, text: string) => v.exactOptional(described(schema, text))
const list = <S extends v.GenericSchema>(item: S) => v.pipe(v.array(item), v.readonly())

const facts = v.record(v.string(), v.union([v.string(), v.number(), v.boolean(), list(v.string())]))
const code = v.picklist(Object.keys(REFUSALS))
const head = {
  v: described(v.literal(1), 'the version of the format'),
  time: described(time, 'when the record was made: RFC 3339, in UTC'),
  requestId: described(v.string(), 'of the answer as well: UUIDv7'),
  durationMs: described(integer, 'from the arrival of the request to its record'),
  traceId: optional(v.string(), "the caller's trace, from a well-formed `traceparent`"),
  parentId: optional(v.string(), 'its span'),
} as const
const audited = {
  expected: optional(facts, 'what the deployment expects, in the field names of the policy'),
  failure: optional(facts, 'why the gateway could not decide: a failure of a store, an issuer or a document'),
} as const
const configuration = v.strictObject({
  section: described(
    v.string(),
    'its name; for a document of the trust domain its key, if clusters have a section of that name',
  ),
  digest: described(v.string(), 'SHA-256 of the stored bytes'),
  stale: described(v.boolean(), 'the store could not be read lately; this is an older read'),
})
const sessionUsed = { id: described(v.string(), '`jti`'), subject: described(v.string(), '`sub`') } as const
const refusal = v.strictObject({
  type: described(v.string(), 'of the evidence'),
  code: described(code, 'see codes.md'),
  detail: described(v.string(), 'what the caller reads'),
  ...audited,
})
const attribute = v.strictObject({
  origin: described(v.string(), 'the attestor that proved it'),
  name: described(v.string(), 'see attributes.md'),
  value: described(v.union([v.string(), v.number(), list(v.string())]), 'its value, or values'),
})
const callOut = v.strictObject({
  type: described(v.string(), 'the attestor'),
  origin: described(v.string(), 'of the service'),
  requestId: described(v.string(), 'of the call, as the service knows it'),
  tries: described(integer, 'how often it was sent'),
  durationMs: described(integer, 'all tries together'),
  outcome: described(v.picklist(['allowed', 'denied', 'failed']), '`failed`: no answer that decides'),
  reason: optional(v.string(), 'what the service says'),
})
const status = described(integer, 'of the answer')
const clusterId = optional(v.string(), 'absent where an issuer logs in, or asks for all clusters')
const refusedCode = described(code, 'of the answer')
const detail = described(v.string(), 'what the caller reads')
const used = optional(list(configuration), 'the documents that decided')
const issuer = optional(v.strictObject(sessionUsed), "the issuer's session")
const omitted = (what: string) => optional(integer, `how many ${what} there was no space for`)

/** What was sent. */
const evidenceFields = {
  evidence: optional(
    list(
      v.strictObject({
        type: described(v.string(), 'the attestor'),
        digest: optional(v.string(), 'SHA-256 of what the evidence is made of; never the evidence'),
        claimed: optional(
          facts,
          'what it says of itself, UNVERIFIED: of refused requests, and of evidence that was not needed',
        ),
      }),
    ),
    'each piece that was sent',
  ),
} as const
/** What was decided of it. */
const decisionFields = {
  attributes: optional(
    list(attribute),
    'those of the session, or of the policy; of refused evidence those that were verified',
  ),
  attributesOmitted: omitted('attributes'),
  refusals: optional(
    list(refusal),
    'for each evidence the refusal of its own verification, or else of the nearest policy',
  ),
  refusalsOmitted: omitted('refusals'),
  policiesTried: optional(integer, 'the policies that the evidence could have satisfied but that did not admit'),
  policies: optional(
    list(v.strictObject({ policy: described(v.string(), 'its name'), refusals: described(list(refusal), 'its own') })),
    'those of them with refusals of their own; refusals of the evidence itself are not repeated',
  ),
  policiesOmitted: omitted('policies'),
  callOuts: optional(list(callOut), 'the services that were called, in the order in which the calls ended'),
  callOutsOmitted: omitted('calls'),
} as const

export const RECORD_SCHEMAS = {
  login: v.strictObject({
    ...head,
    event: v.literal('login'),
    clusterId,
    status,
    outcome: described(v.picklist(['admitted', 'refused']), 'what was decided'),
    code: optional(code, 'of the answer; absent if it was admitted'),
    reason: optional(v.string(), '`no_policy`, `nothing_verified` or `no_policy_satisfied`'),
    detail: optional(v.string(), 'what the caller reads'),
    configuration: optional(configuration, 'the policies that decided'),
    otherConfiguration: optional(
      list(configuration),
      'other sections that were used, such as certificates for an attestor',
    ),
    ...evidenceFields,
    policy: optional(v.string(), 'the one that admitted'),
    session: optional(
      v.strictObject({ ...sessionUsed, expiresAt: described(time, '`exp`') }),
      'the one that was issued',
    ),
    ...decisionFields,
    ...audited,
  }) satisfies v.GenericSchema<LoginRecord>,
  challenge: v.strictObject({
    ...head,
    event: v.literal('challenge'),
    clusterId,
    status,
    outcome: described(v.literal('refused'), 'an answered challenge has no record: the login that uses it has one'),
    code: refusedCode,
    detail,
    attestor: optional(v.string(), 'the one that refused'),
    cause: optional(v.string(), 'its own code'),
    configuration: used,
    ...audited,
  }) satisfies v.GenericSchema<ChallengeRecord>,
  mapping: v.strictObject({
    ...head,
    event: v.literal('mapping'),
    clusterId: described(v.string(), 'of the path'),
    status,
    outcome: described(v.picklist(['granted', 'refused']), '`refused` if any workload was'),
    code: optional(code, 'why the request was refused as a whole'),
    detail: optional(v.string(), 'what the caller reads'),
    configuration: used,
    issuer,
    agent: optional(v.strictObject(sessionUsed), "the agent's session that came along"),
    workloads: optional(integer, 'how many were sent'),
    granted: optional(integer, 'how many were mapped'),
    refused: optional(integer, 'how many were refused'),
    refusals: optional(
      list(
        v.strictObject({
          id: described(v.string(), 'of the workload'),
          code: described(code, 'see codes.md'),
          attribute: optional(v.string(), 'the attribute at fault'),
          surface: optional(v.string(), 'where it was to be used'),
          ...audited,
        }),
      ),
      'the first refused workloads',
    ),
    refusalsOmitted: omitted('refusals'),
    ...audited,
  }) satisfies v.GenericSchema<MappingRecord>,
  serverless: v.strictObject({
    ...head,
    event: v.literal('serverless'),
    clusterId,
    status,
    outcome: described(v.picklist(['granted', 'refused']), 'what was decided'),
    code: optional(code, 'of the answer; absent if an identity was given'),
    reason: optional(v.string(), '`no_policy`, `nothing_verified` or `no_policy_satisfied`'),
    detail: optional(v.string(), 'what the caller reads'),
    configuration: used,
    issuer,
    ...evidenceFields,
    policy: optional(v.string(), 'the one that the evidence satisfied'),
    spiffeId: optional(v.string(), 'the identity that was given'),
    attribute: optional(v.string(), 'the attribute at fault, if the identity could not be rendered'),
    surface: optional(v.string(), 'where it was to be used'),
    ...decisionFields,
    ...audited,
  }) satisfies v.GenericSchema<ServerlessRecord>,
  status: v.strictObject({
    ...head,
    event: v.literal('status'),
    clusterId,
    status,
    outcome: described(v.literal('refused'), 'an answered question has no record'),
    code: refusedCode,
    detail,
    configuration: used,
    issuer,
    ...audited,
  }) satisfies v.GenericSchema<StatusRecord>,
  introspection: v.strictObject({
    ...head,
    event: v.literal('introspection'),
    status,
    outcome: described(v.picklist(['answered', 'refused']), 'what was decided'),
    active: optional(v.boolean(), 'only if it was answered'),
    code: optional(code, 'why the request was refused, or why the session may not be used'),
    detail: optional(v.string(), 'the same as a sentence'),
    configuration: used,
    issuer,
    session: optional(
      v.strictObject({ ...sessionUsed, clusterId: described(v.string(), '`cluster_id`') }),
      'the one that was asked about, if it verified and the caller may act for its cluster',
    ),
    ...audited,
  }) satisfies v.GenericSchema<IntrospectionRecord>,
  fault: v.strictObject({
    ...head,
    event: v.literal('fault'),
    error: described(v.string(), 'name and place of what failed; its message may hold anything, and is dropped'),
  }) satisfies v.GenericSchema<FaultRecord>,
} as const

const eventValue = v.union([
  v.string(),
  v.number(),
  v.boolean(),
  list(v.union([v.string(), v.record(v.string(), v.unknown())])),
])

/** The event of that name, with the fields of its row; any of them may be absent, and `<name>Omitted` counts what a list lacks. */
function makeEventSchema(name: string, fields: Readonly<Record<string, string>>) {
  const members = Object.entries(fields).flatMap(([field, text]) => [
    [field, optional(eventValue, text)] as const,
    [`${field}Omitted`, omitted('entries')] as const,
  ])
  return v.strictObject({ v: head.v, time: head.time, event: v.literal(name), ...Object.fromEntries(members) })
}

export const EVENT_SCHEMAS = Object.entries(EVENTS).map(([name, { fields }]) => makeEventSchema(name, fields))

/** What many members refer to. */
export const AUDIT_DEFINITIONS = { RefusalCode: code, Facts: facts, Refusal: refusal, Configuration: configuration }

/** Every line of the stream in its own format. */
export const auditLineSchema = v.union([...Object.values(RECORD_SCHEMAS), ...EVENT_SCHEMAS])

/** What is wrong with a line, by the schema of its event; empty for a valid one. */
export function findLineFaults(line: { readonly event: string }): readonly string[] {
  const { event } = line
  const schema = Object.hasOwn(RECORD_SCHEMAS, event)
    ? RECORD_SCHEMAS[event as keyof typeof RECORD_SCHEMAS]
    : EVENT_SCHEMAS[Object.keys(EVENTS).indexOf(event)]
  if (schema === undefined) return [`there is no event ${event}`]
  const read = v.safeParse(schema as v.GenericSchema, JSON.parse(JSON.stringify(line)))
  return read.success ? [] : read.issues.map((issue) => `${event}.${v.getDotPath(issue) ?? ''}: ${issue.message}`)
}
