// The configuration in force for workloads without an agent: of a cluster, or of the trust domain. A section that never
// compiled or cannot be read refuses the request, as it does for claims.
import type { Attributes } from '../../attribute/attribute.ts'
import { type ClusterId, clusterKey, trustDomainKey } from '../../config/document-key.ts'
import { type ClusterSettings, DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import type { TrustDomainSettings } from '../../config/sections/trust-domain.ts'
import { type Checked, pass, refuse } from '../../core/result.ts'
import type { PathBounds } from '../../identity/path-prefixes.ts'
import type { ScopedRevocations } from '../../policy/revocation/check-revocation.ts'
import type { ServerlessPolicies } from '../../policy/serverless.ts'
import { checkClusterMapping, listBuiltIns } from '../mapping-context.ts'
import { type RequestSnapshot, serverlessKey } from '../request-snapshot.ts'

export interface ServerlessConfig {
  readonly policies: ServerlessPolicies
  readonly trustDomain: TrustDomainSettings | undefined
  /** Of the trust domain, which has no such section: the defaults, which require nothing. */
  readonly cluster: ClusterSettings
  readonly revocations: readonly ScopedRevocations[]
}

/**
 * Reads the configuration for an issuer whose session has verified, and marks its documents as proven. Refuses as
 * {@link RequestSnapshot.readServerless} does.
 *
 * @param clusterId `undefined` for the trust domain
 */
export async function readServerlessConfig(
  clusterId: ClusterId | undefined,
  snapshot: RequestSnapshot,
): Promise<Checked<ServerlessConfig>> {
  const [policies, trustDomain, cluster, revocations] = await Promise.all([
    snapshot.readServerless(clusterId),
    snapshot.readSection(trustDomainKey('TrustDomain')),
    clusterId === undefined ? pass(undefined) : snapshot.readSection(clusterKey(clusterId, 'Cluster')),
    snapshot.readRevocations(clusterId),
  ])
  snapshot.prove(serverlessKey(clusterId))
  if (clusterId !== undefined)
    for (const name of ['Cluster', 'Revocations'] as const) snapshot.prove(clusterKey(clusterId, name))
  if (!policies.ok) return policies
  if (!trustDomain.ok) return trustDomain
  if (!cluster.ok) return cluster
  if (!revocations.ok) return revocations
  return pass({
    policies: policies.value,
    trustDomain: trustDomain.value,
    cluster: cluster.value ?? DEFAULT_CLUSTER,
    revocations: revocations.value,
  })
}

/** Whose identities are given: which paths there may be, and which attributes come from configuration. */
export interface ServerlessPlace {
  readonly bounds: PathBounds | undefined
  readonly builtIns: Attributes
  readonly cluster: ClusterSettings
}

/**
 * Checks that identities may be given at all. A cluster is confined as it is for claims, and refused with
 * `cluster_unlisted`, `cluster_name_taken`, `agent_session_required` or `node_required`; the trust domain itself may use
 * no path of a cluster that it lists.
 */
export function placeServerless(
  clusterId: ClusterId | undefined,
  { trustDomain, cluster }: Pick<ServerlessConfig, 'trustDomain' | 'cluster'>,
): Checked<ServerlessPlace> {
  if (clusterId === undefined) {
    const isBounded = trustDomain !== undefined && trustDomain.clusters.size > 0
    const bounds: PathBounds | undefined = isBounded
      ? { side: 'outside', prefixes: trustDomain.listedPrefixes }
      : undefined
    return pass({ bounds, builtIns: new Map(), cluster })
  }
  const mapped = checkClusterMapping(clusterId, { cluster, trustDomain })
  if (!mapped.ok) return mapped
  const required = findRequired(cluster)
  if (required !== undefined) {
    const detail = `this cluster sets ${required.setting}, and a workload without an agent has no session of one: ask in a cluster that does not require it`
    return refuse({ code: required.code, detail })
  }
  const { name, bounds } = mapped.value
  return pass({ bounds, builtIns: listBuiltIns(clusterId, name, cluster), cluster })
}

/** What a cluster requires of every mapping, and no workload without an agent can have. */
function findRequired({ requireAgentSession, requireNode }: ClusterSettings) {
  if (requireAgentSession) return { setting: 'requireAgentSession', code: 'agent_session_required' } as const
  return requireNode ? ({ setting: 'requireNode', code: 'node_required' } as const) : undefined
}
