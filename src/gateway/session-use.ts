// What every use of a session checks: that the documents in force have not revoked it.
import type { ClusterId } from '../config/document-key.ts'
import { floorToSeconds } from '../core/instant.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { Policy, PolicySet } from '../policy/policy.ts'
import { checkLock, checkRevocation } from '../policy/revocation/check-revocation.ts'
import type { Session } from '../token/session/session-claims.ts'
import type { RequestSnapshot } from './request-snapshot.ts'
import type { Services } from './services.ts'

/** The policies in force by which a session was checked, and the one among them that admits it. */
export interface SessionStanding {
  readonly policy: Policy
  readonly policies: PolicySet
}

/**
 * Checks a session that has verified against the documents in force. Refuses with `cluster_locked` while its scope is
 * locked, and with `session_revoked` if it was issued before `sessionsNotBefore`, if an entry of Revocations names it or
 * what it proves, or if the document in force has no policy of its name, or one that would no longer admit it. A document
 * that cannot be read revokes nothing: then it refuses with `store_unavailable` or `configuration_invalid`.
 *
 * @param clusterId the cluster of an agent; `undefined` for an issuer
 * @param notBefore `sessionsNotBefore` of the documents that have it, in seconds since the epoch
 */
export async function checkSessionUse(
  session: Session,
  clusterId: ClusterId | undefined,
  notBefore: readonly (number | undefined)[],
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<SessionStanding>> {
  if (notBefore.some((seconds) => seconds !== undefined && session.issuedAtSeconds < seconds)) {
    return refuse({ code: 'session_revoked', detail: 'the session was issued before sessionsNotBefore: log in again' })
  }
  const unlisted = await checkListed(session, clusterId, services, snapshot)
  if (!unlisted.ok) return unlisted
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
  snapshot.proveLogin(clusterId)
  return pass({ policy, policies: set })
}

/** Checks the lists of what is revoked: those of the trust domain and of the agent's cluster. */
async function checkListed(
  session: Session,
  clusterId: ClusterId | undefined,
  services: Services,
  snapshot: RequestSnapshot,
): Promise<Checked<true>> {
  const revocations = await snapshot.readRevocations(clusterId)
  if (!revocations.ok) return revocations
  if (revocations.value.length === 0) return pass(true)
  const nowSeconds = floorToSeconds(services.clock())
  const subject = {
    attributes: new Map(session.attributes.map(({ name, value }) => [name, value])),
    tokenIds: session.decision?.proofs.flatMap(({ tokenId }) => (tokenId === undefined ? [] : [tokenId])) ?? [],
    sessionId: session.id,
  }
  const refusal =
    checkLock(revocations.value, nowSeconds) ??
    checkRevocation(revocations.value, 'session_revoked', subject, nowSeconds)
  return refusal === undefined ? pass(true) : refuse(refusal)
}

/** The failed check and what the policy expects go to the audit record; the answer must not reveal them. */
function describePolicyChange({ name }: Policy, { code, audit }: Refusal): Refusal {
  return {
    code: 'session_revoked',
    detail: 'the policy that admitted this session has changed, and the session no longer meets it: log in again',
    audit: { policy: name, failed: code, ...audit },
  }
}
