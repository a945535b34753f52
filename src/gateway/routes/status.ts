// What is stored and what is in force for a cluster, section by section, with every issue and its place in the text.
import type { Context } from 'hono'
import { findByClock } from '../../config/compile/clock-findings.ts'
import type { SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { clusterKey, parseClusterId, trustDomainKey } from '../../config/document-key.ts'
import { type SectionStatus, statusOf } from '../../config/live/status.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import { findStandingIssues, resolveStanding } from '../../config/sections/cluster-standing.ts'
import { SECTIONS, sectionNames } from '../../config/sections/table.ts'
import type { StatusAnswer } from '../answers/status-answer.ts'
import { backgroundOf } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { findByKeys } from '../key-findings.ts'
import { clusterExists } from '../policies-in-force.ts'
import { answerJson } from '../problem.ts'
import { addRoute, UNKNOWN_CLUSTER } from '../route.ts'
import { sectionInForce } from '../section-in-force.ts'
import type { GatewayApp, GatewayEnv, Parts } from '../services.ts'
import { createStatusReport } from '../status-report.ts'

export function addStatusRoute(app: GatewayApp, parts: Parts): void {
  addRoute(app, 'GET', '/v1/clusters/:clusterId/status', (c) => readStatus(c, parts))
}

async function readStatus(c: Context<GatewayEnv>, parts: Parts): Promise<Response> {
  const background = backgroundOf(c)
  const text = c.req.param('clusterId') ?? ''
  const report = createStatusReport(c, text, parts)
  const clusterId = parseClusterId(text)
  if (clusterId === undefined) return report.refused(UNKNOWN_CLUSTER)
  const issuer = await requireIssuer(c, clusterId, parts, background)
  if (!issuer.ok) return report.refused(issuer.refusal)
  report.asked(issuer.value)
  const trustDomain = await sectionInForce(trustDomainKey('TrustDomain'), parts.configs, background)
  if (!trustDomain.ok) return report.refused(trustDomain.refusal)
  const exists = await clusterExists(clusterId, 'issuer', parts.configs, background)
  if (!exists.ok) return report.refused(exists.refusal)

  const names = sectionNames().filter((name) => SECTIONS[name].scope === 'cluster')
  const reads = await Promise.all(
    names.map(async (name) => ({ name, read: await parts.configs.get(clusterKey(clusterId, name), background) })),
  )
  const inForce = Object.fromEntries(
    reads.flatMap(({ name, read }) => (read.kind === 'in_force' ? [[name, read.value]] : [])),
  )
  const values = inForce as Partial<SectionValues>
  const across = findAcross(values)
  const byClock = findByClock(values, parts.clock())
  const byKeys = findByKeys(values, parts.keySources)
  const standing = resolveStanding(clusterId, values.Cluster ?? DEFAULT_CLUSTER, trustDomain.value?.value)
  const sections = reads.map(({ name, read }) => {
    const standingFindings = name === 'Cluster' ? findStandingIssues(standing) : []
    const found = [across, byClock, byKeys].flatMap((findings) => findings.get(name) ?? [])
    return statusOf(name, read, [...found, ...standingFindings])
  })

  return answerJson<StatusAnswer>(c, { clusterId, health: healthOf(sections), sections })
}

function healthOf(sections: readonly SectionStatus[]): SectionStatus['health'] {
  return sections.every(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNHEALTHY'
}
