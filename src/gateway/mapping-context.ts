// The configuration of a cluster in the form that the mapping takes, with the name and path bounds from its trust
// domain. A cluster whose mappings the trust domain refuses has no `MappedCluster`, so no context can be made for it.
import type { Attributes, AttributeValue } from '../attribute/attribute.ts'
import type { ClusterId } from '../config/document-key.ts'
import type { ClusterSettings } from '../config/sections/cluster.ts'
import { type MappedCluster, resolveClusterMapping } from '../config/sections/cluster-mapping.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import type { TrustDomain } from '../identity/trust-domain.ts'
import { findDefaultPath } from '../policy/mapping/default-path.ts'
import { DEFAULT_ISSUANCE } from '../policy/mapping/issuance.ts'
import type { MappingMeter } from '../policy/mapping/mapping-meter.ts'
import type { Agent, WorkloadContext } from '../policy/mapping/workload.ts'
import { checkRevocation } from '../policy/revocation/check-revocation.ts'
import type { ClusterConfig } from './cluster-config.ts'
import { createMappingGates, type MappingFaults } from './mapping-gates.ts'

/** Refuses with `cluster_unlisted` or `cluster_name_taken`. */
export function checkClusterMapping(
  clusterId: ClusterId,
  config: Pick<ClusterConfig, 'cluster' | 'trustDomain'>,
): Checked<MappedCluster> {
  const mapping = resolveClusterMapping(clusterId, config.cluster, config.trustDomain)
  return mapping.kind === 'mapped' ? pass(mapping) : refuse({ code: mapping.code, detail: mapping.detail })
}

/** What one request maps with. */
export interface MappingRequest {
  readonly trustDomain: TrustDomain
  readonly agent: Agent
  readonly meter: MappingMeter
  /** Seconds since the epoch: entries of Revocations end. */
  readonly nowSeconds: number
  /** Of `config`: see `findMappingFaults`. */
  readonly faults: MappingFaults
}

export function createMappingContext(
  clusterId: ClusterId,
  { name, bounds }: MappedCluster,
  { cluster, issuance, revocations }: ClusterConfig,
  { trustDomain, agent, meter, nowSeconds, faults }: MappingRequest,
): WorkloadContext {
  const defaultPath = findDefaultPath(cluster.platform)
  return {
    trustDomain,
    policy: issuance ?? DEFAULT_ISSUANCE,
    isDefault: issuance === undefined,
    gates: createMappingGates(faults, defaultPath),
    meter,
    defaultPath,
    pathBounds: bounds,
    builtIns: listBuiltIns(clusterId, name, cluster),
    agent: agent.attributes,
    checkRevoked: (attributes) => checkRevocation(revocations, 'workload_revoked', { attributes }, nowSeconds),
  }
}

/** The attributes that a cluster has from configuration alone. */
export function listBuiltIns(
  clusterId: ClusterId,
  name: string,
  { platform }: Pick<ClusterSettings, 'platform'>,
): Attributes {
  const builtIns = new Map<string, AttributeValue>([
    ['cluster.id', clusterId],
    ['cluster.name', name],
  ])
  // On Linux a cluster is a node group.
  if (platform === 'linux') builtIns.set('node_group.name', name)
  return builtIns
}
