// The shapes of requests and answers, as the description of the interface has them. Objects of requests are closed, for
// the gateway refuses a member that it does not know; those of answers are open to members of later versions.
import { ATTESTATIONS_MAX, CLAIMS_WORKLOADS_MAX, WORKLOAD_ID_MAX_LENGTH } from '../../core/limits.ts'
import { REFUSALS } from '../../core/refusal.ts'

export type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const name: Schema = { type: 'string', minLength: 1 }
const yesNo: Schema = { type: 'boolean' }
const integer: Schema = { type: 'integer' }
const time: Schema = { type: 'string', format: 'date-time' }
const list = (items: Schema): Schema => ({ type: 'array', items })
const anything: Schema = { type: 'object', additionalProperties: true }
export const ref = (schema: string): Schema => ({ $ref: `#/components/schemas/${schema}` })

/** Of members that must be there, and of others that may. */
const object = (
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema => ({
  type: 'object',
  properties: { ...required, ...optional },
  required: Object.keys(required),
})
const closed = (
  required: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema => ({
  ...object(required, optional),
  additionalProperties: false,
})

const warnings = list(object({ code: text, detail: text }))
const issues = list(object({ code: text, path: text, message: text }, { line: integer, column: integer }))

export const SCHEMAS = {
  LoginRequest: closed({
    attestations: {
      type: 'array',
      minItems: 1,
      maxItems: ATTESTATIONS_MAX,
      items: closed({
        type: { type: 'string', pattern: '^[a-z][a-z0-9_]{0,39}$', examples: ['k8s_token'] },
        evidence: { ...anything, description: 'Of the form of its type', examples: [{ token: 'eyJ...' }] },
      }),
    },
  }),
  LoginAnswer: object(
    {
      session: object({ token: text, tokenType: { const: 'Bearer' }, expiresAt: time }),
      policy: text,
      attributes: list(ref('Attribute')),
      configuration: ref('Configuration'),
    },
    { clusterId: text },
  ),
  Attribute: object({ origin: text, name: text, value: { oneOf: [text, integer, list(text)] } }),
  Configuration: {
    type: 'object',
    description: 'The digest of each section that was used',
    additionalProperties: object({ digest: text, stale: { type: 'boolean' } }),
  },
  ClaimsRequest: closed(
    {
      workloads: {
        type: 'array',
        minItems: 1,
        maxItems: CLAIMS_WORKLOADS_MAX,
        items: {
          ...closed(
            { id: { ...name, maxLength: WORKLOAD_ID_MAX_LENGTH } },
            { attributes: anything, pod: anything, container: name },
          ),
          description: 'With attributes, or with a v1.Pod and, where it has several, the name of a container',
        },
      },
    },
    { agentSession: name },
  ),
  ClaimsAnswer: object({
    results: list({ oneOf: [ref('Identity'), ref('WorkloadError')] }),
    configuration: ref('Configuration'),
  }),
  Identity: object(
    {
      id: text,
      spiffeId: { type: 'string', format: 'uri' },
      policy: object({ source: { enum: ['policy', 'override', 'default'] } }, { index: integer }),
      jwt: object({ ttlSeconds: integer, claims: anything }),
      x509: object({ ttlSeconds: integer, dnsNames: list(text) }, { subject: text }),
    },
    { warnings },
  ),
  WorkloadError: object(
    { id: text, error: object({ code: text, detail: text }, { attribute: text, surface: text }) },
    { warnings },
  ),
  StatusAnswer: object({
    clusterId: text,
    health: ref('Health'),
    sections: list(ref('SectionStatus')),
    configuration: ref('Configuration'),
  }),
  Health: { enum: ['HEALTHY', 'UNHEALTHY'] },
  SectionStatus: object(
    {
      section: text,
      health: ref('Health'),
      stored: { enum: ['present', 'absent', 'unknown'] },
      stale: { type: 'boolean' },
      issues,
      warnings: issues,
    },
    { desiredDigest: text, attemptedAt: time, appliedDigest: text, appliedAt: time },
  ),
  Discovery: object({
    issuer: text,
    authorization_endpoint: text,
    jwks_uri: text,
    response_types_supported: list(text),
    subject_types_supported: list(text),
    id_token_signing_alg_values_supported: list(text),
    claims_supported: list(text),
  }),
  KeySet: object({ keys: list(anything) }),
  Liveness: object({ status: { const: 'ok' } }),
  Readiness: object({ status: { const: 'ready' }, checks: ref('Checks') }),
  Checks: object({
    store: object({ readable: yesNo, forSeconds: integer, checkedSecondsAgo: integer }),
    audit: object({ taking: yesNo }, { failingForSeconds: integer }),
    sealing: yesNo,
    draining: yesNo,
    degraded: list({ enum: ['draining', 'store_unreadable', 'audit_failing', 'sealing_off'] }),
  }),
  Document: anything,
  Problem: object(
    {
      type: { type: 'string', description: 'urn:postern:<code>', format: 'uri' },
      title: text,
      status: integer,
      code: { enum: Object.keys(REFUSALS) },
      detail: text,
      requestId: { type: 'string', format: 'uuid' },
    },
    {
      reason: text,
      where: { type: 'string', description: 'The member of the request, or the attribute, that is refused' },
      refusals: list(object({ type: text, code: text, reason: text, detail: text })),
      configuration: ref('Configuration'),
      checks: { ...ref('Checks'), description: 'Of /readyz' },
    },
  ),
} as const satisfies Readonly<Record<string, Schema>>

export type SchemaName = keyof typeof SCHEMAS
