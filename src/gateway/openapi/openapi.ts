// Describes the HTTP interface in OpenAPI 3.1, from the table of operations and the schemas of requests and answers. CORS preflights are defined by the Fetch standard and not described.
import { STATUS_CURSOR_MAX_LENGTH, STATUS_PAGE_MAX } from '../../core/limits.ts'
import { REFUSALS, type RefusalCode } from '../../core/refusal.ts'
import type { GatewayApp, Services } from '../services.ts'
import type { SchemaName } from './openapi-schemas.ts'
import { REFUSALS_OF_ALL } from './operation-refusals.ts'
import { OPERATIONS, type Operation, type QueryName } from './operations.ts'
import { type ServedSchemas, unpackSchemas } from './packed-schemas.ts'
import { addPublishedRoute, publishJson } from './published.ts'

type Schema = Readonly<Record<string, unknown>>

const ref = (name: SchemaName): Schema => ({ $ref: `#/components/schemas/${name}` })

const TAGS: Readonly<Record<Operation['tag'], string>> = {
  login: 'Evidence becomes a session',
  mapping: 'Operations that require the session of an issuer',
  published: 'Public documents, for relying parties, web pages and editors',
  health: 'Liveness and readiness',
}

const PARAMETERS: Readonly<Record<string, Schema>> = {
  clusterId: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$' },
  file: { type: 'string', examples: ['AgentAttestation.json'] },
}

const QUERY: Readonly<Record<QueryName, Schema>> = {
  cursor: { type: 'string', maxLength: STATUS_CURSOR_MAX_LENGTH },
  limit: { type: 'integer', minimum: 1, maximum: STATUS_PAGE_MAX, default: STATUS_PAGE_MAX },
}

const text: Schema = { type: 'string' }
const HEADERS = {
  'X-Request-Id': { description: 'Also in the audit record and in problems', required: true, schema: text },
  ETag: { description: 'For If-None-Match', required: true, schema: text },
  'WWW-Authenticate': {
    description:
      'For a 401: `Bearer`, or `Postern-Evidence` with `in="attestations"` or `in="agentSession"` for credentials in the body. For a 403 of a session: `Bearer`',
    schema: text,
  },
  'Retry-After': { description: 'Seconds', schema: { type: 'string', pattern: '^[0-9]+$' } },
} as const satisfies Readonly<Record<string, Schema>>

type HeaderName = keyof typeof HEADERS

const headers = (...names: readonly HeaderName[]): Schema =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

/** Answers of the host's HTTP server, before the gateway gets the request. */
const HOST = { description: 'From the HTTP server or a proxy, before the gateway gets the request; any content' }

/**
 * Makes the OpenAPI document.
 * @param issuerUrl the URL of this gateway
 * @param schemas of requests and answers
 */
export function describeInterface(issuerUrl: string, schemas: ServedSchemas['interface']): Schema {
  const paths: Record<string, Schema> = {}
  for (const operation of OPERATIONS)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describeOperation(operation) }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Postern',
      version: '1',
      description: 'A login gateway for workload-identity agents',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: issuerUrl }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas,
      headers: HEADERS,
      securitySchemes: { issuerSession: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function describeOperation(operation: Operation): Schema {
  const { id, summary, tag, path, query = [], body, bodyType = 'application/json', isForIssuers } = operation
  const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: PARAMETERS[name] ?? text,
  }))
  const inQuery = query.map((name) => ({ name, in: 'query', required: false, schema: QUERY[name] }))
  const parameters: readonly Schema[] = [...inPath, ...inQuery]
  return {
    operationId: id,
    summary,
    tags: [tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    security: isForIssuers === true ? [{ issuerSession: [] }] : [],
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [bodyType]: { schema: ref(body) } } } }),
    responses: describeResponses(operation),
  }
}

function describeResponses({ answer, type, isPublished, refusals, refusalsOf401 = [] }: Operation): Schema {
  const responses: Record<string, Schema> = {}
  const tagged: readonly HeaderName[] = isPublished === true ? ['ETag'] : []
  if (answer !== undefined)
    responses['200'] = {
      description: 'OK',
      headers: headers('X-Request-Id', ...tagged),
      content: { [type ?? 'application/json']: { schema: ref(answer) } },
    }
  if (isPublished === true)
    responses['304'] = { description: 'If-None-Match has the current ETag', headers: headers('X-Request-Id', 'ETag') }
  const byStatus = Map.groupBy([...refusals, ...REFUSALS_OF_ALL], (code) => REFUSALS[code].status)
  if (refusalsOf401.length > 0) byStatus.set(401, [...(byStatus.get(401) ?? []), ...refusalsOf401])
  for (const [status, codes] of byStatus) responses[String(status)] = describeRefusals(status, codes)
  // 408: the headers do not end; 431: they are too long.
  return { '408': HOST, '431': HOST, ...responses, default: HOST }
}

function describeRefusals(status: number, codes: readonly RefusalCode[]): Schema {
  const challenges: readonly HeaderName[] = status === 401 || status === 403 ? ['WWW-Authenticate'] : []
  const later: readonly HeaderName[] = status === 503 || status === 429 ? ['Retry-After'] : []
  const narrowed = { type: 'object', properties: { status: { const: status }, code: { enum: [...new Set(codes)] } } }
  return {
    description: [...new Set(codes.map((code) => REFUSALS[code].title))].join('; '),
    headers: headers('X-Request-Id', ...challenges, ...later),
    content: { 'application/problem+json': { schema: { allOf: [ref('Problem'), narrowed] } } },
  }
}

export function addOpenApiRoute(app: GatewayApp, { settings }: Services): void {
  const description = publishJson<Schema>(async () =>
    describeInterface(settings.issuerUrl, (await unpackSchemas()).interface),
  )
  addPublishedRoute(app, '/openapi.json', () => description)
}
