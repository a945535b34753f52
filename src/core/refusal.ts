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
  /** The code that ends the request if the evidence could have passed without this failure. */
  readonly answer?: string
}

// Written out row by row: the types of a package's interface are read without evaluating it.
export const REFUSALS = {
  // A whole request
  request_malformed: { status: 400, title: 'The request is malformed' },
  body_too_large: { status: 413, title: 'The request body is too large' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  request_aborted: { status: 400, title: 'The request body ended early' },
  content_type_unsupported: { status: 415, title: 'The content type must be application/json' },
  route_unknown: { status: 404, title: 'The route does not exist' },
  method_not_allowed: { status: 405, title: 'The method is not allowed here' },
  authorization_unsupported: { status: 400, title: 'Browser login is not supported' },
  cluster_unknown: { status: 404, title: 'The cluster is unknown' },
  rate_limited: { status: 429, title: 'Too many requests verified nothing' },
  cluster_locked: { status: 403, title: 'The operator has locked logins and sessions here' },
  login_refused: { status: 403, title: 'The login was refused' },
  listing_unsupported: { status: 501, title: 'The configuration store cannot list clusters' },
  signing_key_unavailable: { status: 503, title: 'A signing key could not be fetched' },
  configuration_invalid: { status: 503, title: 'The configuration has never compiled' },
  store_unavailable: { status: 503, title: 'The configuration store could not be read' },
  call_out_unavailable: { status: 503, title: 'A service that a policy calls did not answer' },
  attestor_unsupported_here: { status: 503, title: 'This host of the gateway cannot verify the evidence' },
  replay_unavailable: { status: 503, title: 'The store of used evidence did not answer' },
  challenge_unavailable: { status: 503, title: 'This gateway cannot issue challenges' },
  challenge_not_required: { status: 403, title: 'No policy asks for this challenge' },
  audit_unavailable: { status: 503, title: 'The audit record could not be written' },
  gateway_draining: { status: 503, title: 'The gateway is shutting down' },
  settings_invalid: { status: 503, title: 'The settings are not valid for this runtime' },
  internal_error: { status: 500, title: 'The gateway failed' },
  // Sessions
  session_missing: { status: 401, title: 'A session is required' },
  session_malformed: { status: 401, title: 'The session is not well-formed' },
  session_invalid: { status: 401, title: 'The session is not valid' },
  session_expired: { status: 401, title: 'The session has expired' },
  session_revoked: { status: 401, title: 'The session has been revoked' },
  session_scope_forbidden: { status: 403, title: 'The session does not have the required scope' },
  session_role_forbidden: { status: 403, title: 'The session has another role' },
  session_cluster_forbidden: { status: 403, title: 'The session is not for this cluster' },
  session_too_large: { status: 403, title: 'The session would be too large' },
  // Mapping, the whole request
  cluster_unlisted: { status: 403, title: 'The trust domain does not list the cluster' },
  cluster_name_taken: { status: 403, title: 'The cluster has the name of a listed cluster' },
  // Evidence: form
  evidence_not_required: { status: 401, reason: 'not_required', title: 'No policy asks for this evidence' },
  token_too_large: { status: 401, reason: 'malformed', title: 'The token is too large' },
  token_malformed: { status: 401, reason: 'malformed', title: 'The token is not a well-formed JWS' },
  token_header_forbidden: { status: 401, reason: 'malformed', title: 'The token header holds a forbidden parameter' },
  token_type_forbidden: { status: 401, reason: 'malformed', title: 'The token is of a forbidden type' },
  algorithm_forbidden: { status: 401, reason: 'malformed', title: 'The signature algorithm is forbidden' },
  claim_missing: { status: 401, reason: 'malformed', title: 'A required claim is missing' },
  claim_malformed: { status: 401, reason: 'malformed', title: 'A claim is malformed' },
  token_legacy: { status: 401, reason: 'malformed', title: 'The token is a legacy service account token' },
  token_extended: { status: 401, reason: 'malformed', title: 'The token was extended for the API server' },
  subject_mismatch: { status: 401, reason: 'malformed', title: 'The subject disagrees with the other claims' },
  document_malformed: { status: 401, reason: 'malformed', title: 'The signed document is malformed' },
  certificate_malformed: { status: 401, reason: 'malformed', title: 'A certificate is malformed' },
  proof_malformed: { status: 401, reason: 'malformed', title: 'The proof is malformed' },
  identity_not_managed: { status: 401, reason: 'malformed', title: 'The token is not that of a managed identity' },
  // Evidence: verification
  issuer_mismatch: { status: 401, reason: 'unverified', title: 'The issuer is not expected' },
  audience_mismatch: { status: 401, reason: 'unverified', title: 'The audience is not expected' },
  token_expired: { status: 401, reason: 'unverified', title: 'The token has expired' },
  token_not_yet_valid: { status: 401, reason: 'unverified', title: 'The token is not yet valid' },
  token_issued_in_future: { status: 401, reason: 'unverified', title: 'The token was issued in the future' },
  signing_key_unknown: { status: 401, reason: 'unverified', title: 'The signing key is unknown' },
  signing_key_ambiguous: { status: 401, reason: 'unverified', title: 'Several keys match the token' },
  signing_key_unusable: { status: 401, reason: 'unverified', title: 'The signing key is unusable' },
  signature_invalid: { status: 401, reason: 'unverified', title: 'The signature is not valid' },
  attestor_unsupported: { status: 401, reason: 'unverified', title: 'The attestor is not supported by this version' },
  document_signer_unknown: { status: 401, reason: 'unverified', title: 'The signer of the document is unknown' },
  document_expired: { status: 401, reason: 'unverified', title: 'The signed document has expired' },
  certificate_expired: { status: 401, reason: 'unverified', title: 'A certificate is outside its validity' },
  certificate_unusable: { status: 401, reason: 'unverified', title: 'A certificate cannot be used for this' },
  certificate_not_trusted: {
    status: 401,
    reason: 'unverified',
    title: 'The certificates do not lead to an accepted authority',
  },
  host_key_unknown: { status: 401, reason: 'unverified', title: 'The host key is unknown' },
  proof_namespace_mismatch: { status: 401, reason: 'unverified', title: 'The signature was made for another purpose' },
  section_missing: {
    status: 401,
    reason: 'unverified',
    title: 'The configuration that verifies this evidence is missing',
  },
  http_dns_unproved: { status: 401, reason: 'unverified', title: 'The host did not serve the answer to its challenge' },
  tpm_key_unusable: { status: 401, reason: 'malformed', title: 'A key of the TPM cannot be used for this' },
  tpm_ek_unproved: { status: 401, reason: 'unverified', title: 'The answer is not by the TPM of the challenge' },
  challenge_missing: { status: 401, reason: 'malformed', title: 'The challenge is missing' },
  challenge_malformed: { status: 401, reason: 'malformed', title: 'The challenge was not issued by this gateway' },
  challenge_expired: { status: 401, reason: 'unverified', title: 'The challenge has expired' },
  challenge_mismatch: { status: 401, reason: 'unverified', title: 'The challenge was issued for another login' },
  // Evidence: nothing is decided, and the request is answered with 503 if it could still pass
  signing_key_fetch_failed: {
    status: 401,
    reason: 'keys_unavailable',
    answer: 'signing_key_unavailable',
    title: 'The signing keys could not be fetched',
  },
  section_invalid: {
    status: 401,
    reason: 'not_answered',
    answer: 'configuration_invalid',
    title: 'The configuration that verifies this evidence has never compiled',
  },
  section_unavailable: {
    status: 401,
    reason: 'not_answered',
    answer: 'store_unavailable',
    title: 'The configuration that verifies this evidence could not be read',
  },
  call_out_unanswered: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'A service that a policy calls did not answer',
  },
  call_out_busy: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'A service that a policy calls has too many calls under way',
  },
  call_out_answer_invalid: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'The answer of a service that a policy calls cannot be used',
  },
  call_out_answer_mismatch: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'The answer of a service that a policy calls is that to another request',
  },
  webhook_unlisted: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'The gateway does not list the webhook of a policy',
  },
  webhook_bearer_missing: {
    status: 401,
    reason: 'not_answered',
    answer: 'call_out_unavailable',
    title: 'The gateway has no bearer token for the webhook of a policy',
  },
  replay_unanswered: {
    status: 401,
    reason: 'not_answered',
    answer: 'replay_unavailable',
    title: 'The store of used evidence did not answer',
  },
  host_unsupported: {
    status: 401,
    reason: 'not_answered',
    answer: 'attestor_unsupported_here',
    title: 'This host of the gateway cannot verify the evidence',
  },
  // Evidence: pins and conditions
  token_lifetime_excessive: { status: 401, reason: 'not_accepted', title: 'The token lifetime is too long' },
  namespace_not_allowed: { status: 401, reason: 'not_accepted', title: 'The namespace is not allowed' },
  service_account_not_allowed: { status: 401, reason: 'not_accepted', title: 'The service account is not allowed' },
  node_not_allowed: { status: 401, reason: 'not_accepted', title: 'The node is not allowed' },
  pod_required: { status: 401, reason: 'not_accepted', title: 'The token is not bound to a pod' },
  repository_not_allowed: { status: 401, reason: 'not_accepted', title: 'The repository is not allowed' },
  repository_id_not_allowed: { status: 401, reason: 'not_accepted', title: 'The repository id is not allowed' },
  repository_owner_not_allowed: { status: 401, reason: 'not_accepted', title: 'The repository owner is not allowed' },
  environment_not_allowed: { status: 401, reason: 'not_accepted', title: 'The environment is not allowed' },
  ref_not_allowed: { status: 401, reason: 'not_accepted', title: 'The ref is not allowed' },
  event_not_allowed: { status: 401, reason: 'not_accepted', title: 'The event is not allowed' },
  workflow_not_allowed: { status: 401, reason: 'not_accepted', title: 'The workflow is not allowed' },
  runner_not_allowed: { status: 401, reason: 'not_accepted', title: 'The runner environment is not allowed' },
  compute_claims_missing: { status: 401, reason: 'not_accepted', title: 'The token proves no instance' },
  project_not_allowed: { status: 401, reason: 'not_accepted', title: 'The project is not allowed' },
  zone_not_allowed: { status: 401, reason: 'not_accepted', title: 'The zone is not allowed' },
  region_not_allowed: { status: 401, reason: 'not_accepted', title: 'The region is not allowed' },
  account_not_allowed: { status: 401, reason: 'not_accepted', title: 'The account is not allowed' },
  role_not_allowed: { status: 401, reason: 'not_accepted', title: 'The principal is not allowed' },
  organization_not_allowed: { status: 401, reason: 'not_accepted', title: 'The organization is not allowed' },
  tenant_not_allowed: { status: 401, reason: 'not_accepted', title: 'The tenant is not allowed' },
  principal_not_allowed: { status: 401, reason: 'not_accepted', title: 'The managed identity is not allowed' },
  subscription_not_allowed: { status: 401, reason: 'not_accepted', title: 'The subscription is not allowed' },
  resource_group_not_allowed: { status: 401, reason: 'not_accepted', title: 'The resource group is not allowed' },
  resource_type_not_allowed: { status: 401, reason: 'not_accepted', title: 'The resource type is not allowed' },
  document_too_old: { status: 401, reason: 'not_accepted', title: 'The signed document is too old' },
  host_name_not_allowed: { status: 401, reason: 'not_accepted', title: 'The host name is not allowed' },
  port_not_allowed: { status: 401, reason: 'not_accepted', title: 'The port is not allowed' },
  common_name_not_allowed: { status: 401, reason: 'not_accepted', title: 'The common name is not allowed' },
  ek_hash_not_allowed: { status: 401, reason: 'not_accepted', title: 'The endorsement key is not allowed' },
  claim_not_allowed: { status: 401, reason: 'not_accepted', title: 'A claim has a value that is not allowed' },
  attestor_missing: { status: 401, reason: 'not_accepted', title: 'Another attestor is required as well' },
  call_out_denied: { status: 401, reason: 'not_accepted', title: 'A service that the policy calls denies the login' },
  condition_failed: { status: 401, reason: 'not_accepted', title: 'A condition does not hold' },
  condition_fault: { status: 401, reason: 'not_accepted', title: 'A condition could not be evaluated' },
  evidence_revoked: { status: 401, reason: 'not_accepted', title: 'What the evidence proves has been revoked' },
  evidence_replayed: { status: 401, reason: 'not_accepted', title: 'The evidence was used before' },
  policy_empty: { status: 401, reason: 'not_accepted', title: 'The policy requires no evidence, so it admits no one' },
  // Attribute-to-claims mapping, one workload
  attribute_missing: { status: 422, title: 'An attribute is missing' },
  attribute_invalid: { status: 422, title: 'An attribute has a value that cannot be used here' },
  attribute_unknown: { status: 422, title: 'An attribute is unknown' },
  attribute_duplicate: { status: 422, title: 'An attribute is given twice' },
  attribute_conflict: { status: 422, title: 'An attribute is supplied by two sides' },
  attribute_origin_forbidden: { status: 422, title: 'An attribute may not come from this side' },
  attribute_not_enabled: { status: 422, title: 'An attribute is not enabled' },
  version_required: { status: 422, title: 'A newer upstream server is required' },
  value_too_long: { status: 422, title: 'A rendered value is too long' },
  spiffe_id_invalid: { status: 422, title: 'The rendered SPIFFE ID is invalid' },
  subject_invalid: { status: 422, title: 'The rendered subject is invalid' },
  dns_name_invalid: { status: 422, title: 'The rendered DNS name is invalid' },
  path_outside_cluster: { status: 422, title: 'The path is outside the prefixes of the cluster' },
  path_reserved: { status: 422, title: 'The path is reserved' },
  path_template_missing: { status: 422, title: 'The policy has no path template' },
  node_mismatch: { status: 422, title: 'The workload is on another node than the agent' },
  node_missing: { status: 422, title: 'The workload names no node' },
  agent_session_required: { status: 422, title: 'An agent session is required' },
  node_required: { status: 422, title: 'The agent session must prove a node' },
  workload_revoked: { status: 422, title: 'The workload has been revoked' },
  container_unknown: { status: 422, title: 'The pod has no such container' },
  answer_too_large: { status: 422, title: 'The rendered values take too many bytes' },
  mapping_too_costly: { status: 422, title: 'The request exceeds the work limit of one request' },
} as const satisfies Record<string, RefusalRow>

export type RefusalCode = keyof typeof REFUSALS

/** How far evidence that is refused with this code got; absent for a code that is of a whole request. */
export function findReason(code: RefusalCode): EvidenceReason | undefined {
  const { reason }: RefusalRow = REFUSALS[code]
  return reason
}

/** The contents and faults of a key set, or what a host served, are not expectations of a policy either. */
const ABOUT_OTHERS: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'signing_key_unknown',
  'signing_key_ambiguous',
  'signing_key_unusable',
  'http_dns_unproved',
])

/**
 * Whether the facts of a refusal describe a failure, not an expectation of a policy: keys, the configuration or a store
 * were unavailable, so nothing was decided; or the keys that an issuer publishes, or what a host serves, decided.
 */
export function isOurFailure(code: RefusalCode): boolean {
  const { status, reason }: RefusalRow = REFUSALS[code]
  return status === 503 || reason === 'keys_unavailable' || reason === 'not_answered' || ABOUT_OTHERS.has(code)
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
