// Findings across sections, remembered by the digests of the documents that they were computed from: they depend on
// nothing else, and a policy may have ten thousand overrides to look through. Holds results alone, no promise.
import { weighHeap } from '../../core/heap-weight.ts'
import { FINDINGS_MEMO_MAX, FINDINGS_MEMO_MAX_BYTES } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import type { SectionName } from '../sections/table.ts'

/** The sections of a cluster that are compared with each other. */
export const COMPARED_SECTIONS = [
  'SVIDIssuancePolicy',
  'Cluster',
  'WorkloadAttestation',
  'AgentAttestation',
  'ServerlessAttestation',
] as const satisfies readonly SectionName[]

/** By section, the digest of the version in force; missing where there is no such document, or it was not compared. */
export type ComparedDigests = { readonly [Section in (typeof COMPARED_SECTIONS)[number]]?: string | undefined }

/**
 * The findings for these versions: those remembered, or else what `compute` finds. `compute` must read the compiled
 * documents of these digests and nothing else, no clock and no other section: its result serves every cluster that has
 * the same documents.
 */
export type FindingsMemo<Findings> = (digests: ComparedDigests, compute: () => Findings) => Findings

/**
 * One for each isolate and kind of findings. They must hold nothing of the compiled documents, which would outlive
 * their own bound.
 */
export function createFindingsMemo<Findings>(): FindingsMemo<Findings> {
  /** Without findings: those of these documents are too large to remember. */
  const remembered = createLru<{ readonly findings?: Findings }>({
    maxEntries: FINDINGS_MEMO_MAX,
    maxBytes: FINDINGS_MEMO_MAX_BYTES,
  })
  return (digests, compute) => {
    const key = COMPARED_SECTIONS.map((section) => digests[section] ?? '').join()
    const known = remembered.get(key)
    if (known?.findings !== undefined) return known.findings
    const findings = compute()
    if (known !== undefined) return findings
    const entry = { findings }
    const bytes = weighHeap([key, entry])
    // The map keeps its newest entry whatever that weighs, so what is over the bound must not be set.
    if (bytes <= FINDINGS_MEMO_MAX_BYTES) remembered.set(key, entry, bytes)
    else remembered.set(key, {}, weighHeap([key, {}]))
    return findings
  }
}
