// Sessions in use: the issuer's, which opens the claims endpoint, and the agent's, which it may send along. Every use
// asks whether the session has been revoked, and whether it is good for this cluster.
import type { Context } from 'hono'
import type { ClusterSettings } from '../config/cluster.ts'
import type { ClusterId } from '../config/document-key.ts'
import type { TrustDomainSettings } from '../config/trust-domain.ts'
import { SESSION_MAX_BYTES } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { type Session, verifySession } from '../token/session.ts'
import type { Parts } from './gateway.ts'
import { policiesInForce } from './policies-in-force.ts'

type Background = (work: Promise<unknown>) => void

/** The bearer of the request (RFC 6750 section 2.1), an issuer that may act for this cluster. */
export async function requireIssuer(
  c: Context,
  clusterId: ClusterId,
  trustDomain: TrustDomainSettings | undefined,
  parts: Parts,
  background: Background,
): Promise<Checked<Session>> {
  const token = readBearer(c.req.header('Authorization'))
  if (token === undefined) {
    c.header('WWW-Authenticate', 'Bearer')
    return refuse({ code: 'session_missing', detail: 'send Authorization: Bearer with the session of an issuer' })
  }
  const session = await verifySession(token, 'issuer', parts.authority, parts.clock() / 1000)
  if (!session.ok) {
    c.header('WWW-Authenticate', 'Bearer error="invalid_token"')
    return session
  }
  const { allowedClusters } = session.value
  if (allowedClusters !== undefined && !allowedClusters.includes(clusterId)) {
    return refuse({
      code: 'session_cluster_forbidden',
      detail: `the session is not good for the cluster "${clusterId}"`,
    })
  }
  return checkRevocation(session.value, undefined, [trustDomain?.sessionsNotBeforeSeconds], parts, background)
}

/** The session that an issuer sent along for the agent. One that is bad fails the request; it is never ignored. */
export async function readAgentSession(
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
  if (!policies.ok) return policies
  if (!policies.value.policies.names.has(session.policy)) {
    return refuse({
      code: 'session_revoked',
      detail: 'the policy that admitted this session is no longer in force: log in again',
    })
  }
  return pass(session)
}

function readBearer(header: string | undefined): string | undefined {
  if (header === undefined || header.length > SESSION_MAX_BYTES + 64) return undefined
  return /^Bearer ([\w.~+/-]+=*)$/i.exec(header)?.[1]
}
