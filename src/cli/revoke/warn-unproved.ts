// Warns where an entry will not refuse what an operator means it to refuse.
import type { DocumentKey } from '../../config/document-key.ts'
import { clusterKey, parseDocumentKey, trustDomainKey } from '../../config/document-key.ts'
import type { SectionName } from '../../config/sections/table.ts'
import { NAMED_CLUSTERS_MAX } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import type { PolicySet } from '../../policy/policy.ts'
import type { RevokedFact } from '../../policy/revocation/revocation.ts'
import type { Io } from '../command.ts'
import { compileAs } from '../document.ts'
import type { OpenedStore } from '../store/store-option.ts'
import { paint } from '../terminal.ts'
import { findUnproved } from './unproved-facts.ts'

/** Looks at the stored policies that the entry applies to, and prints those that admit without the fact. */
export async function warnUnproved(
  key: DocumentKey<'Revocations'>,
  fact: RevokedFact,
  { store, settings }: OpenedStore,
  io: Io,
): Promise<void> {
  const documents = await store.readAll(key.clusterId === undefined ? 'clusters' : key.scope)
  const issuers = trustDomainKey('TrustDomainServerAttestation')
  const ofIssuers = key.clusterId === undefined ? await store.read(issuers.text) : undefined
  const keys: readonly [DocumentKey<SectionName>, Uint8Array<ArrayBuffer>][] = [
    ...(ofIssuers === undefined ? [] : [[issuers, ofIssuers] as const]),
    ...[...documents].flatMap(([text, bytes]) => {
      const { clusterId, section } = parseDocumentKey(text) ?? {}
      return clusterId !== undefined && section === 'AgentAttestation'
        ? [[clusterKey(clusterId, 'AgentAttestation'), bytes] as const]
        : []
    }),
  ].map(([one, bytes]) => [one, bytes])
  let shown = 0
  for (const [one, bytes] of keys) {
    const { result } = await compileAs(one, one.text, bytes, settings)
    // Both sections compile to policies.
    const unproved = result.ok ? findUnproved(fact, (result.value as PolicySet).policies) : []
    const [first] = unproved
    if (first === undefined) continue
    if (shown++ === NAMED_CLUSTERS_MAX) {
      io.err('More policies admit evidence that does not hold the fact\n')
      return
    }
    const names = unproved.map(({ policy }) => printable(policy)).join(', ')
    io.err(
      `${paint('warning', 'yellow', io)} ${one.text}: ${names} admits evidence without ${first.attribute}, which the entry does not refuse: require the attribute in the policy\n`,
    )
  }
}
