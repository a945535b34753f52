// The table of operations: request, answer and refusal codes of each. Tests check every answer that they get against
// this table; a code that is missing here fails them.
import type { RefusalCode } from '../../core/refusal.ts'
import type { SchemaName } from './openapi-schemas.ts'

export type QueryName = 'cursor' | 'limit'

export interface Operation {
  readonly method: 'get' | 'post'
  readonly path: string
  /** Generated clients use it: never rename it. */
  readonly id: string
  readonly summary: string
  readonly tag: 'login' | 'mapping' | 'published' | 'health'
  /** Requires the session of an issuer. */
  readonly isForIssuers?: true
  /** Optional parameters of the query; others are refused. */
  readonly query?: readonly QueryName[]
  readonly body?: SchemaName
  /** Content type of the body; default `application/json`. */
  readonly bodyType?: string
  /** Absent: the operation always refuses. */
  readonly answer?: SchemaName
  /** Content type of the answer; default `application/json`. */
  readonly type?: string
  /** The answer has an ETag; If-None-Match is answered with 304. */
  readonly isPublished?: true
  readonly refusals: readonly RefusalCode[]
  /** Codes that may be answered with 401 instead of their own status. */
  readonly refusalsOf401?: readonly RefusalCode[]
}

const BODY = [
  'request_malformed',
  'request_aborted',
  'request_timeout',
  'body_too_large',
  'content_type_unsupported',
] as const satisfies readonly RefusalCode[]

const LOGIN = [
  ...BODY,
  'rate_limited',
  'token_expired',
  'login_refused',
  'cluster_locked',
  'session_too_large',
  'signing_key_unavailable',
  'configuration_invalid',
  'store_unavailable',
  'call_out_unavailable',
  'attestor_unsupported_here',
  'replay_unavailable',
  'audit_unavailable',
] as const satisfies readonly RefusalCode[]

const CHALLENGE = [
  ...BODY,
  'rate_limited',
  'challenge_not_required',
  'challenge_unavailable',
  'login_refused',
  'signing_key_unavailable',
  'configuration_invalid',
  'store_unavailable',
  'call_out_unavailable',
  'attestor_unsupported_here',
  'audit_unavailable',
] as const satisfies readonly RefusalCode[]

/** The refusals of every operation that requires a session. */
const SESSION = [
  'rate_limited',
  'session_missing',
  'session_malformed',
  'session_invalid',
  'session_expired',
  'session_revoked',
  'session_role_forbidden',
  'session_scope_forbidden',
  'session_cluster_forbidden',
  'session_too_large',
  'cluster_locked',
  'configuration_invalid',
  'store_unavailable',
  'audit_unavailable',
] as const satisfies readonly RefusalCode[]

export const OPERATIONS: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/clusters/{clusterId}/login',
    id: 'logInAgent',
    summary: 'An agent logs in',
    tag: 'login',
    body: 'LoginRequest',
    answer: 'LoginAnswer',
    refusals: [...LOGIN, 'cluster_unknown'],
    refusalsOf401: ['login_refused'],
  },
  {
    method: 'post',
    path: '/v1/trust-domain/login',
    id: 'logInIssuer',
    summary: 'An issuer logs in',
    tag: 'login',
    body: 'LoginRequest',
    answer: 'LoginAnswer',
    refusals: LOGIN,
    refusalsOf401: ['login_refused'],
  },
  {
    method: 'post',
    path: '/v1/clusters/{clusterId}/challenge',
    id: 'challengeAgent',
    summary: 'An agent gets a challenge, for attestors that need one',
    tag: 'login',
    body: 'ChallengeRequest',
    answer: 'ChallengeAnswer',
    refusals: [...CHALLENGE, 'cluster_unknown'],
  },
  {
    method: 'post',
    path: '/v1/trust-domain/challenge',
    id: 'challengeIssuer',
    summary: 'An issuer gets a challenge, for attestors that need one',
    tag: 'login',
    body: 'ChallengeRequest',
    answer: 'ChallengeAnswer',
    refusals: CHALLENGE,
  },
  {
    method: 'post',
    path: '/v1/clusters/{clusterId}/claims',
    id: 'mapClaims',
    summary: 'Maps the attributes of each workload to a SPIFFE ID, claims and a subject',
    tag: 'mapping',
    isForIssuers: true,
    body: 'ClaimsRequest',
    answer: 'ClaimsAnswer',
    refusals: [
      ...BODY,
      ...SESSION,
      'cluster_unknown',
      'cluster_unlisted',
      'cluster_name_taken',
      'agent_session_required',
      'node_required',
    ],
  },
  {
    method: 'get',
    path: '/v1/clusters/{clusterId}/status',
    id: 'readClusterStatus',
    summary: 'What is stored and what is in force, section by section',
    tag: 'mapping',
    isForIssuers: true,
    answer: 'StatusAnswer',
    refusals: [...SESSION, 'cluster_unknown'],
  },
  {
    method: 'get',
    path: '/v1/status',
    id: 'readStatus',
    summary: 'The same of many clusters, shortened, a page at a time',
    tag: 'mapping',
    isForIssuers: true,
    query: ['cursor', 'limit'],
    answer: 'StatusPageAnswer',
    refusals: [...SESSION, 'request_malformed', 'listing_unsupported'],
  },
  {
    method: 'post',
    path: '/v1/sessions/introspect',
    id: 'introspectSession',
    summary: 'Whether the session of an agent may be used now (RFC 7662)',
    tag: 'mapping',
    isForIssuers: true,
    body: 'IntrospectionRequest',
    bodyType: 'application/x-www-form-urlencoded',
    answer: 'IntrospectionAnswer',
    refusals: [...BODY, ...SESSION],
  },
  {
    method: 'get',
    path: '/.well-known/openid-configuration',
    id: 'readDiscovery',
    summary: 'OpenID Connect discovery',
    tag: 'published',
    answer: 'Discovery',
    isPublished: true,
    refusals: [],
  },
  {
    method: 'get',
    path: '/.well-known/jwks.json',
    id: 'readSessionKeys',
    summary: 'The public keys of sessions',
    tag: 'published',
    answer: 'KeySet',
    isPublished: true,
    refusals: [],
  },
  {
    method: 'get',
    path: '/authorize',
    id: 'authorize',
    summary: 'Always refuses: discovery requires an authorization endpoint, but no browser flow exists',
    tag: 'published',
    refusals: ['authorization_unsupported'],
  },
  {
    method: 'get',
    path: '/schemas/{file}',
    id: 'readSectionSchema',
    summary: 'The JSON Schema of a section',
    tag: 'published',
    answer: 'Document',
    type: 'application/schema+json',
    isPublished: true,
    refusals: ['route_unknown'],
  },
  {
    method: 'get',
    path: '/openapi.json',
    id: 'readInterface',
    summary: 'This document',
    tag: 'published',
    answer: 'Document',
    isPublished: true,
    refusals: [],
  },
  {
    method: 'get',
    path: '/healthz',
    id: 'checkLiveness',
    summary: 'Whether the gateway runs',
    tag: 'health',
    answer: 'Liveness',
    refusals: [],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'checkReadiness',
    summary: 'Whether logins can be processed: the store, the audit stream, and whether the gateway is shutting down',
    tag: 'health',
    answer: 'Readiness',
    refusals: ['store_unavailable', 'audit_unavailable', 'gateway_draining'],
  },
]

/** Refusals of any operation: a Worker that is deployed with development settings, a fault. */
export const REFUSALS_OF_ALL = ['settings_invalid', 'internal_error'] as const satisfies readonly RefusalCode[]
