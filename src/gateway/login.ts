// One login, top to bottom: the cluster, the body, the policies in force, the decision, the session, the record.
import type { Context } from 'hono'
import { parseClusterId } from '../config/document-key.ts'
import { LOGIN_BODY_MAX_BYTES } from '../core/limits.ts'
import { identityOf } from '../policy/agent-identity.ts'
import { evaluateLogin } from '../policy/login.ts'
import { issueSession } from '../token/session.ts'
import { loginBodySchema, readAttestations } from './attestations.ts'
import { backgroundOf } from './background.ts'
import { readBody } from './body.ts'
import type { GatewayApp, GatewayEnv, Parts } from './gateway.ts'

import { createLoginReport } from './login-report.ts'
import { policiesInForce } from './policies-in-force.ts'
import { addRoute } from './route.ts'

export function addLoginRoute(app: GatewayApp, parts: Parts): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/login', (c) => logIn(c, c.req.param('clusterId') ?? '', parts))
}

async function logIn(c: Context<GatewayEnv>, clusterText: string, parts: Parts): Promise<Response> {
  const report = createLoginReport(c, clusterText, parts)
  const background = backgroundOf(c)

  const clusterId = parseClusterId(clusterText)
  if (clusterId === undefined)
    return report.refused({ code: 'cluster_unknown', detail: 'there is no cluster of this id' })
  const body = await readBody(c, loginBodySchema, LOGIN_BODY_MAX_BYTES)
  if (!body.ok) return report.refused(body.refusal)
  const attestations = readAttestations(body.value)
  if (!attestations.ok) return report.refused(attestations.refusal)

  const policies = await policiesInForce(clusterId, parts.configs, background)
  if (!policies.ok) return report.refused(policies.refusal)
  report.decidedBy(policies.value.configuration)

  const nowMillis = parts.clock()
  const outcome = await evaluateLogin(attestations.value, policies.value.policies, {
    nowSeconds: Math.floor(nowMillis / 1000),
    skewSeconds: parts.settings.clockSkewSeconds,
    keySources: parts.keySources,
    defaultAudience: parts.settings.audience,
    background,
  })
  if (outcome.kind !== 'admitted') return report.notAdmitted(outcome)

  const session = await issueSession(
    {
      role: 'agent',
      clusterId,
      policy: outcome.policy.name,
      attributes: outcome.attributes,
      identity: identityOf(outcome.attributes),
      evidenceExpiresAtSeconds: outcome.expiresAtSeconds,
      nowMillis,
    },
    parts.authority,
  )
  return session.ok ? report.admitted(outcome, session.value) : report.refused(session.refusal)
}
