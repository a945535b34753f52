// How a cluster stands in its trust domain: which name it has and which paths it may render, or why it is not mapped at
// all. The gateway, the offline tool and the status ask here, so that they decide alike.

import type { Issue } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import type { PathBounds } from '../../identity/path-prefixes.ts'
import type { ClusterId } from '../document-key.ts'
import { foldName } from '../fold-name.ts'
import type { ClusterSettings } from './cluster.ts'
import type { TrustDomainSettings } from './trust-domain.ts'

/** Of a cluster whose workloads are mapped: the proof that its trust domain lets it. */
export interface MappedCluster {
  readonly kind: 'mapped'
  readonly isListed: boolean
  readonly name: string
  /** Absent where `TrustDomain` lists no cluster: then nothing keeps clusters apart. */
  readonly bounds?: PathBounds
}

export type ClusterMapping =
  | MappedCluster
  /** `code` is what its mapping is refused with, and `detail` the reason and the next step. */
  | { readonly kind: 'refused'; readonly code: 'cluster_unlisted' | 'cluster_name_taken'; readonly detail: string }

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
    const detail = 'TrustDomain does not list this cluster and refuses those that it does not list: list it there'
    return { kind: 'refused', code: 'cluster_unlisted', detail }
  }
  // Its id counts as a name: templates render both, and a claim does not say which of them it holds.
  const taken = [clusterId, own].find((name) => listedNames.has(foldName(name)))
  if (taken !== undefined) {
    const detail = `the name ${quoteText(taken)} is that of a cluster which TrustDomain lists: list this cluster under a name of its own`
    return { kind: 'refused', code: 'cluster_name_taken', detail }
  }
  if (clusters.size === 0) return { kind: 'mapped', isListed: false, name: own }
  return { kind: 'mapped', isListed: false, name: own, bounds: { side: 'outside', prefixes: listedPrefixes } }
}

/** What the status of section `Cluster` says of it; the paths of issues are those of the document as a whole. */
export function findMappingIssues(mapping: ClusterMapping): readonly Issue[] {
  if (mapping.kind === 'mapped' && mapping.isListed) return []
  return [{ code: 'cluster_unlisted', path: [], message: describeUnlisted(mapping) }, ...findRefusal(mapping)]
}

function describeUnlisted(mapping: ClusterMapping): string {
  const what = 'TrustDomain does not list this cluster'
  if (mapping.kind === 'refused') return `${what}: list it with its name and path prefixes`
  return mapping.bounds === undefined
    ? `${what}: nothing keeps it from rendering the paths of another one`
    : `${what}: only the names and prefixes of listed clusters are kept from it`
}

function findRefusal(mapping: ClusterMapping): readonly Issue[] {
  if (mapping.kind === 'mapped') return []
  const code = mapping.code === 'cluster_unlisted' ? 'mapping_refused' : mapping.code
  return [{ code, path: [], message: `Every mapping of this cluster is refused: ${mapping.detail}` }]
}
