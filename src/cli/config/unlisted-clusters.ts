// Finds the clusters of a store whose mapping the trust domain refuses, so that an operator sees them before storing a
// TrustDomain document, or before deploying a gateway that refuses unlisted clusters.

import { type ClusterId, clusterKey, parseDocumentKey, trustDomainKey } from '../../config/document-key.ts'
import { type ClusterSettings, DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import { type ClusterMapping, resolveClusterMapping } from '../../config/sections/cluster-mapping.ts'
import type { TrustDomainSettings } from '../../config/sections/trust-domain.ts'
import { printable } from '../../core/printable.ts'
import type { Io } from '../command.ts'
import { type CompiledDocument, compileAs } from '../document.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import { formatCount } from '../terminal.ts'

export type RefusedCluster = { readonly id: ClusterId } & Pick<
  Extract<ClusterMapping, { kind: 'refused' }>,
  'code' | 'detail'
>

export interface ClustersVerdict {
  /** Ordered by id. */
  readonly clusters: readonly RefusedCluster[]
  readonly passed: boolean
}

/** The `TrustDomain` document to check with: the given one, else the stored one; `undefined` if both are missing. */
export async function readListing(
  documents: readonly CompiledDocument[],
  store: OperatorStore,
  settings: OperatorSettings,
  io: Io,
): Promise<CompiledDocument | undefined> {
  const given = documents.findLast((document) => document.key.section === 'TrustDomain')
  if (given !== undefined) return given
  const key = trustDomainKey('TrustDomain')
  const bytes = await store.read(key.text)
  if (bytes !== undefined) return compileAs(key, key.text, bytes, settings)
  io.err(`${store.name} has no ${key.text}: no cluster is listed, so their SPIFFE paths may collide\n`)
  return undefined
}

/**
 * Fails if mapping is refused for a cluster although the document does not ask for it: because of the cluster's name, or
 * because `unlisted` is not set. Also fails if a cluster's name cannot be read, since with `unlisted: warn` names decide.
 */
export async function checkClusters(
  listing: CompiledDocument,
  trustDomain: TrustDomainSettings,
  store: OperatorStore,
  settings: OperatorSettings,
  io: Io,
): Promise<ClustersVerdict> {
  const keys = (await store.list('clusters')).map(parseDocumentKey)
  const ids = new Set(keys.flatMap((key) => (key?.clusterId === undefined ? [] : [key.clusterId])))
  const clusters: RefusedCluster[] = []
  let complete = true
  for (const id of [...ids].sort()) {
    const cluster = await readClusterSettings(store, id, settings)
    if (cluster === undefined) {
      complete = false
      io.err(`clusters/${id}/Cluster does not compile: the name of this cluster is unknown\n`)
    }
    const mapping = resolveClusterMapping(id, cluster ?? DEFAULT_CLUSTER, trustDomain)
    if (mapping.kind === 'refused') clusters.push({ id, code: mapping.code, detail: mapping.detail })
  }
  const isAsked = listing.issues.every(({ code }) => code !== 'unlisted_unset')
  const isFine = clusters.every(({ code }) => code === 'cluster_unlisted' && isAsked)
  return { clusters, passed: complete && isFine }
}

/** One line per cluster and a total; the empty string if there are none. */
export function formatClusters(clusters: readonly RefusedCluster[]): string {
  if (clusters.length === 0) return ''
  const lines = clusters.map(
    ({ id, code, detail }) => `clusters/${id}: mapping is refused (${code}): ${printable(detail)}\n`,
  )
  const verb = clusters.length === 1 ? 'stops' : 'stop'
  return `${lines.join('')}${formatCount(clusters.length, 'cluster')} of the store ${verb} mapping; their agents can still log in\n`
}

/** `undefined` if the document does not compile. */
async function readClusterSettings(
  store: OperatorStore,
  id: ClusterId,
  settings: OperatorSettings,
): Promise<ClusterSettings | undefined> {
  const key = clusterKey(id, 'Cluster')
  const bytes = await store.read(key.text)
  if (bytes === undefined) return DEFAULT_CLUSTER
  const { result } = await compileAs(key, key.text, bytes, settings)
  return result.ok ? (result.value as ClusterSettings) : undefined
}
