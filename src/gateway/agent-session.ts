// The session of an agent, as an issuer presents it: with a claims request, or to introspection.
import { type ClusterId, clusterKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import type { ClusterSettings } from '../config/sections/cluster.ts'
import type { TrustDomainSettings } from '../config/sections/trust-domain.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { PolicySet } from '../policy/policy.ts'
import { verifySession } from '../token/session/session.ts'
import type { Session } from '../token/session/session-claims.ts'
import type { RequestSnapshot } from './request-snapshot.ts'
import type { Services } from './services.ts'
import { checkSessionUse } from './session-use.ts'

/** A valid session of an agent, and the policies in force by which it was checked. */
export interface AgentSession {
  readonly session: Session
  readonly policies: PolicySet
}

/** The settings that revoke sessions by their age. */
interface AgeSettings {
  readonly trustDomain: TrustDomainSettings | undefined
  readonly cluster: Pick<ClusterSettings, 'sessionsNotBeforeSeconds'>
}

/**
 * Checks the agent's session that an issuer sent along. An invalid one fails the request; it is never ignored. The
 * refusal names `agentSession`: otherwise the issuer would assume that its own session is invalid and log in
 * repeatedly.
 */
export async function readAgentSession(
  token: string,
  clusterId: ClusterId,
  settings: AgeSettings,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<AgentSession>> {
  const session = await checkAgent(token, clusterId, settings, services, snapshot)
  return session.ok ? session : refuse({ ...session.refusal, where: 'agentSession' })
}

async function checkAgent(
  token: string,
  clusterId: ClusterId,
  settings: AgeSettings,
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
  return useAgentSession(session.value, clusterId, settings, services, snapshot)
}

async function useAgentSession(
  session: Session,
  clusterId: ClusterId,
  { trustDomain, cluster }: AgeSettings,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<AgentSession>> {
  const notBefore = [trustDomain?.sessionsNotBeforeSeconds, cluster.sessionsNotBeforeSeconds]
  const found = await checkSessionUse(session, clusterId, notBefore, services, snapshot)
  return found.ok ? pass({ session, policies: found.value.policies }) : found
}

/**
 * Checks any token that is presented as the session of an agent, of whatever cluster.
 *
 * @param mayAsk whether the caller may learn of sessions of this cluster; if not, no document of it is read
 * @returns the session, or why it must not be used: a refusal with the status 503 says that this could not be found out
 */
export async function inspectAgentSession(
  token: string,
  mayAsk: (clusterId: ClusterId) => boolean,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Inspected> {
  const verified = await verifySession(token, 'agent', services.authority, services.clock() / 1000)
  if (!verified.ok) return { refusal: verified.refusal }
  const session = verified.value
  const clusterId = parseClusterId(session.clusterId ?? '')
  if (clusterId === undefined || !mayAsk(clusterId)) return { refusal: OF_SOMEBODY_ELSE }
  const trustDomain = await snapshot.readSection(trustDomainKey('TrustDomain'))
  if (!trustDomain.ok) return { refusal: trustDomain.refusal, session }
  const cluster = await snapshot.readSection(clusterKey(clusterId, 'Cluster'))
  if (!cluster.ok) return { refusal: cluster.refusal, session }
  const settings = { trustDomain: trustDomain.value, cluster: cluster.value ?? {} }
  const used = await useAgentSession(session, clusterId, settings, services, snapshot)
  return used.ok ? { session } : { refusal: used.refusal, session }
}

/** A session and, if it must not be used, why. Without a session: none that the caller may learn of. */
export type Inspected =
  | { readonly session: Session; readonly refusal?: never }
  | { readonly session?: Session; readonly refusal: Refusal }

const OF_SOMEBODY_ELSE: Refusal = {
  code: 'session_cluster_forbidden',
  detail: 'the session belongs to a cluster that the caller may not act for',
}
