// The session of an issuer, which authorizes a request. A request without a session causes no read of documents.
import type { Context } from 'hono'
import { type ClusterId, trustDomainKey } from '../config/document-key.ts'
import { REFUSALS } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { verifySession } from '../token/session/session.ts'
import type { Session, SessionScope } from '../token/session/session-claims.ts'
import type { RequestSnapshot } from './request-snapshot.ts'
import type { Services } from './services.ts'
import { checkSessionUse } from './session-use.ts'
import { formatBearerChallenge } from './www-authenticate.ts'

/** A valid session of an issuer that has the scope of the route. */
export interface IssuerSession {
  readonly session: Session
  /** Whether it may act for the cluster, by its own claim and by the document in force. */
  mayActFor(clusterId: ClusterId): boolean
  /** The clusters that it may act for; `undefined`: all. */
  listAllowed(): readonly string[] | undefined
}

/** What a route requires of the session. */
interface Required {
  readonly scope: SessionScope
  /** Absent if the route belongs to no cluster. */
  readonly clusterId?: ClusterId
  /**
   * The route acts for the trust domain itself, beside all clusters: a session for some clusters only is refused. It could
   * otherwise ask for identities that no cluster of its list may have.
   */
  readonly isForTrustDomain?: true
}

/**
 * Requires the session of an issuer in `Authorization: Bearer`, with this scope and, if the route has a cluster, valid
 * for it. Refuses with a code `session_*`, `cluster_locked`, `configuration_invalid` or `store_unavailable`. A 403 also
 * has `WWW-Authenticate` (RFC 6750 section 3.1).
 */
export async function requireIssuer(
  c: Context,
  required: Required,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<IssuerSession>> {
  const token = readBearer(c.req.header('Authorization'))
  if (token === undefined) {
    return refuse({
      code: 'session_missing',
      detail: 'the session is missing: send Authorization: Bearer with the session of an issuer',
    })
  }
  const session = await checkIssuer(c, token, required, services, snapshot)
  // An invalid session is an invalid token (401); a valid one that is not allowed here has insufficient scope (403).
  if (!session.ok && session.refusal.code !== 'cluster_locked' && REFUSALS[session.refusal.code].status === 403)
    c.header('WWW-Authenticate', formatBearerChallenge(services.settings.trustDomain, 'insufficient_scope'))
  return session
}

async function checkIssuer(
  c: Context,
  token: string,
  required: Required,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<IssuerSession>> {
  const verified = await verifySession(token, 'issuer', services.authority, services.clock() / 1000)
  if (!verified.ok) return verified
  c.set('hasVerified', true)
  const session = verified.value
  const allowed = checkGranted(required, session)
  if (!allowed.ok) return allowed
  const trustDomain = await snapshot.readSection(trustDomainKey('TrustDomain'))
  if (!trustDomain.ok) return trustDomain
  const notBefore = [trustDomain.value?.sessionsNotBeforeSeconds]
  const standing = await checkSessionUse(session, undefined, notBefore, services, snapshot)
  if (!standing.ok) return standing
  // Both what the session grants and what the document grants: what an operator takes away ends before the next login.
  const { policy } = standing.value
  const stillAllowed = checkGranted(required, policy)
  if (!stillAllowed.ok) return stillAllowed
  const mayActFor = (clusterId: ClusterId) =>
    isIn(session.allowedClusters, clusterId) && isIn(policy.allowedClusters, clusterId)
  const listAllowed = () =>
    session.allowedClusters?.filter((id) => isIn(policy.allowedClusters, id)) ?? policy.allowedClusters
  return pass({ session, mayActFor, listAllowed })
}

/** What a session or a policy grants; an absent list grants everything. */
interface Granted {
  readonly allowedClusters?: readonly string[] | undefined
  readonly scopes?: readonly string[] | undefined
}

function checkGranted(
  { clusterId, isForTrustDomain, scope }: Required,
  { allowedClusters, scopes }: Granted,
): Checked<true> {
  if (isForTrustDomain === true && allowedClusters !== undefined) {
    return refuse({
      code: 'session_cluster_forbidden',
      detail: 'the session is valid for some clusters only, and this route acts for the trust domain',
    })
  }
  if (clusterId !== undefined && !isIn(allowedClusters, clusterId)) {
    return refuse({
      code: 'session_cluster_forbidden',
      detail: `the session is not valid for the cluster "${clusterId}"`,
    })
  }
  if (isIn(scopes, scope)) return pass(true)
  const detail = `the session does not have the scope "${scope}", which this route requires: its operator sets scopes in TrustDomainServerAttestation`
  return refuse({ code: 'session_scope_forbidden', detail })
}

function isIn(list: readonly string[] | undefined, item: string): boolean {
  return list === undefined || list.includes(item)
}

/** Reads the token (RFC 6750 section 2.1). The verification checks its length. */
function readBearer(header: string | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*)$/i.exec(header ?? '')?.[1]
}
