// The HTTP interface as OpenAPI 3.1, for client generators and readers. A test holds it against the routes there are.
import { REFUSALS } from '../core/refusal.ts'
import type { GatewayApp, Parts } from './parts.ts'
import { answerJson } from './problem.ts'
import { addRoute } from './route.ts'

type Schema = Readonly<Record<string, unknown>>

const text: Schema = { type: 'string' }
const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
})
const list = (items: Schema): Schema => ({ type: 'array', items })
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` })

const configuration: Schema = {
  type: 'object',
  description: 'Digest of each section that decided',
  additionalProperties: object({ digest: text, stale: { type: 'boolean' } }),
}
const attribute = object({
  origin: text,
  name: text,
  value: { oneOf: [text, { type: 'integer' }, list(text)] },
})

const SCHEMAS = {
  LoginRequest: object({
    attestations: list(object({ type: { type: 'string', examples: ['k8s_token'] }, evidence: { type: 'object' } })),
  }),
  LoginAnswer: object(
    {
      session: object({
        token: text,
        tokenType: { const: 'Bearer' },
        expiresAt: { type: 'string', format: 'date-time' },
      }),
      clusterId: text,
      policy: text,
      attributes: list(attribute),
      configuration,
    },
    ['clusterId'],
  ),
  ClaimsRequest: object(
    {
      agentSession: text,
      workloads: list(
        object({ id: text, attributes: { type: 'object' }, pod: { type: 'object' }, container: text }, [
          'attributes',
          'pod',
          'container',
        ]),
      ),
    },
    ['agentSession'],
  ),
  ClaimsAnswer: object({ results: list({ oneOf: [ref('Identity'), ref('WorkloadError')] }), configuration }),
  Identity: object(
    {
      id: text,
      spiffeId: { type: 'string', format: 'uri' },
      policy: object({ source: { enum: ['policy', 'override', 'default'] }, index: { type: 'integer' } }, ['index']),
      jwt: object({ ttlSeconds: { type: 'integer' }, claims: { type: 'object' } }),
      x509: object({ ttlSeconds: { type: 'integer' }, subject: text, dnsNames: list(text) }, ['subject']),
      warnings: list(object({ code: text, detail: text })),
    },
    ['warnings'],
  ),
  WorkloadError: object({
    id: text,
    error: object({ code: text, attribute: text, surface: text, detail: text }, ['attribute', 'surface']),
  }),
  Ready: object({ status: { const: 'ready' }, checks: ref('Checks') }),
  Checks: object({
    store: object({
      readable: { type: 'boolean' },
      forSeconds: { type: 'integer' },
      checkedSecondsAgo: { type: 'integer' },
    }),
    audit: object({ taking: { type: 'boolean' }, failingForSeconds: { type: 'integer' } }, ['failingForSeconds']),
    sealing: { type: 'boolean' },
    draining: { type: 'boolean' },
    degraded: list({ enum: ['draining', 'store_unreadable', 'audit_failing', 'sealing_off'] }),
  }),
  Problem: object(
    {
      type: { type: 'string', description: 'urn:postern:<code>' },
      title: text,
      status: { type: 'integer' },
      code: { enum: Object.keys(REFUSALS) },
      reason: text,
      detail: text,
      where: text,
      requestId: { type: 'string', format: 'uuid' },
      refusals: list(object({ type: text, code: text, reason: text, detail: text })),
      configuration,
      checks: ref('Checks'),
    },
    ['reason', 'where', 'refusals', 'configuration', 'checks'],
  ),
} as const satisfies Readonly<Record<string, Schema>>

const CLUSTER = {
  name: 'clusterId',
  in: 'path',
  required: true,
  schema: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$' },
}

function operation(
  summary: string,
  parts: { readonly body?: string; readonly answer?: string; readonly cluster?: true; readonly issuer?: true },
): Schema {
  const json = (name: string, type = 'application/json'): Schema => ({ content: { [type]: { schema: ref(name) } } })
  return {
    summary,
    ...(parts.cluster === undefined ? {} : { parameters: [CLUSTER] }),
    ...(parts.issuer === undefined ? {} : { security: [{ issuerSession: [] }] }),
    ...(parts.body === undefined ? {} : { requestBody: { required: true, ...json(parts.body) } }),
    responses: {
      200: parts.answer === undefined ? { description: 'OK' } : { description: 'OK', ...json(parts.answer) },
      default: { description: 'A refusal', ...json('Problem', 'application/problem+json') },
    },
  }
}

const PATHS = {
  '/v1/clusters/{clusterId}/login': {
    post: operation('An agent logs in', { body: 'LoginRequest', answer: 'LoginAnswer', cluster: true }),
  },
  '/v1/clusters/{clusterId}/claims': {
    post: operation('Attributes to claims', {
      body: 'ClaimsRequest',
      answer: 'ClaimsAnswer',
      cluster: true,
      issuer: true,
    }),
  },
  '/v1/clusters/{clusterId}/status': { get: operation('What is stored and in force', { cluster: true, issuer: true }) },
  '/v1/trust-domain/login': { post: operation('An issuer logs in', { body: 'LoginRequest', answer: 'LoginAnswer' }) },
  '/.well-known/openid-configuration': { get: operation('OpenID Connect discovery', {}) },
  '/.well-known/jwks.json': { get: operation('Public keys of sessions', {}) },
  '/schemas/{file}': {
    get: {
      ...operation('JSON Schema of a section', {}),
      parameters: [{ name: 'file', in: 'path', required: true, schema: text }],
    },
  },
  '/healthz': { get: operation('Whether the gateway runs', {}) },
  '/readyz': {
    get: operation(
      'Whether logins can be answered: the store, the audit stream, and whether the gateway is shutting down',
      { answer: 'Ready' },
    ),
  },
  '/openapi.json': { get: operation('This document', {}) },
}

export function addOpenApiRoute(app: GatewayApp, { settings }: Parts): void {
  addRoute(app, 'GET', '/openapi.json', (c) =>
    answerJson(
      c,
      JSON.stringify({
        openapi: '3.1.0',
        info: { title: 'Postern', version: '1', description: 'A login gateway for workload-identity agents' },
        servers: [{ url: settings.issuerUrl }],
        paths: PATHS,
        components: {
          schemas: SCHEMAS,
          securitySchemes: { issuerSession: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
        },
      }),
    ),
  )
}
