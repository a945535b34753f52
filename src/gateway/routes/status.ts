// Answers what is stored and what is in force for a cluster, section by section, with every issue and its position.
import type { Context } from 'hono'
import { parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { createStatusReport } from '../reports/status-report.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'
import { createClusterStatus, readSections } from '../status/cluster-status.ts'

export function addStatusRoute(app: GatewayApp, services: Services): void {
  addRoute(app, 'GET', '/v1/clusters/:clusterId/status', (c) => readStatus(c, services))
}

async function readStatus(c: Context<GatewayEnv>, services: Services): Promise<Response> {
  const text = c.req.param('clusterId') ?? ''
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createStatusReport(c, text, services, snapshot)
  const clusterId = parseClusterId(text)
  if (clusterId === undefined) return report.refuse(UNKNOWN_CLUSTER)
  const issuer = await requireIssuer(c, { scope: 'status', clusterId }, services, snapshot)
  if (!issuer.ok) return report.refuse(issuer.refusal)
  report.noteIssuer(issuer.value.session)
  const trustDomain = await snapshot.readSection(trustDomainKey('TrustDomain'))
  if (!trustDomain.ok) return report.refuse(trustDomain.refusal)
  const exists = await snapshot.requireCluster(clusterId, 'issuer')
  if (!exists.ok) return report.refuse(exists.refusal)
  const reads = await readSections(clusterId, snapshot)
  return report.answer(clusterId, createClusterStatus(clusterId, reads, trustDomain.value, services, snapshot))
}
