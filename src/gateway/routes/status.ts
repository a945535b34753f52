// Answers what is stored and what is in force for a cluster, section by section, with every issue and its position.
import type { Context } from 'hono'
import { findByClock } from '../../config/compile/clock-findings.ts'
import type { SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { COMPARED_SECTIONS } from '../../config/compile/findings-memo.ts'
import { clusterKey, parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { createSectionStatus } from '../../config/live/status.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import { findMappingIssues, resolveClusterMapping } from '../../config/sections/cluster-mapping.ts'
import { hasScope, listSectionNames } from '../../config/sections/table.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { findByKeys } from '../key-findings.ts'
import { createStatusReport } from '../reports/status-report.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

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

  const names = listSectionNames().filter((name) => hasScope(name, 'cluster'))
  const reads = await Promise.all(
    names.map(async (name) => ({ name, read: await snapshot.read(clusterKey(clusterId, name)) })),
  )
  const inForce = Object.fromEntries(
    reads.flatMap(({ name, read }) => (read.kind === 'in_force' ? [[name, read.value]] : [])),
  )
  const values = inForce as Partial<SectionValues>
  const across = services.crossFindings(snapshot.listUsedDigests(clusterId, COMPARED_SECTIONS), () =>
    findAcross(values),
  )
  const byClock = findByClock(values, services.clock())
  const byKeys = findByKeys(values, services.keySources)
  const mapping = resolveClusterMapping(clusterId, values.Cluster ?? DEFAULT_CLUSTER, trustDomain.value)
  const sections = reads.map(({ name, read }) => {
    const mappingFindings = name === 'Cluster' ? findMappingIssues(mapping) : []
    const found = [across, byClock, byKeys].flatMap((findings) => findings.get(name) ?? [])
    return createSectionStatus(name, read, [...found, ...mappingFindings])
  })

  return report.answer(sections)
}
