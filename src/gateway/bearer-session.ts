// Sessions in use: the issuer's, which opens the claims endpoint, and the agent's, which it may send along. Every use
// checks that the session is good for this cluster, and that the documents in force have not revoked it. Nothing of a
// cluster is read for a request without a session.
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

/** The bearer of the request, an issuer that may act for this cluster. A 403 challenges, too (RFC 6750 section 3.1). */
export async function requireIssuer(
  c: Context,
  clusterId: ClusterId,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<Session>> {
  const token = readBearer(c.req.header('Authorization'))
  if (token === undefined) {
    return refuse({ code: 'session_missing', detail: 'send Authorization: Bearer with the session of an issuer' })
  }
  const session = await checkIssuer(token, clusterId, services, snapshot)
  // A bad session is an invalid token (401); a good one that is not allowed to do this lacks the scope (403).
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
  // The clusters of the session and those of the document: what an operator takes away is gone before the next login.
  const stillAllowed = checkAllowed(clusterId, policy.value.policy.allowedClusters)
  return stillAllowed.ok ? session : stillAllowed
}

/** Without a list all clusters are allowed. */
function checkAllowed(clusterId: ClusterId, allowedClusters: readonly string[] | undefined): Checked<true> {
  if (allowedClusters === undefined || allowedClusters.includes(clusterId)) return pass(true)
  return refuse({
    code: 'session_cluster_forbidden',
    detail: `the session is not good for the cluster "${clusterId}"`,
  })
}

/** A good session of an agent, and the policies in force that it was held against. */
export interface AgentSession {
  readonly session: Session
  readonly policies: PolicySet
}

/**
 * The session that an issuer sent along for the agent. One that is bad fails the request; it is never ignored. A refusal
 * names `agentSession`: otherwise the issuer would take its own session for the bad one and log in again and again.
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
    return refuse({ code: 'session_cluster_forbidden', detail: 'the agent session is of another cluster' })
  }
  const notBefore = [settings.trustDomain?.sessionsNotBeforeSeconds, settings.cluster.sessionsNotBeforeSeconds]
  const found = await checkRevocation(session.value, clusterId, notBefore, services, snapshot)
  return found.ok ? pass({ session: session.value, policies: found.value.policies }) : found
}

/**
 * A session is revoked by a time, or with its policy: when the document in force has none of its name, or one that would
 * not admit it. Yields that policy, and those of the document. A document that cannot be read revokes nothing: the
 * refusals of {@link RequestSnapshot.readPolicies}.
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
  // A cluster that is gone from the store has no policy in force.
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

/** Which check failed and what the policy expects is for the operator: it is in the audit record, not in the answer. */
function describePolicyChange({ name }: Policy, { code, audit }: Refusal): Refusal {
  return {
    code: 'session_revoked',
    detail: 'the policy that admitted this session has changed, and the session no longer meets it: log in again',
    audit: { policy: name, failed: code, ...audit },
  }
}

/** RFC 6750 section 2.1. Its length is checked where it is verified. */
function readBearer(header: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}
