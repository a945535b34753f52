// One login, top to bottom: the cluster, the body, the policies in force, the decision, the session, the record.
import type { Context } from 'hono'
import { parseClusterId } from '../../config/document-key.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { LOGIN_BODY_MAX_BYTES } from '../../core/limits.ts'
import { listIdentity } from '../../policy/login/agent-identity.ts'
import { evaluateLogin } from '../../policy/login/login.ts'
import { issueSession } from '../../token/session/session.ts'
import { createAttestContext } from '../attest-context.ts'
import { loginBodySchema, openChallenges, readAttestations } from '../attestations.ts'
import { createBackground } from '../background.ts'
import { readBody } from '../body.ts'
import { createLoginReport } from '../login-report.ts'
import { createSnapshot, policiesKey } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Parts } from '../services.ts'

/** Agents log in to their cluster, issuers to the trust domain: the same body, the same engine. */
export function addLoginRoutes(app: GatewayApp, parts: Parts): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/login', (c) => logIn(c, parts, c.req.param('clusterId') ?? ''))
  addRoute(app, 'POST', '/v1/trust-domain/login', (c) => logIn(c, parts, undefined))
}

async function logIn(c: Context<GatewayEnv>, parts: Parts, cluster: string | undefined): Promise<Response> {
  const snapshot = createSnapshot(parts.configs, createBackground(c))
  const report = createLoginReport(c, cluster, parts, snapshot)

  const clusterId = cluster === undefined ? undefined : parseClusterId(cluster)
  if (cluster !== undefined && clusterId === undefined) return report.refused(UNKNOWN_CLUSTER)
  const body = await readBody(c, loginBodySchema, LOGIN_BODY_MAX_BYTES, parts.sleep)
  if (!body.ok) return report.refused(body.refusal)
  const sealed = readAttestations(body.value, parts.attestors)
  if (!sealed.ok) return report.refused(sealed.refusal)
  report.presented(sealed.value)

  const policies = await snapshot.policies(clusterId)
  if (!policies.ok) return report.refused(policies.refusal)

  const nowMillis = parts.clock()
  const nowSeconds = floorToSeconds(nowMillis)
  const { issuerUrl, sealKeys } = parts.settings
  const role = clusterId === undefined ? 'issuer' : 'agent'
  const attestations = await openChallenges(sealed.value, { role, clusterId, issuerUrl }, sealKeys, nowSeconds)
  const context = { ...createAttestContext(parts, snapshot, nowSeconds), engine: parts.engine }
  const outcome = await evaluateLogin(attestations, policies.value, context)
  if (outcome.kind !== 'admitted') return report.notAdmitted(outcome)
  snapshot.prove(policiesKey(clusterId))

  const { policy, attributes, proofs, expiresAtSeconds } = outcome
  const session = await issueSession(
    {
      role,
      ...(clusterId === undefined ? {} : { clusterId }),
      policy: policy.name,
      ...(policy.allowedClusters === undefined ? {} : { allowedClusters: policy.allowedClusters }),
      attributes,
      identity: listIdentity(attributes),
      decision: { digest: await parts.decisions.digestPolicy(policy), proofs },
      evidenceExpiresAtSeconds: expiresAtSeconds,
      nowMillis,
    },
    parts.authority,
  )
  return session.ok ? report.admitted(outcome, session.value) : report.refused(session.refusal, outcome)
}
