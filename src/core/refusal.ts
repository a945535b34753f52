// Why a login, a mapping or a request was refused. One closed table: a code is never renamed, its meaning never
// changed.

/**
 * How far a piece of evidence got.
 * - `malformed`: not well-formed evidence of its type
 * - `unverified`: signature, issuer, audience or times do not hold, or the gateway cannot verify this type
 * - `keys_unavailable`: could not be verified because keys could not be fetched
 * - `not_answered`: could not be decided because what must be asked did not answer
 * - `not_accepted`: verified, but a pin or a condition of the policy does not hold
 * - `not_required`: ignored, and never verified
 */
export type EvidenceReason =
  | 'malformed'
  | 'unverified'
  | 'keys_unavailable'
  | 'not_answered'
  | 'not_accepted'
  | 'not_required'

interface RefusalRow {
  /** The HTTP status when this code ends the request; an evidence code never does. */
  readonly status: number
  readonly title: string
  readonly reason?: EvidenceReason
}

const request = (status: number, title: string): RefusalRow => ({ status, title })
const evidence = (reason: EvidenceReason, title: string): RefusalRow => ({ status: 401, title, reason })
/** `answer`: the code that ends the request if the evidence could have passed without this failure. */
const waiting = <Answer extends string>(reason: EvidenceReason, answer: Answer, title: string) => ({
  status: 401,
  title,
  reason,
  answer,
})

export const REFUSALS = {
  // A whole request
  request_malformed: request(400, 'The request is malformed'),
  body_too_large: request(413, 'The request body is too large'),
  request_timeout: request(408, 'The request took too long to arrive'),
  request_aborted: request(400, 'The request body ended early'),
  content_type_unsupported: request(415, 'The content type must be application/json'),
  route_unknown: request(404, 'The route does not exist'),
  method_not_allowed: request(405, 'The method is not allowed here'),
  authorization_unsupported: request(400, 'Browser login is not supported'),
  cluster_unknown: request(404, 'The cluster is unknown'),
  rate_limited: request(429, 'Too many requests verified nothing'),
  cluster_locked: request(403, 'The operator has locked logins and sessions here'),
  login_refused: request(403, 'The login was refused'),
  listing_unsupported: request(501, 'The configuration store cannot list clusters'),
  signing_key_unavailable: request(503, 'A signing key could not be fetched'),
  configuration_invalid: request(503, 'The configuration has never compiled'),
  store_unavailable: request(503, 'The configuration store could not be read'),
  call_out_unavailable: request(503, 'A service that a policy calls did not answer'),
  replay_unavailable: request(503, 'The store of used evidence did not answer'),
  challenge_unavailable: request(503, 'This gateway cannot issue challenges'),
  challenge_not_required: request(403, 'No policy asks for this challenge'),
  audit_unavailable: request(503, 'The audit record could not be written'),
  gateway_draining: request(503, 'The gateway is shutting down'),
  settings_invalid: request(503, 'The settings are not valid for this runtime'),
  internal_error: request(500, 'The gateway failed'),
  // Sessions
  session_missing: request(401, 'A session is required'),
  session_malformed: request(401, 'The session is not well-formed'),
  session_invalid: request(401, 'The session is not valid'),
  session_expired: request(401, 'The session has expired'),
  session_revoked: request(401, 'The session has been revoked'),
  session_scope_forbidden: request(403, 'The session does not have the required scope'),
  session_role_forbidden: request(403, 'The session has another role'),
  session_cluster_forbidden: request(403, 'The session is not for this cluster'),
  session_too_large: request(403, 'The session would be too large'),
  // Mapping, the whole request
  cluster_unlisted: request(403, 'The trust domain does not list the cluster'),
  cluster_name_taken: request(403, 'The cluster has the name of a listed cluster'),
  // Evidence: form
  evidence_not_required: evidence('not_required', 'No policy asks for this evidence'),
  token_too_large: evidence('malformed', 'The token is too large'),
  token_malformed: evidence('malformed', 'The token is not a well-formed JWS'),
  token_header_forbidden: evidence('malformed', 'The token header holds a forbidden parameter'),
  token_type_forbidden: evidence('malformed', 'The token is of a forbidden type'),
  algorithm_forbidden: evidence('malformed', 'The signature algorithm is forbidden'),
  claim_missing: evidence('malformed', 'A required claim is missing'),
  claim_malformed: evidence('malformed', 'A claim is malformed'),
  token_legacy: evidence('malformed', 'The token is a legacy service account token'),
  token_extended: evidence('malformed', 'The token was extended for the API server'),
  subject_mismatch: evidence('malformed', 'The subject disagrees with the other claims'),
  document_malformed: evidence('malformed', 'The signed document is malformed'),
  certificate_malformed: evidence('malformed', 'A certificate is malformed'),
  proof_malformed: evidence('malformed', 'The proof is malformed'),
  identity_not_managed: evidence('malformed', 'The token is not that of a managed identity'),
  // Evidence: verification
  issuer_mismatch: evidence('unverified', 'The issuer is not expected'),
  audience_mismatch: evidence('unverified', 'The audience is not expected'),
  token_expired: evidence('unverified', 'The token has expired'),
  token_not_yet_valid: evidence('unverified', 'The token is not yet valid'),
  token_issued_in_future: evidence('unverified', 'The token was issued in the future'),
  signing_key_unknown: evidence('unverified', 'The signing key is unknown'),
  signing_key_ambiguous: evidence('unverified', 'Several keys match the token'),
  signing_key_unusable: evidence('unverified', 'The signing key is unusable'),
  signature_invalid: evidence('unverified', 'The signature is not valid'),
  attestor_unsupported: evidence('unverified', 'The attestor is not supported by this version'),
  document_signer_unknown: evidence('unverified', 'The signer of the document is unknown'),
  document_expired: evidence('unverified', 'The signed document has expired'),
  certificate_expired: evidence('unverified', 'A certificate is outside its validity'),
  certificate_unusable: evidence('unverified', 'A certificate cannot be used for this'),
  certificate_not_trusted: evidence('unverified', 'The certificates do not lead to an accepted authority'),
  host_key_unknown: evidence('unverified', 'The host key is unknown'),
  proof_namespace_mismatch: evidence('unverified', 'The signature was made for another purpose'),
  section_missing: evidence('unverified', 'The configuration that verifies this evidence is missing'),
  challenge_missing: evidence('malformed', 'The challenge is missing'),
  challenge_malformed: evidence('malformed', 'The challenge was not issued by this gateway'),
  challenge_expired: evidence('unverified', 'The challenge has expired'),
  challenge_mismatch: evidence('unverified', 'The challenge was issued for another login'),
  // Evidence: nothing is decided, and the request is answered with 503 if it could still pass
  signing_key_fetch_failed: waiting(
    'keys_unavailable',
    'signing_key_unavailable',
    'The signing keys could not be fetched',
  ),
  section_invalid: waiting(
    'not_answered',
    'configuration_invalid',
    'The configuration that verifies this evidence has never compiled',
  ),
  section_unavailable: waiting(
    'not_answered',
    'store_unavailable',
    'The configuration that verifies this evidence could not be read',
  ),
  call_out_unanswered: waiting('not_answered', 'call_out_unavailable', 'A service that a policy calls did not answer'),
  replay_unanswered: waiting('not_answered', 'replay_unavailable', 'The store of used evidence did not answer'),
  // Evidence: pins and conditions
  token_lifetime_excessive: evidence('not_accepted', 'The token lifetime is too long'),
  namespace_not_allowed: evidence('not_accepted', 'The namespace is not allowed'),
  service_account_not_allowed: evidence('not_accepted', 'The service account is not allowed'),
  node_not_allowed: evidence('not_accepted', 'The node is not allowed'),
  pod_required: evidence('not_accepted', 'The token is not bound to a pod'),
  repository_not_allowed: evidence('not_accepted', 'The repository is not allowed'),
  repository_id_not_allowed: evidence('not_accepted', 'The repository id is not allowed'),
  repository_owner_not_allowed: evidence('not_accepted', 'The repository owner is not allowed'),
  environment_not_allowed: evidence('not_accepted', 'The environment is not allowed'),
  ref_not_allowed: evidence('not_accepted', 'The ref is not allowed'),
  event_not_allowed: evidence('not_accepted', 'The event is not allowed'),
  workflow_not_allowed: evidence('not_accepted', 'The workflow is not allowed'),
  runner_not_allowed: evidence('not_accepted', 'The runner environment is not allowed'),
  compute_claims_missing: evidence('not_accepted', 'The token proves no instance'),
  project_not_allowed: evidence('not_accepted', 'The project is not allowed'),
  zone_not_allowed: evidence('not_accepted', 'The zone is not allowed'),
  region_not_allowed: evidence('not_accepted', 'The region is not allowed'),
  account_not_allowed: evidence('not_accepted', 'The account is not allowed'),
  role_not_allowed: evidence('not_accepted', 'The principal is not allowed'),
  organization_not_allowed: evidence('not_accepted', 'The organization is not allowed'),
  tenant_not_allowed: evidence('not_accepted', 'The tenant is not allowed'),
  principal_not_allowed: evidence('not_accepted', 'The managed identity is not allowed'),
  subscription_not_allowed: evidence('not_accepted', 'The subscription is not allowed'),
  resource_group_not_allowed: evidence('not_accepted', 'The resource group is not allowed'),
  resource_type_not_allowed: evidence('not_accepted', 'The resource type is not allowed'),
  document_too_old: evidence('not_accepted', 'The signed document is too old'),
  host_name_not_allowed: evidence('not_accepted', 'The host name is not allowed'),
  common_name_not_allowed: evidence('not_accepted', 'The common name is not allowed'),
  claim_not_allowed: evidence('not_accepted', 'A claim has a value that is not allowed'),
  attestor_missing: evidence('not_accepted', 'Another attestor is required as well'),
  condition_failed: evidence('not_accepted', 'A condition does not hold'),
  condition_fault: evidence('not_accepted', 'A condition could not be evaluated'),
  evidence_revoked: evidence('not_accepted', 'What the evidence proves has been revoked'),
  evidence_replayed: evidence('not_accepted', 'The evidence was used before'),
  policy_empty: evidence('not_accepted', 'The policy requires no evidence, so it admits no one'),
  // Attribute-to-claims mapping, one workload
  attribute_missing: request(422, 'An attribute is missing'),
  attribute_invalid: request(422, 'An attribute has a value that cannot be used here'),
  attribute_unknown: request(422, 'An attribute is unknown'),
  attribute_duplicate: request(422, 'An attribute is given twice'),
  attribute_conflict: request(422, 'An attribute is supplied by two sides'),
  attribute_origin_forbidden: request(422, 'An attribute may not come from this side'),
  attribute_not_enabled: request(422, 'An attribute is not enabled'),
  version_required: request(422, 'A newer upstream server is required'),
  value_too_long: request(422, 'A rendered value is too long'),
  spiffe_id_invalid: request(422, 'The rendered SPIFFE ID is invalid'),
  subject_invalid: request(422, 'The rendered subject is invalid'),
  dns_name_invalid: request(422, 'The rendered DNS name is invalid'),
  path_outside_cluster: request(422, 'The path is outside the prefixes of the cluster'),
  path_reserved: request(422, 'The path is reserved'),
  node_mismatch: request(422, 'The workload is on another node than the agent'),
  node_missing: request(422, 'The workload names no node'),
  agent_session_required: request(422, 'An agent session is required'),
  node_required: request(422, 'The agent session must prove a node'),
  workload_revoked: request(422, 'The workload has been revoked'),
  container_unknown: request(422, 'The pod has no such container'),
  answer_too_large: request(422, 'The rendered values take too many bytes'),
  mapping_too_costly: request(422, 'The request exceeds the work limit of one request'),
} as const satisfies Record<string, RefusalRow>

export type RefusalCode = keyof typeof REFUSALS

/** The contents and faults of a key set are not expectations of a policy either. */
const ABOUT_KEYS: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'signing_key_unknown',
  'signing_key_ambiguous',
  'signing_key_unusable',
])

/**
 * Whether the facts of a refusal describe a failure, not an expectation of a policy: keys, the configuration or a store
 * were unavailable, so nothing was decided; or the keys that an issuer publishes decided.
 */
export function isOurFailure(code: RefusalCode): boolean {
  const { status, reason }: RefusalRow = REFUSALS[code]
  return status === 503 || reason === 'keys_unavailable' || reason === 'not_answered' || ABOUT_KEYS.has(code)
}

/**
 * A refusal and its facts. The caller reads `detail`: it describes only the caller's own input, and never contains a
 * token. `audit` goes to the audit record only: what the deployment expects, by the field names of the policy, or, if
 * the gateway could not decide ({@link isOurFailure}), what failed.
 */
export interface Refusal {
  readonly code: RefusalCode
  readonly detail: string
  readonly audit?: Readonly<Record<string, string | number | boolean | readonly string[]>>
  /** The code is that of a failure, but the request counts against its client: only a made-up one meets it. */
  readonly isCharged?: true
  /** For 429 and 503: seconds after which to try again. */
  readonly retryAfterSeconds?: number
  /** The field, claim or attribute at fault. */
  readonly where?: string
}
