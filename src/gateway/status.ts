// What is stored and what is in force for a cluster, section by section, with every issue and its place in the text.
import type { Context } from 'hono'
import type { SectionValues } from '../config/compile.ts'
import { findAcross } from '../config/cross-findings.ts'
import { clusterKey, parseClusterId, trustDomainKey } from '../config/document-key.ts'
import { SECTIONS, type SectionName, sectionNames } from '../config/sections.ts'
import { type SectionStatus, statusOf } from '../config/status.ts'
import type { Issue } from '../core/issue.ts'
import { backgroundOf } from './background.ts'
import { requireIssuer } from './issuer-session.ts'
import type { GatewayApp, GatewayEnv, Parts } from './parts.ts'
import { clusterExists } from './policies-in-force.ts'
import { problem } from './problem.ts'
import { addRoute, UNKNOWN_CLUSTER } from './route.ts'
import { sectionInForce } from './section-in-force.ts'

export function addStatusRoute(app: GatewayApp, parts: Parts): void {
  addRoute(app, 'GET', '/v1/clusters/:clusterId/status', (c) => readStatus(c, parts))
}

async function readStatus(c: Context<GatewayEnv>, parts: Parts): Promise<Response> {
  const background = backgroundOf(c)
  const clusterId = parseClusterId(c.req.param('clusterId') ?? '')
  if (clusterId === undefined) return problem(c, UNKNOWN_CLUSTER)
  const issuer = await requireIssuer(c, clusterId, parts, background)
  if (!issuer.ok) return problem(c, issuer.refusal)
  const trustDomain = await sectionInForce(trustDomainKey('TrustDomain'), parts.configs, background)
  if (!trustDomain.ok) return problem(c, trustDomain.refusal)
  const exists = await clusterExists(clusterId, 'issuer', parts.configs, background)
  if (!exists.ok) return problem(c, exists.refusal)

  const names = sectionNames().filter((name) => SECTIONS[name].scope === 'cluster')
  const reads = await Promise.all(
    names.map(async (name) => ({ name, read: await parts.configs.get(clusterKey(clusterId, name), background) })),
  )
  const inForce = Object.fromEntries(
    reads.flatMap(({ name, read }) => (read.kind === 'in_force' ? [[name, read.value]] : [])),
  )
  const across = findAcross(inForce as Partial<SectionValues>)
  const sections = reads.map(({ name, read }) => statusOf(name, read, [...(across.get(name) ?? []), ...lintOf(name)]))

  /** Where `TrustDomain` does not list a cluster, nothing keeps its paths apart from another's. */
  function lintOf(name: SectionName): readonly Issue[] {
    if (
      name !== 'Cluster' ||
      trustDomain.ok === false ||
      trustDomain.value?.value.clusters.has(clusterId ?? '') === true
    )
      return []
    const message = 'TrustDomain does not list this cluster: nothing keeps it from rendering the paths of another one'
    return [{ code: 'cluster_unlisted', path: [], message }]
  }

  return c.json({ clusterId, health: healthOf(sections), sections })
}

function healthOf(sections: readonly SectionStatus[]): SectionStatus['health'] {
  return sections.every(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNHEALTHY'
}
