// The refusal codes that several operations share. Tests check every answer that they get against these lists.
import type { RefusalCode } from '../../core/refusal.ts'

export const BODY = [
  'request_malformed',
  'request_aborted',
  'request_timeout',
  'body_too_large',
  'content_type_unsupported',
] as const satisfies readonly RefusalCode[]

export const LOGIN = [
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

export const CHALLENGE = [
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
export const SESSION = [
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

/** Of one workload: its evidence, as at a login, and its identity, as in claims. */
export const SERVERLESS = [
  ...BODY,
  ...SESSION,
  'login_refused',
  'signing_key_unavailable',
  'call_out_unavailable',
  'attestor_unsupported_here',
  'replay_unavailable',
  'attribute_missing',
  'attribute_invalid',
  'attribute_not_enabled',
  'attribute_conflict',
  'version_required',
  'value_too_long',
  'spiffe_id_invalid',
  'subject_invalid',
  'dns_name_invalid',
  'path_outside_cluster',
  'path_reserved',
  'answer_too_large',
  'mapping_too_costly',
] as const satisfies readonly RefusalCode[]

/** Refusals of any operation: a Worker that is deployed with development settings, a fault. */
export const REFUSALS_OF_ALL = ['settings_invalid', 'internal_error'] as const satisfies readonly RefusalCode[]
