// Every operation of the interface: what it takes, what it answers, and by which codes it refuses. Tests hold each answer
// that they see against this table; a code that is missing here fails them.
import type { RefusalCode } from '../../core/refusal.ts'
import type { SchemaName } from './openapi-schemas.ts'

export interface Operation {
  readonly method: 'get' | 'post'
  readonly path: string
  /** For generated clients: never renamed. */
  readonly id: string
  readonly summary: string
  readonly tag: 'login' | 'mapping' | 'published' | 'health'
  /** Opened by an issuer's session. */
  readonly isForIssuers?: true
  readonly body?: SchemaName
  /** Absent: it only refuses. */
  readonly answer?: SchemaName
  /** Of the answer; default `application/json`. */
  readonly type?: string
  /** It has an ETag; a request that names it gets 304. */
  readonly isPublished?: true
  readonly refusals: readonly RefusalCode[]
  /** By this status instead of the code's own. */
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
  'token_expired',
  'login_refused',
  'session_too_large',
  'signing_key_unavailable',
  'configuration_invalid',
  'store_unavailable',
  'call_out_unavailable',
  'audit_unavailable',
] as const satisfies readonly RefusalCode[]

const CHALLENGE = [
  ...BODY,
  'challenge_not_required',
  'challenge_unavailable',
  'login_refused',
  'signing_key_unavailable',
  'configuration_invalid',
  'store_unavailable',
  'call_out_unavailable',
  'audit_unavailable',
] as const satisfies readonly RefusalCode[]

/** Of whatever a session opens. */
const SESSION = [
  'session_missing',
  'session_malformed',
  'session_invalid',
  'session_expired',
  'session_revoked',
  'session_role_forbidden',
  'session_cluster_forbidden',
  'session_too_large',
  'cluster_unknown',
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
    summary: 'A challenge for an agent, for attestors that need one',
    tag: 'login',
    body: 'ChallengeRequest',
    answer: 'ChallengeAnswer',
    refusals: [...CHALLENGE, 'cluster_unknown'],
  },
  {
    method: 'post',
    path: '/v1/trust-domain/challenge',
    id: 'challengeIssuer',
    summary: 'A challenge for an issuer',
    tag: 'login',
    body: 'ChallengeRequest',
    answer: 'ChallengeAnswer',
    refusals: CHALLENGE,
  },
  {
    method: 'post',
    path: '/v1/clusters/{clusterId}/claims',
    id: 'mapClaims',
    summary: 'Attributes of workloads become a SPIFFE ID, claims and a subject each',
    tag: 'mapping',
    isForIssuers: true,
    body: 'ClaimsRequest',
    answer: 'ClaimsAnswer',
    refusals: [
      ...BODY,
      ...SESSION,
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
    refusals: SESSION,
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
    summary: 'Refuses: the authorization endpoint that discovery must name, where no browser flow exists',
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
    summary: 'Whether logins can be answered: the store, the audit stream, and whether the gateway is shutting down',
    tag: 'health',
    answer: 'Readiness',
    refusals: ['store_unavailable', 'audit_unavailable', 'gateway_draining'],
  },
]

/** What any operation may refuse by: a Worker that is deployed with the settings of development, a fault. */
export const REFUSALS_OF_ALL = ['settings_invalid', 'internal_error'] as const satisfies readonly RefusalCode[]
