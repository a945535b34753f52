// Which clusters of a store its trust domain does not let map: before a TrustDomain document is stored, or before a
// gateway that refuses unlisted clusters is deployed.

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
  /** In the order of their ids. */
  readonly clusters: readonly RefusedCluster[]
  readonly passed: boolean
}

/** The `TrustDomain` to check with: one of the documents at hand, or else the stored one; `undefined` if the store has none. */
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
  io.err(`${store.name} has no ${key.text}: no cluster is listed, and nothing keeps their paths apart\n`)
  return undefined
}

/**
 * Fails if a cluster is refused and the document does not ask for that: because of its name, or because `unlisted` is
 * not set. Fails as well if a name cannot be read: with `unlisted: warn` names decide.
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
      io.err(`clusters/${id}/Cluster does not compile: the name of this cluster is not known\n`)
    }
    const mapping = resolveClusterMapping(id, cluster ?? DEFAULT_CLUSTER, trustDomain)
    if (mapping.kind === 'refused') clusters.push({ id, code: mapping.code, detail: mapping.detail })
  }
  const isAsked = listing.issues.every(({ code }) => code !== 'unlisted_unset')
  const isFine = clusters.every(({ code }) => code === 'cluster_unlisted' && isAsked)
  return { clusters, passed: complete && isFine }
}

/** A line for each, and their number; the empty string without any. */
export function formatClusters(clusters: readonly RefusedCluster[]): string {
  if (clusters.length === 0) return ''
  const lines = clusters.map(
    ({ id, code, detail }) => `clusters/${id}: mapping is refused (${code}): ${printable(detail)}\n`,
  )
  const verb = clusters.length === 1 ? 'stops' : 'stop'
  return `${lines.join('')}${formatCount(clusters.length, 'cluster')} of the store ${verb} mapping; their agents still log in\n`
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
