// Handles a login: the cluster, the body, the policies in force, the decision, the session, the record.
import type { Context } from 'hono'
import { parseClusterId } from '../../config/document-key.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { LOGIN_BODY_MAX_BYTES } from '../../core/limits.ts'
import { listIdentity } from '../../policy/login/agent-identity.ts'
import { evaluateLogin } from '../../policy/login/login.ts'
import { checkLock } from '../../policy/revocation/check-revocation.ts'
import { issueSession } from '../../token/session/session.ts'
import { createAttestContext } from '../attest-context.ts'
import { loginBodySchema, openChallenges, readAttestations } from '../attestations.ts'
import { createBackground } from '../background.ts'
import { createLoginReport } from '../reports/login-report.ts'
import { readBody } from '../request-body.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

/** Agents log in to their cluster, issuers to the trust domain, with the same body and the same evaluation. */
export function addLoginRoutes(app: GatewayApp, services: Services): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/login', (c) => logIn(c, services, c.req.param('clusterId') ?? ''))
  addRoute(app, 'POST', '/v1/trust-domain/login', (c) => logIn(c, services, undefined))
}

async function logIn(c: Context<GatewayEnv>, services: Services, cluster: string | undefined): Promise<Response> {
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createLoginReport(c, cluster, services, snapshot)

  const clusterId = cluster === undefined ? undefined : parseClusterId(cluster)
  if (cluster !== undefined && clusterId === undefined) return report.refuse(UNKNOWN_CLUSTER)
  const body = await readBody(c, loginBodySchema, LOGIN_BODY_MAX_BYTES, services.sleep)
  if (!body.ok) return report.refuse(body.refusal)
  const sealed = readAttestations(body.value, services.attestors)
  if (!sealed.ok) return report.refuse(sealed.refusal)
  report.noteEvidence(sealed.value)

  const policies = await snapshot.readPolicies(clusterId)
  if (!policies.ok) return report.refuse(policies.refusal)
  const revocations = await snapshot.readRevocations(clusterId)
  if (!revocations.ok) return report.refuse(revocations.refusal)

  const nowMillis = services.clock()
  const nowSeconds = floorToSeconds(nowMillis)
  const locked = checkLock(revocations.value, nowSeconds)
  if (locked !== undefined) return report.refuse(locked)
  const { issuerUrl, sealKeys } = services.settings
  const role = clusterId === undefined ? 'issuer' : 'agent'
  const attestations = await openChallenges(sealed.value, { role, clusterId, issuerUrl }, sealKeys, nowSeconds)
  const context = {
    ...createAttestContext(services, snapshot, nowSeconds),
    engine: services.engine,
    revocations: revocations.value,
    ...(services.singleUse === undefined ? {} : { singleUse: services.singleUse }),
  }
  const outcome = await evaluateLogin(attestations, policies.value, context)
  // A decision that waits for a store or an issuer is answered with 503, which counts against no client.
  if (!('reason' in outcome) || outcome.reason === 'no_policy_satisfied') c.set('hasVerified', true)
  if (outcome.kind !== 'admitted') return report.refuseOutcome(outcome)
  snapshot.proveLogin(clusterId)

  const { policy, attributes, proofs, expiresAtSeconds } = outcome
  const session = await issueSession(
    {
      role,
      ...(clusterId === undefined ? {} : { clusterId }),
      policy: policy.name,
      ...(policy.allowedClusters === undefined ? {} : { allowedClusters: policy.allowedClusters }),
      ...(policy.scopes === undefined ? {} : { scopes: policy.scopes }),
      attributes,
      identity: listIdentity(attributes),
      decision: { digest: await services.decisions.digestPolicy(policy), proofs },
      evidenceExpiresAtSeconds: expiresAtSeconds,
      nowMillis,
    },
    services.authority,
  )
  return session.ok ? report.admit(outcome, session.value) : report.refuse(session.refusal, outcome)
}
