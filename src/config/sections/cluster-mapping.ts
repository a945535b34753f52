// What section TrustDomain makes of a cluster: its name and the paths that it may render, or why its mappings are
// refused. The gateway, the offline tool and the status all resolve it here, so they agree.

import type { Issue } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import type { PathBounds } from '../../identity/path-prefixes.ts'
import type { ClusterId } from '../document-key.ts'
import { foldName } from '../fold-name.ts'
import type { ClusterSettings } from './cluster.ts'
import type { TrustDomainSettings } from './trust-domain.ts'

/**
 * A cluster whose workloads are mapped. Only {@link resolveClusterMapping} makes one, so holding it proves the check.
 */
export interface MappedCluster {
  readonly kind: 'mapped'
  readonly isListed: boolean
  readonly name: string
  /** Absent if `TrustDomain` lists no cluster: then clusters may render each other's paths. */
  readonly bounds?: PathBounds
}

export type ClusterMapping =
  | MappedCluster
  /** `code` refuses each mapping of the cluster; `detail` gives the reason and the next step. */
  | { readonly kind: 'refused'; readonly code: 'cluster_unlisted' | 'cluster_name_taken'; readonly detail: string }

/**
 * Resolves the name and the path bounds of a cluster, or the refusal of its mappings.
 *
 * @param clusterId the cluster
 * @param cluster its own settings: the name counts only if TrustDomain does not list the cluster
 * @param trustDomain `undefined` if that section is not stored: then every cluster is mapped, without bounds
 */
export function resolveClusterMapping(
  clusterId: ClusterId,
  cluster: Pick<ClusterSettings, 'name'>,
  trustDomain: TrustDomainSettings | undefined,
): ClusterMapping {
  const own = cluster.name ?? clusterId
  if (trustDomain === undefined) return { kind: 'mapped', isListed: false, name: own }
  const { clusters, unlisted, listedNames, listedPrefixes } = trustDomain
  const listed = clusters.get(clusterId)
  if (listed !== undefined) {
    return {
      kind: 'mapped',
      isListed: true,
      name: listed.name,
      bounds: { side: 'inside', prefixes: listed.pathPrefixes },
    }
  }
  if (unlisted === 'refuse') {
    const detail = 'TrustDomain does not list this cluster and refuses unlisted clusters: add it to TrustDomain'
    return { kind: 'refused', code: 'cluster_unlisted', detail }
  }
  // The id counts as a name: templates render both, and a relying party cannot see which of them a claim holds.
  const taken = [clusterId, own].find((name) => listedNames.has(foldName(name)))
  if (taken !== undefined) {
    const detail = `the name ${quoteText(taken)} belongs to a cluster that TrustDomain lists: add this cluster to TrustDomain under another name`
    return { kind: 'refused', code: 'cluster_name_taken', detail }
  }
  if (clusters.size === 0) return { kind: 'mapped', isListed: false, name: own }
  return { kind: 'mapped', isListed: false, name: own, bounds: { side: 'outside', prefixes: listedPrefixes } }
}

/**
 * Lists the issues that the status reports for section `Cluster`. Their paths are empty: they concern the whole
 * document.
 */
export function findMappingIssues(mapping: ClusterMapping): readonly Issue[] {
  if (mapping.kind === 'mapped' && mapping.isListed) return []
  return [{ code: 'cluster_unlisted', path: [], message: describeUnlisted(mapping) }, ...findRefusal(mapping)]
}

function describeUnlisted(mapping: ClusterMapping): string {
  const what = 'TrustDomain does not list this cluster'
  if (mapping.kind === 'refused') return `${what}: add it with its name and path prefixes`
  return mapping.bounds === undefined
    ? `${what}: it may render the paths of any other cluster`
    : `${what}: it may use any name and path except those of listed clusters`
}

function findRefusal(mapping: ClusterMapping): readonly Issue[] {
  if (mapping.kind === 'mapped') return []
  const code = mapping.code === 'cluster_unlisted' ? 'mapping_refused' : mapping.code
  return [{ code, path: [], message: `Every mapping of this cluster is refused: ${mapping.detail}` }]
}
