// The configuration of a cluster as the mapping wants it, with the name and the path bounds that its trust domain gives it.
// A cluster that the trust domain does not let map has no standing to hand in.
import type { AttributeValue } from '../attribute/attribute.ts'
import type { ClusterId } from '../config/document-key.ts'
import { type MappedStanding, resolveStanding } from '../config/sections/cluster-standing.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { TrustDomain } from '../identity/trust-domain.ts'
import { defaultPathTemplate } from '../policy/mapping/default-path.ts'
import { DEFAULT_ISSUANCE } from '../policy/mapping/issuance.ts'
import type { MappingContext } from '../policy/mapping/mapping.ts'
import type { MappingMeter } from '../policy/mapping/mapping-meter.ts'
import type { Agent } from '../policy/mapping/workload.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { mappingGatesOf } from './mapping-gates.ts'

/** Refuses with `cluster_unlisted` or `cluster_name_taken`. */
export function checkStanding(clusterId: ClusterId, config: ClusterConfig): Checked<MappedStanding> {
  const standing = resolveStanding(clusterId, config.cluster, config.trustDomain)
  return standing.kind === 'mapped' ? pass(standing) : refuse({ code: standing.code, detail: standing.detail })
}

export function mappingContextOf(
  clusterId: ClusterId,
  { name, bounds }: MappedStanding,
  config: ClusterConfig,
  agent: Agent,
  trustDomain: TrustDomain,
  meter: MappingMeter,
): MappingContext {
  const { cluster, issuance } = config
  const builtIns = new Map<string, AttributeValue>([
    ['cluster.id', clusterId],
    ['cluster.name', name],
  ])
  // A Linux cluster is a node group by another word.
  if (cluster.platform === 'linux') builtIns.set('node_group.name', name)
  const policy = issuance ?? DEFAULT_ISSUANCE
  const defaultPath = defaultPathTemplate(cluster.platform)
  return {
    trustDomain,
    policy,
    isDefault: issuance === undefined,
    gates: mappingGatesOf(policy, config, defaultPath),
    meter,
    defaultPath,
    pathBounds: bounds,
    builtIns,
    agent: agent.attributes,
  }
}
