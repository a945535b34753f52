// For docs/codes.md: why a code comes about, and what ends it. One row for each code of the closed table.
import type { RefusalCode } from '../src/core/refusal.ts'

/** `fields`: those of any attestor that decide it. */
type Row = readonly [cause: string, cure: string, fields?: readonly string[]]

const NOT_PINNED = (fact: string, ...fields: readonly string[]): Row => [
  `${fact} is not one that the policy allows`,
  compareWith(fields),
  fields,
]

function compareWith(fields: readonly string[]): string {
  return `compare it with ${fields.map((field) => `\`${field}\``).join(' or ')} of the policy; the audit record has both`
}

/** Cause and cure for one attestor: of fields that decide it, those which its configuration has. */
export function describeCause(code: RefusalCode, known: ReadonlySet<string>): readonly [cause: string, cure: string] {
  const [cause, cure, fields = []] = CODE_CAUSES[code]
  const own = fields.filter((field) => known.has(field))
  return [cause, own.length === 0 ? cure : compareWith(own)]
}
const OURS: Row = ['nothing about the request: the gateway cannot decide now', 'repeat it after `Retry-After`']

export const CODE_CAUSES: Readonly<Record<RefusalCode, Row>> = {
  request_malformed: ['the body is not JSON of the described shape', 'correct the field that `detail` names'],
  body_too_large: ['the body is over the limit', 'send fewer workloads in one request'],
  request_timeout: ['the body did not arrive within 10 s', 'repeat it; look for a slow link or proxy'],
  request_aborted: ['the client closed the connection in its body', 'repeat it'],
  content_type_unsupported: ['the header `Content-Type` is another', 'send `application/json`'],
  route_unknown: ['the path is not one of [the interface](api.md)', 'compare the URL with it, a mount prefix included'],
  method_not_allowed: ['the path exists for other methods', 'use one that the header `Allow` lists'],
  authorization_unsupported: [
    'a relying party started a browser login',
    'use the discovery document for verifying sessions only',
  ],
  cluster_unknown: [
    'the store has no document of this cluster, or the id is malformed',
    'compare the id; store the first document of the cluster',
  ],
  rate_limited: [
    'this client sent too many requests that verified nothing',
    'wait for `Retry-After`; see `ANONYMOUS_PER_MINUTE`',
  ],
  cluster_locked: [
    'an operator shut logins and sessions with `postern lock`',
    'ask the operator; `postern unlock` ends it',
  ],
  login_refused: [
    'nothing verified (401), or no policy was satisfied (403)',
    'read `refusals`; `postern explain` shows every check',
  ],
  listing_unsupported: [
    'the store of this gateway cannot list clusters',
    'ask for one cluster, or give the store `listClusters`',
  ],
  signing_key_unavailable: [
    "the gateway cannot fetch an issuer's keys now",
    'repeat it; [issuer failures](issuer-failures.md) for the operator',
  ],
  configuration_invalid: [
    'the document never compiled, or its last good version is not known',
    '`postern config status` shows its issues',
  ],
  store_unavailable: ['the configuration store did not answer', 'repeat it; `/readyz` tells since when'],
  call_out_unavailable: ['a service that a policy asks did not answer', 'repeat it; the audit record has the cause'],
  attestor_unsupported_here: [
    'a policy could admit but for what this host cannot do',
    'serve the cluster from Node or Deno, or use another policy',
  ],
  replay_unavailable: ['the store of used evidence did not answer', 'repeat it; `/readyz` tells since when'],
  challenge_unavailable: ['the gateway has no `SEAL_KEYS`', 'set them: `postern keys new`'],
  challenge_not_required: ['no policy of this cluster asks for the type', 'compare `type` with the policies'],
  audit_unavailable: [
    'records are not read or cannot be written',
    'mend the reader of standard output, or free the disk',
  ],
  gateway_draining: ['this instance is shutting down', 'repeat it: another instance answers'],
  settings_invalid: [
    'the settings do not fit this runtime, such as a loopback `ISSUER_URL` on a public host',
    'the log lists each problem',
  ],
  internal_error: ['a fault of the gateway', 'report it with its `requestId`; the record has the place'],
  session_missing: ['the request has no `Authorization: Bearer`', 'log in, and send the session'],
  session_malformed: ['what was sent is no session of a gateway', 'send the `token` of a login as it is'],
  session_invalid: ['it is of another gateway, or of a key that is gone', 'log in again'],
  session_expired: ['its `exp` has passed', 'log in again before it'],
  session_revoked: ['what it rests on was revoked or changed', 'log in again; if that is refused, ask the operator'],
  session_scope_forbidden: [
    'the document does not grant its policy the scope',
    'add it to `scopes` of `TrustDomainServerAttestation`',
  ],
  session_role_forbidden: [
    "an agent's session was sent where an issuer's is needed, or the reverse",
    'send the other one',
  ],
  session_cluster_forbidden: ['`allowedClusters` of its policy does not list the cluster', 'add it, and log in again'],
  session_too_large: ['the attributes take over 8 KiB', 'attest fewer attributes, such as labels'],
  cluster_unlisted: ['`TrustDomain` lists clusters, and not this one', 'list it, or set `unlisted: warn`'],
  cluster_name_taken: ['its name is that of a listed cluster', 'rename it'],
  evidence_not_required: ['no policy asks for this type from this issuer', 'compare type and issuer with the policies'],
  token_too_large: ['the token is over the limit', 'request a token with fewer claims'],
  token_malformed: [
    'it is not three parts of canonical base64url with strict JSON',
    'send it unchanged: no blanks, no line ends, no quotes',
  ],
  token_header_forbidden: ['the header has `crit`, `jku`, `jwk`, `x5u` or `x5c`', 'use another kind of token'],
  token_type_forbidden: ['`typ` is not `JWT`, such as a session of this gateway', 'send the token of the platform'],
  algorithm_forbidden: [
    '`alg` is `none`, symmetric or unknown',
    'configure the issuer for RS256, ES256 or another asymmetric one',
  ],
  claim_missing: ['a claim that every such token has is absent', 'compare the token with the [attestor](attestors.md)'],
  claim_malformed: ['a claim has another type or form', 'compare the token with the [attestor](attestors.md)'],
  token_legacy: ['a token from a Secret, which never expires', 'mount a projected token with an audience'],
  token_extended: [
    'the API server lengthened the default token',
    'mount a projected token with an audience of its own',
  ],
  subject_mismatch: [
    '`sub` and the other claims name different identities',
    'do not trust this issuer until it is explained',
  ],
  document_malformed: [
    'it is not the signed form that the platform gives out',
    'send it as it came, line ends included',
  ],
  certificate_malformed: ['it is not strict DER or PEM', 'make it again with a usual tool'],
  proof_malformed: [
    'a signature or another proof is not of the described form',
    'follow the commands of the [attestor](attestors.md)',
  ],
  identity_not_managed: [
    'the token is of a user or an application',
    'request it for the managed identity of the machine',
  ],
  issuer_mismatch: ['no policy names this `iss` literally', 'copy the `iss` of a token into the policy, slash and all'],
  audience_mismatch: [
    'the token is meant for somebody else',
    'request it for `AUDIENCE`, or list its audience in the policy',
  ],
  token_expired: ['its `exp` has passed', 'send a fresh one; compare the clocks'],
  token_not_yet_valid: ['its `nbf` is in the future', 'compare the clocks; `CLOCK_SKEW_SECONDS`'],
  token_issued_in_future: ['its `iat` is in the future', 'compare the clocks; `CLOCK_SKEW_SECONDS`'],
  signing_key_unknown: [
    'the issuer publishes no key of this `kid`',
    'look whether the token is of another cluster with the same issuer URL',
  ],
  signing_key_ambiguous: ['the token has no `kid`, and several keys fit', 'configure the issuer to send `kid`'],
  signing_key_unusable: ['the key is weak or malformed', 'rotate it: RSA of 2048 to 8192 bits, or a NIST curve'],
  signature_invalid: [
    'what was signed was changed, or it was signed by another key',
    'send it unchanged; compare the keys',
  ],
  attestor_unsupported: ['this version has no such attestor', 'use a policy of another one'],
  document_signer_unknown: [
    'none of the configured certificates signed it',
    'add the certificate of the region: `postern aws-certs`',
  ],
  document_expired: ['its end of validity has passed', 'fetch it again'],
  certificate_expired: ['the time is outside its validity', 'renew it; compare the clocks'],
  certificate_unusable: [
    'its key usage or an extension forbids this use',
    'issue one as the [attestor](attestors.md) needs it',
  ],
  certificate_not_trusted: [
    'it does not lead to an authority of the policy',
    'send the intermediate certificates as well; compare the authorities',
  ],
  host_key_unknown: ['neither the key nor its authority is in the policy', 'add one of them'],
  proof_namespace_mismatch: [
    'the signature was made for another purpose',
    'sign with the namespace that the [attestor](attestors.md) names',
  ],
  section_missing: [
    'a section of the trust domain that verifies this evidence is absent',
    'store it, such as `AWSCertificates`',
  ],
  challenge_missing: ['this attestor needs a challenge', 'ask for one at `/challenge` and sign it'],
  challenge_malformed: ['it was changed, or sealed by keys that are gone', 'ask for another one'],
  challenge_expired: ['it is older than 60 s', 'ask for another one just before the login'],
  challenge_mismatch: ['it was issued for another cluster, role, type or request', 'ask for one here'],
  http_dns_unproved: [
    'the host did not serve the answer to the challenge, for whatever reason',
    'serve it at the path that the challenge names while the login lasts; the audit record has the cause',
  ],
  tpm_key_unusable: [
    'a challenge of `tpm_ek` was requested with a key that is no EK or no AK',
    'make the keys with `tpm2_createek` and `tpm2_createak`',
  ],
  tpm_ek_unproved: [
    'another TPM, another key or another challenge: the answer was not made with what the credential holds',
    'open the credential of this challenge, and key the HMAC with it',
  ],
  signing_key_fetch_failed: OURS,
  section_invalid: OURS,
  section_unavailable: OURS,
  call_out_unanswered: OURS,
  call_out_busy: OURS,
  call_out_answer_invalid: [
    'the webhook answered something that is not described',
    'mend the webhook; the audit record says what',
  ],
  call_out_answer_mismatch: [
    'the webhook answered another request',
    'mend the webhook: it must return `requestId` and `requestDigest`',
  ],
  webhook_unlisted: ['the setting `WEBHOOKS` does not list the origin of `webhookURL`', 'add it there with its keys'],
  webhook_bearer_missing: [
    'the policy sends a bearer token, and `WEBHOOKS` has none for the origin',
    'add `bearer` there',
  ],
  call_out_denied: ['the webhook denied the login', 'its sentence is in the audit record'],
  host_unsupported: ['this host cannot do what verifies the evidence', 'serve the cluster from Node or Deno'],
  replay_unanswered: OURS,
  token_lifetime_excessive: [
    '`exp` minus `iat` is over the limit',
    'request a shorter one; for `k8s_token` see `maxTokenLifetime`',
  ],
  namespace_not_allowed: NOT_PINNED('the namespace', 'serviceAccountNamespace'),
  service_account_not_allowed: NOT_PINNED('the service account', 'serviceAccountName', 'allowedServiceAccounts'),
  node_not_allowed: NOT_PINNED('the node', 'allowedNodes'),
  pod_required: [
    'the token is not bound to a pod',
    'mount it into the pod: `kubectl create token` is not bound by itself',
  ],
  repository_not_allowed: NOT_PINNED('the repository', 'repositories'),
  repository_id_not_allowed: NOT_PINNED('the id of the repository', 'repositoryIDs'),
  repository_owner_not_allowed: NOT_PINNED('the owner of the repository', 'repositoryOwnerIDs'),
  environment_not_allowed: NOT_PINNED('the environment', 'environments'),
  ref_not_allowed: NOT_PINNED('the ref', 'refs'),
  event_not_allowed: NOT_PINNED('the event', 'events'),
  workflow_not_allowed: NOT_PINNED('the workflow', 'jobWorkflowRefs'),
  runner_not_allowed: NOT_PINNED('the kind of runner', 'runnerEnvironments'),
  compute_claims_missing: [
    'the token is of a service account without an instance',
    'request it with `format=full` on the instance',
  ],
  project_not_allowed: NOT_PINNED('the project', 'allowedProjectIDs'),
  zone_not_allowed: NOT_PINNED('the zone', 'allowedZones'),
  region_not_allowed: NOT_PINNED('the region', 'allowedRegions'),
  account_not_allowed: NOT_PINNED('the account', 'allowedAccountIDs'),
  role_not_allowed: NOT_PINNED('the principal', 'allowedRoleARNs'),
  organization_not_allowed: NOT_PINNED('the organization', 'allowedOrganizationIDs'),
  tenant_not_allowed: NOT_PINNED('the tenant', 'tenants'),
  principal_not_allowed: NOT_PINNED('the managed identity', 'principalID'),
  subscription_not_allowed: NOT_PINNED('the subscription', 'allowedSubscriptionIDs'),
  resource_group_not_allowed: NOT_PINNED('the resource group', 'allowedResourceGroups'),
  resource_type_not_allowed: NOT_PINNED('the type of the resource', 'allowedResourceTypes'),
  port_not_allowed: NOT_PINNED('the port', 'allowedPorts'),
  document_too_old: [
    'the document, or the machine that it is of, is older than `maxAge`',
    'fetch it again, or raise the limit of the policy',
  ],
  host_name_not_allowed: NOT_PINNED('the host name', 'canonicalDomain', 'allowedPrincipals', 'allowedHostnames'),
  common_name_not_allowed: NOT_PINNED('the common name', 'allowedCommonNames'),
  ek_hash_not_allowed: NOT_PINNED('the hash of the EK', 'allowedHashes'),
  claim_not_allowed: NOT_PINNED('the value of a claim', 'requiredClaims'),
  attestor_missing: ['the policy requires one more attestor', 'send its evidence in the same login'],
  condition_failed: [
    'a condition of the policy does not hold',
    'its message says which; `postern explain` shows each part',
  ],
  condition_fault: ['a condition reads an attribute that is absent, or exceeds its limit', 'guard it with `has(...)`'],
  evidence_revoked: ['an entry of `Revocations` names what was proved', 'ask the operator; `postern revoke list`'],
  evidence_replayed: ['the policy accepts evidence once, and this was used', 'fetch fresh evidence for each login'],
  policy_empty: ['the policy requires nothing', 'add an attestor'],
  attribute_missing: [
    'a template needs an attribute that the workload lacks',
    'send it, or give the reference `default(...)`',
  ],
  attribute_invalid: [
    'the value has characters or a form that cannot be used there',
    'use the filter that `detail` names',
  ],
  attribute_unknown: ['no such attribute exists', 'compare the name with [attributes](attributes.md)'],
  attribute_duplicate: ['it is given in two spellings', 'send one'],
  attribute_conflict: ['agent and workload both supply it', 'send it from one side'],
  attribute_origin_forbidden: [
    'it may come only from the agent, or from the configuration',
    'do not send it with the workload',
  ],
  attribute_not_enabled: ['`WorkloadAttestation` or `Cluster` does not enable it', 'enable it there'],
  version_required: ['it needs a newer Trust Domain Server', 'raise `serverVersion` of `Cluster` once it is upgraded'],
  value_too_long: ['what a template renders is too long', 'use a shorter attribute'],
  spiffe_id_invalid: [
    'what the template renders is no SPIFFE ID',
    'correct the template; `postern map` shows each part',
  ],
  subject_invalid: ['what the template renders is no distinguished name', 'correct the template'],
  dns_name_invalid: ['what the template renders is no DNS name', 'use `lower` or `replace`'],
  path_outside_cluster: [
    'the path is not under `pathPrefixes` of the cluster',
    'correct the template or `TrustDomain`',
  ],
  path_reserved: ['the path is under `/spire` or `/postern`', 'use another one'],
  path_template_missing: ['the policy has no `svidPolicy.pathTemplate`', 'add it'],
  node_mismatch: [
    'the workload runs on another node than its agent proved',
    'send the session of the agent on that node',
  ],
  node_missing: ['the agent proved a node, and the workload names none', 'send `kubernetes.pod.node.name`'],
  agent_session_required: ['the cluster requires `agentSession`', 'send the session of the agent'],
  node_required: ['the session proves no node', 'log the agent in with a token that is bound to a node'],
  workload_revoked: ['an entry of `Revocations` names an attribute of the workload', 'ask the operator'],
  container_unknown: ['the pod has no container of this name', 'compare `container` with the pod'],
  answer_too_large: ['the answer would be over the limit', 'ask for fewer workloads at once'],
  mapping_too_costly: ['the request takes more work than one may', 'ask for fewer workloads at once'],
}
