// Gives a workload without an agent its identity: the issuer and the cluster as for claims, the evidence as for a login, then
// the identity of the policy that it satisfied. No session is issued, so every request proves anew.
import type { Context } from 'hono'
import { parseClusterId } from '../../config/document-key.ts'
import { floorToSeconds } from '../../core/instant.ts'
import { LOGIN_BODY_MAX_BYTES } from '../../core/limits.ts'
import { evaluateLogin } from '../../policy/login/login.ts'
import { createMappingMeter } from '../../policy/mapping/mapping-meter.ts'
import { checkLock } from '../../policy/revocation/check-revocation.ts'
import { createAttestContext } from '../attest-context.ts'
import { loginBodySchema, openChallenges, readAttestations } from '../attestations.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { createServerlessReport } from '../reports/serverless-report.ts'
import { readBody } from '../request-body.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import { createServerlessContext, mapServerless } from '../serverless/map-serverless.ts'
import { placeServerless, readServerlessConfig } from '../serverless/serverless-config.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

/** Workloads of a cluster, and those of the trust domain, which belong to none. */
export function addServerlessRoutes(app: GatewayApp, services: Services): void {
  addRoute(app, 'POST', '/v1/clusters/:clusterId/serverless', (c) =>
    giveIdentity(c, services, c.req.param('clusterId') ?? ''),
  )
  addRoute(app, 'POST', '/v1/trust-domain/serverless', (c) => giveIdentity(c, services, undefined))
}

async function giveIdentity(
  c: Context<GatewayEnv>,
  services: Services,
  cluster: string | undefined,
): Promise<Response> {
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createServerlessReport(c, cluster, services, snapshot)

  const clusterId = cluster === undefined ? undefined : parseClusterId(cluster)
  if (cluster !== undefined && clusterId === undefined) return report.refuse(UNKNOWN_CLUSTER)
  const whose = clusterId === undefined ? ({ isForTrustDomain: true } as const) : { clusterId }
  const issuer = await requireIssuer(c, { scope: 'claims', ...whose }, services, snapshot)
  if (!issuer.ok) return report.refuse(issuer.refusal)
  report.noteIssuer(issuer.value.session)
  if (clusterId !== undefined) {
    const exists = await snapshot.requireCluster(clusterId, 'issuer')
    if (!exists.ok) return report.refuse(exists.refusal)
  }
  const config = await readServerlessConfig(clusterId, snapshot)
  if (!config.ok) return report.refuse(config.refusal)
  const { policies, revocations } = config.value
  const nowSeconds = floorToSeconds(services.clock())
  const locked = checkLock(revocations, nowSeconds)
  if (locked !== undefined) return report.refuse(locked)
  const place = placeServerless(clusterId, config.value)
  if (!place.ok) return report.refuse(place.refusal)

  const body = await readBody(c, loginBodySchema, LOGIN_BODY_MAX_BYTES, services.sleep)
  if (!body.ok) return report.refuse(body.refusal)
  const sealed = readAttestations(body.value, services.attestors)
  if (!sealed.ok) return report.refuse(sealed.refusal)
  report.noteEvidence(sealed.value)

  const { issuerUrl, sealKeys, trustDomain } = services.settings
  const attestations = await openChallenges(
    sealed.value,
    { role: 'serverless', clusterId, issuerUrl },
    sealKeys,
    nowSeconds,
  )
  const outcome = await evaluateLogin(attestations, policies, {
    ...createAttestContext(services, snapshot, nowSeconds),
    engine: services.engine,
    revocations,
    ...(services.singleUse === undefined ? {} : { singleUse: services.singleUse }),
  })
  if (outcome.kind !== 'admitted') return report.refuseOutcome(outcome)

  const meter = createMappingMeter(services.engine)
  const { policy, attributes } = outcome
  const mapped = mapServerless(
    createServerlessContext(policy, attributes, policies, place.value, { trustDomain, meter }),
  )
  return mapped.ok ? report.grant(mapped.value, outcome) : report.refuseMapping(mapped, outcome)
}
