// The configuration as one request sees it. Each document is read once, so the whole request uses one version of it.
// The versions used are `configuration` in the answer and the audit record. A snapshot is never shared between
// requests: on Workers a request must not await a promise of another one.
import type { SectionValues } from '../config/compile/compile.ts'
import { type ClusterId, clusterKey, type DocumentKey, trustDomainKey } from '../config/document-key.ts'
import type { ConfigCache } from '../config/live/cache.ts'
import type { Asker } from '../config/live/cluster-existence.ts'
import type { Background, ConfigRead } from '../config/live/config-read.ts'
import { hasScope, type SectionName } from '../config/sections/table.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { createPolicySet, type PolicySet } from '../policy/policy.ts'
import type { ScopedRevocations } from '../policy/revocation/check-revocation.ts'
import { createServerlessPolicies, type ServerlessPolicies } from '../policy/serverless.ts'
import type { ConfigurationUsed } from './audit/audit.ts'
import { checkExistence, checkRead, describeUnknownCluster } from './configuration-refusals.ts'

export interface RequestSnapshot {
  /**
   * The value in force, or `undefined` if the store has no such document. Refuses with `configuration_invalid` or
   * `store_unavailable`; a second call in the same request gets the same refusal, even if the store has recovered.
   */
  readSection<Section extends SectionName>(
    key: DocumentKey<Section>,
  ): Promise<Checked<SectionValues[Section] | undefined>>
  /** {@link readSection} by scope and name, for attestors: `undefined` is the scope of the trust domain. */
  lendSection<Section extends SectionName>(
    clusterId: ClusterId | undefined,
    name: Section,
  ): Promise<Checked<SectionValues[Section] | undefined>>
  /** The whole result of the read, for the status: it also describes a stored version that is not in force. */
  read<Section extends SectionName>(key: DocumentKey<Section>): Promise<ConfigRead<SectionValues[Section]>>
  /**
   * The policies that admit the agents of a cluster, or issuers if `clusterId` is `undefined`. Without such a document
   * the set is empty and every login is refused. Refuses as {@link readSection} does, and with `cluster_unknown`.
   */
  readPolicies(clusterId: ClusterId | undefined): Promise<Checked<PolicySet>>
  /**
   * The policies that give workloads without an agent their identity: of a cluster, or of the trust domain if `clusterId`
   * is `undefined`. Empty and refused as those of {@link readPolicies} are.
   */
  readServerless(clusterId: ClusterId | undefined): Promise<Checked<ServerlessPolicies>>
  /**
   * The Revocations documents that apply: that of the trust domain and, for agents and workloads, that of their cluster.
   * A scope without such a document revokes nothing. Refuses as {@link readSection} does: a document that never compiled
   * or cannot be read must not count as empty.
   */
  readRevocations(clusterId: ClusterId | undefined): Promise<Checked<readonly ScopedRevocations[]>>
  /**
   * Passes if the store has any section of the cluster, else refuses with `cluster_unknown` or `store_unavailable`.
   * Records no use: it checks only that a document exists, not its content.
   */
  requireCluster(clusterId: ClusterId, asker: Asker): Promise<Checked<true>>
  /** See {@link ConfigCache.prove}. */
  prove(key: DocumentKey): void
  /** {@link prove} for the documents by which a login was admitted or a session was accepted. */
  proveLogin(clusterId: ClusterId | undefined): void
  /** The versions that were in force when this request used them, in the order of their first use. */
  listUsed(): readonly ConfigurationUsed[]
  /**
   * The digests of the versions of these sections that this request used; `undefined` for a section that it did not
   * use.
   */
  listUsedDigests<Section extends SectionName>(
    clusterId: ClusterId,
    names: readonly Section[],
  ): { readonly [Name in Section]?: string | undefined }
  /** Hands work to the host that continues after the answer. */
  readonly background: Background
}

const NO_POLICIES = createPolicySet([])
const NO_SERVERLESS = createServerlessPolicies([], new Map())

/** Creates the snapshot of one request. */
export function createSnapshot(configs: ConfigCache, background: Background): RequestSnapshot {
  const reads = new Map<string, ConfigRead<unknown> | Promise<ConfigRead<unknown>>>()
  const policySets = new Map<ClusterId | undefined, Promise<Checked<PolicySet>>>()
  const clusters = new Map<ClusterId, Promise<Checked<true>>>()
  const uses = new Map<string, ConfigurationUsed | undefined>()

  /** No promise if the document is in memory: warm requests read several, and each promise costs. */
  function lookAt<Section extends SectionName>(
    key: DocumentKey<Section>,
  ): ConfigRead<SectionValues[Section]> | Promise<ConfigRead<SectionValues[Section]>> {
    const found = reads.get(key.text) ?? configs.recall(key) ?? configs.get(key, background)
    reads.set(key.text, found)
    // The key determines the section's type, which a map of all sections cannot express.
    return found as ConfigRead<SectionValues[Section]> | Promise<ConfigRead<SectionValues[Section]>>
  }

  function noteUse<Section extends SectionName>(
    key: DocumentKey<Section>,
    found: ConfigRead<SectionValues[Section]>,
  ): ConfigRead<SectionValues[Section]> {
    if (found.kind === 'in_force')
      uses.set(key.text, { section: nameSection(key), digest: found.digest, stale: found.stale })
    return found
  }

  async function read<Section extends SectionName>(
    key: DocumentKey<Section>,
  ): Promise<ConfigRead<SectionValues[Section]>> {
    // Reserves its place before the store answers, so sections that are read concurrently are listed in a fixed order.
    if (!uses.has(key.text)) uses.set(key.text, undefined)
    const found = lookAt(key)
    return noteUse(key, found instanceof Promise ? await found : found)
  }

  async function readSection<Section extends SectionName>(
    key: DocumentKey<Section>,
  ): Promise<Checked<SectionValues[Section] | undefined>> {
    return checkRead(key, await read(key))
  }

  async function readRevocations(clusterId: ClusterId | undefined): Promise<Checked<readonly ScopedRevocations[]>> {
    const keys: readonly DocumentKey<'Revocations'>[] = [
      trustDomainKey('Revocations'),
      ...(clusterId === undefined ? [] : [clusterKey(clusterId, 'Revocations')]),
    ]
    for (const { text } of keys) if (!uses.has(text)) uses.set(text, undefined)
    const found = keys.map(lookAt)
    const settled = found.some((one) => one instanceof Promise) ? await Promise.all(found) : found
    const documents: ScopedRevocations[] = []
    for (const [index, key] of keys.entries()) {
      const one = settled[index]
      if (one === undefined || one instanceof Promise) throw new Error('a document was not read')
      const checked = checkRead(key, noteUse(key, one))
      if (!checked.ok) return checked
      if (checked.value !== undefined) documents.push({ document: key.text, set: checked.value })
    }
    return pass(documents)
  }

  function requireCluster(clusterId: ClusterId, asker: Asker): Promise<Checked<true>> {
    return findOnce(clusters, clusterId, async () =>
      checkExistence(clusterId, await configs.clusterExists(clusterId, asker, async (key) => lookAt(key))),
    )
  }

  /** @param none what holds for a cluster that exists and has no such document */
  async function loadPolicies<Section extends SectionName>(
    clusterId: ClusterId | undefined,
    key: DocumentKey<Section>,
    none: SectionValues[Section],
  ): Promise<Checked<SectionValues[Section]>> {
    if (clusterId !== undefined && configs.isKnownAbsent(clusterId)) return refuse(describeUnknownCluster(clusterId))
    const found = await readSection(key)
    if (!found.ok) return found
    if (found.value !== undefined) return pass(found.value)
    const exists = clusterId === undefined ? pass(true) : await requireCluster(clusterId, 'anyone')
    return exists.ok ? pass(none) : exists
  }

  return {
    readSection,
    lendSection: (clusterId, name) =>
      readSection(clusterId === undefined ? trustDomainKey(name) : clusterKey(clusterId, name)),
    read,
    readPolicies: (clusterId) =>
      findOnce(policySets, clusterId, () => loadPolicies(clusterId, policiesKey(clusterId), NO_POLICIES)),
    readServerless: (clusterId) => loadPolicies(clusterId, serverlessKey(clusterId), NO_SERVERLESS),
    readRevocations,
    requireCluster,
    prove: configs.prove,
    proveLogin(clusterId) {
      configs.prove(policiesKey(clusterId))
      if (clusterId !== undefined) configs.prove(clusterKey(clusterId, 'Revocations'))
    },
    listUsed: () => [...uses.values()].filter((use) => use !== undefined),
    listUsedDigests(clusterId, names) {
      const entries = names.map((name) => [name, uses.get(clusterKey(clusterId, name).text)?.digest])
      return Object.fromEntries(entries)
    },
    background,
  }
}

/** Where the policies of {@link RequestSnapshot.readPolicies} are stored. */
export function policiesKey(
  clusterId: ClusterId | undefined,
): DocumentKey<'TrustDomainServerAttestation' | 'AgentAttestation'> {
  return clusterId === undefined
    ? trustDomainKey('TrustDomainServerAttestation')
    : clusterKey(clusterId, 'AgentAttestation')
}

/** Where the policies of {@link RequestSnapshot.readServerless} are stored. */
export function serverlessKey(clusterId: ClusterId | undefined): DocumentKey<'ServerlessAttestation'> {
  return clusterId === undefined
    ? trustDomainKey('ServerlessAttestation')
    : clusterKey(clusterId, 'ServerlessAttestation')
}

/** Makes `configuration` of an answer: section names to digests. */
export function listConfiguration(
  used: readonly ConfigurationUsed[],
): Readonly<Record<string, { readonly digest: string; readonly stale: boolean }>> {
  return Object.fromEntries(used.map(({ section, digest, stale }) => [section, { digest, stale }]))
}

/**
 * The name under which a document is listed: its section. If clusters have a section of the same name, the trust
 * domain's document is listed by its key, so that a request that uses both lists both.
 */
function nameSection({ section, clusterId, text }: DocumentKey<SectionName>): string {
  return clusterId === undefined && hasScope(section, 'cluster') ? text : section
}

function findOnce<Key, Value>(known: Map<Key, Promise<Value>>, key: Key, find: () => Promise<Value>): Promise<Value> {
  const before = known.get(key)
  if (before !== undefined) return before
  const found = find()
  known.set(key, found)
  return found
}
