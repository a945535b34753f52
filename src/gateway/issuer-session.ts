// Sessions in use: the issuer's, which opens the claims endpoint, and the agent's, which it may send along. Every use
// asks whether the session has been revoked, and whether it is good for this cluster. Nothing of a cluster is read for
// who shows no session.
import type { Context } from 'hono'
import type { ClusterSettings } from '../config/cluster.ts'
import { type ClusterId, trustDomainKey } from '../config/document-key.ts'
import type { TrustDomainSettings } from '../config/trust-domain.ts'
import { REFUSALS } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { type Session, verifySession } from '../token/session.ts'
import type { Parts } from './parts.ts'
import { policiesInForce } from './policies-in-force.ts'
import { sectionInForce } from './section-in-force.ts'

type Background = (work: Promise<unknown>) => void

/** The bearer of the request, an issuer that may act for this cluster. A refusal sets `WWW-Authenticate` (RFC 6750 section 3). */
export async function requireIssuer(
  c: Context,
  clusterId: ClusterId,
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  const token = readBearer(c.req.header('Authorization'))
  if (token === undefined) {
    c.header('WWW-Authenticate', 'Bearer')
    return refuse({ code: 'session_missing', detail: 'send Authorization: Bearer with the session of an issuer' })
  }
  const session = await checkIssuer(token, clusterId, parts, background)
  if (!session.ok) {
    // Section 3.1: what is no good session is an invalid token, a good one for something else lacks the scope.
    const { status } = REFUSALS[session.refusal.code]
    if (status === 401) c.header('WWW-Authenticate', 'Bearer error="invalid_token"')
    if (status === 403) c.header('WWW-Authenticate', 'Bearer error="insufficient_scope"')
  }
  return session
}

async function checkIssuer(
  token: string,
  clusterId: ClusterId,
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  const session = await verifySession(token, 'issuer', parts.authority, parts.clock() / 1000)
  if (!session.ok) return session
  const { allowedClusters } = session.value
  if (allowedClusters !== undefined && !allowedClusters.includes(clusterId)) {
    return refuse({
      code: 'session_cluster_forbidden',
      detail: `the session is not good for the cluster "${clusterId}"`,
    })
  }
  const trustDomain = await sectionInForce(trustDomainKey('TrustDomain'), parts.configs, background)
  if (!trustDomain.ok) return trustDomain
  const notBefore = [trustDomain.value?.value.sessionsNotBeforeSeconds]
  return checkRevocation(session.value, undefined, notBefore, parts, background)
}

/**
 * The session that an issuer sent along for the agent. One that is bad fails the request; it is never ignored. A refusal
 * names `agentSession`, lest the issuer take its own session for the bad one and log in again and again.
 */
export async function readAgentSession(
  token: string,
  clusterId: ClusterId,
  settings: { readonly trustDomain: TrustDomainSettings | undefined; readonly cluster: ClusterSettings },
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  const session = await checkAgent(token, clusterId, settings, parts, background)
  return session.ok ? session : refuse({ ...session.refusal, where: 'agentSession' })
}

async function checkAgent(
  token: string,
  clusterId: ClusterId,
  settings: { readonly trustDomain: TrustDomainSettings | undefined; readonly cluster: ClusterSettings },
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  const session = await verifySession(token, 'agent', parts.authority, parts.clock() / 1000)
  if (!session.ok) return session
  if (session.value.clusterId !== clusterId) {
    return refuse({ code: 'session_cluster_forbidden', detail: 'the agent session is of another cluster' })
  }
  const notBefore = [settings.trustDomain?.sessionsNotBeforeSeconds, settings.cluster.sessionsNotBeforeSeconds]
  return checkRevocation(session.value, clusterId, notBefore, parts, background)
}

/** A session is revoked by a time, or with its policy: when the document in force no longer has it. */
async function checkRevocation(
  session: Session,
  clusterId: ClusterId | undefined,
  notBefore: readonly (number | undefined)[],
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  if (notBefore.some((seconds) => seconds !== undefined && session.issuedAtSeconds < seconds)) {
    return refuse({ code: 'session_revoked', detail: 'the session was issued before sessionsNotBefore: log in again' })
  }
  const policies = await policiesInForce(clusterId, parts.configs, background)
  // A cluster that is gone from the store has no policy in force.
  const isGone = !policies.ok && policies.refusal.code === 'cluster_unknown'
  if (!policies.ok && !isGone) return policies
  if (!policies.ok || !policies.value.policies.names.has(session.policy)) {
    return refuse({
      code: 'session_revoked',
      detail: 'the policy that admitted this session is no longer in force: log in again',
    })
  }
  return pass(session)
}

/** RFC 6750 section 2.1. How long it may be is for whoever verifies it. */
function readBearer(header: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}
