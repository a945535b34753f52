// The configuration of a cluster as the mapping wants it. Where `TrustDomain` lists the cluster, its name there holds,
// and its paths are bounded; where it does not, the cluster's own name holds.
import type { AttributeValue } from '../attribute/attribute.ts'
import type { ClusterId } from '../config/document-key.ts'
import type { TrustDomain } from '../identity/trust-domain.ts'
import { defaultPathTemplate } from '../policy/default-path.ts'
import { DEFAULT_ISSUANCE } from '../policy/issuance.ts'
import type { MappingContext } from '../policy/mapping.ts'
import type { MappingMeter } from '../policy/mapping-meter.ts'
import type { Agent } from '../policy/workload.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { mappingGatesOf } from './mapping-gates.ts'

export function mappingContextOf(
  clusterId: ClusterId,
  config: ClusterConfig,
  agent: Agent,
  trustDomain: TrustDomain,
  meter: MappingMeter,
): MappingContext {
  const { cluster, issuance } = config
  const listed = config.trustDomain?.clusters.get(clusterId)
  const name = listed?.name ?? cluster.name ?? clusterId
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
    pathPrefixes: listed?.pathPrefixes,
    builtIns,
    agent: agent.attributes,
  }
}
