// Checks sessions in use: the issuer's, which authorizes the request, and the agent's, which the issuer may send along.
// Every use checks that the session is valid for this cluster and not revoked by the documents in force. A request
// without a session causes no read of the cluster's documents.
import type { Context } from 'hono'
import { type ClusterId, trustDomainKey } from '../config/document-key.ts'
import type { ClusterSettings } from '../config/sections/cluster.ts'
import type { TrustDomainSettings } from '../config/sections/trust-domain.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { Policy, PolicySet } from '../policy/policy.ts'
import { verifySession } from '../token/session/session.ts'
import type { Session } from '../token/session/session-claims.ts'
import { policiesKey, type RequestSnapshot } from './request-snapshot.ts'
import type { Services } from './services.ts'
import { formatBearerChallenge } from './www-authenticate.ts'

/**
 * Requires the session of an issuer that may act for this cluster, in `Authorization: Bearer`. Refuses with a code
 * `session_*`, `configuration_invalid` or `store_unavailable`. A 403 also has `WWW-Authenticate` (RFC 6750 section
 * 3.1).
 */
export async function requireIssuer(
  c: Context,
  clusterId: ClusterId,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<Session>> {
  const token = readBearer(c.req.header('Authorization'))
  if (token === undefined) {
    return refuse({
      code: 'session_missing',
      detail: 'the session is missing: send Authorization: Bearer with the session of an issuer',
    })
  }
  const session = await checkIssuer(token, clusterId, services, snapshot)
  // An invalid session is an invalid token (401); a valid one that is not allowed here has insufficient scope (403).
  if (!session.ok && REFUSALS[session.refusal.code].status === 403)
    c.header('WWW-Authenticate', formatBearerChallenge(services.settings.trustDomain, 'insufficient_scope'))
  return session
}

async function checkIssuer(
  token: string,
  clusterId: ClusterId,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<Session>> {
  const session = await verifySession(token, 'issuer', services.authority, services.clock() / 1000)
  if (!session.ok) return session
  const allowed = checkAllowed(clusterId, session.value.allowedClusters)
  if (!allowed.ok) return allowed
  const trustDomain = await snapshot.readSection(trustDomainKey('TrustDomain'))
  if (!trustDomain.ok) return trustDomain
  const notBefore = [trustDomain.value?.sessionsNotBeforeSeconds]
  const policy = await checkRevocation(session.value, undefined, notBefore, services, snapshot)
  if (!policy.ok) return policy
  // Both the session's clusters and the document's: a cluster that an operator removes is refused before the next
  // login.
  const stillAllowed = checkAllowed(clusterId, policy.value.policy.allowedClusters)
  return stillAllowed.ok ? session : stillAllowed
}

/** `undefined` allows all clusters. */
function checkAllowed(clusterId: ClusterId, allowedClusters: readonly string[] | undefined): Checked<true> {
  if (allowedClusters === undefined || allowedClusters.includes(clusterId)) return pass(true)
  return refuse({
    code: 'session_cluster_forbidden',
    detail: `the session is not valid for the cluster "${clusterId}"`,
  })
}

/** A valid session of an agent, and the policies in force by which it was checked. */
export interface AgentSession {
  readonly session: Session
  readonly policies: PolicySet
}

/**
 * Checks the agent's session that an issuer sent along. An invalid one fails the request; it is never ignored. The
 * refusal names `agentSession`: otherwise the issuer would assume that its own session is invalid and log in
 * repeatedly.
 */
export async function readAgentSession(
  token: string,
  clusterId: ClusterId,
  settings: { readonly trustDomain: TrustDomainSettings | undefined; readonly cluster: ClusterSettings },
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<AgentSession>> {
  const session = await checkAgent(token, clusterId, settings, services, snapshot)
  return session.ok ? session : refuse({ ...session.refusal, where: 'agentSession' })
}

async function checkAgent(
  token: string,
  clusterId: ClusterId,
  settings: { readonly trustDomain: TrustDomainSettings | undefined; readonly cluster: ClusterSettings },
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<AgentSession>> {
  const session = await verifySession(token, 'agent', services.authority, services.clock() / 1000)
  if (!session.ok) return session
  if (session.value.clusterId !== clusterId) {
    return refuse({
      code: 'session_cluster_forbidden',
      detail: 'the agent session belongs to another cluster: send that of an agent of this cluster',
    })
  }
  const notBefore = [settings.trustDomain?.sessionsNotBeforeSeconds, settings.cluster.sessionsNotBeforeSeconds]
  const found = await checkRevocation(session.value, clusterId, notBefore, services, snapshot)
  return found.ok ? pass({ session: session.value, policies: found.value.policies }) : found
}

/**
 * Refuses with `session_revoked` if the session was issued before `sessionsNotBefore`, or if the document in force has
 * no policy of its name, or one that would no longer admit it. Returns that policy, and all policies of the document. A
 * document that cannot be read revokes nothing: then it refuses as {@link RequestSnapshot.readPolicies} does.
 */
async function checkRevocation(
  session: Session,
  clusterId: ClusterId | undefined,
  notBefore: readonly (number | undefined)[],
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<{ readonly policy: Policy; readonly policies: PolicySet }>> {
  if (notBefore.some((seconds) => seconds !== undefined && session.issuedAtSeconds < seconds)) {
    return refuse({ code: 'session_revoked', detail: 'the session was issued before sessionsNotBefore: log in again' })
  }
  const policies = await snapshot.readPolicies(clusterId)
  // A cluster that was deleted from the store has no policy in force.
  const isGone = !policies.ok && policies.refusal.code === 'cluster_unknown'
  if (!policies.ok && !isGone) return policies
  const set = policies.ok ? policies.value : undefined
  const policy = set?.byName.get(session.policy)
  if (set === undefined || policy === undefined) {
    return refuse({
      code: 'session_revoked',
      detail: 'the policy that admitted this session is no longer in force: log in again',
    })
  }
  const failed = await services.decisions.recheck(session, policy)
  if (failed !== undefined) return refuse(describePolicyChange(policy, failed))
  snapshot.prove(policiesKey(clusterId))
  return pass({ policy, policies: set })
}

/** The failed check and what the policy expects go to the audit record; the answer must not reveal them. */
function describePolicyChange({ name }: Policy, { code, audit }: Refusal): Refusal {
  return {
    code: 'session_revoked',
    detail: 'the policy that admitted this session has changed, and the session no longer meets it: log in again',
    audit: { policy: name, failed: code, ...audit },
  }
}

/** Reads the token (RFC 6750 section 2.1). The verification checks its length. */
function readBearer(header: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}
