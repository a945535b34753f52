// Computes the status of documents from the store alone, as a gateway that starts now would report it. Nothing is
// written, and times that only a running gateway knows are omitted.

import { findByClock } from '../../config/compile/clock-findings.ts'
import { compileDocument, type SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { locateIssues } from '../../config/compile/issue-list.ts'
import { type DocumentKey, trustDomainKey } from '../../config/document-key.ts'
import { createAppliedRecords } from '../../config/live/applied-records.ts'
import { recordAbsence, toConfigRead, updateKnown } from '../../config/live/cached-document.ts'
import { createSectionStatus, type SectionStatus } from '../../config/live/status.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import { findMappingIssues, resolveClusterMapping } from '../../config/sections/cluster-mapping.ts'
import { hasScope, listSectionNames, type SectionName } from '../../config/sections/table.ts'
import type { Issue } from '../../core/issue.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import type { Target } from '../arguments.ts'
import type { OperatorStore } from '../store/operator-store.ts'
import type { OpenedStore } from '../store/store-option.ts'

/** One status for each section of the target's scope. */
export async function readStoreStatus(
  target: Target,
  { store, settings }: OpenedStore,
  state: OperatorStore,
  nowMillis: number,
): Promise<readonly SectionStatus[]> {
  const { sealing } = settings
  const records = 'missing' in sealing ? undefined : createAppliedRecords(state, sealing)
  const stored = await store.readAll(target.scope)

  async function readSection(key: DocumentKey<SectionName>, bytes: Uint8Array<ArrayBuffer> | undefined) {
    const name = key.section
    if (bytes === undefined) return { name, read: toConfigRead(recordAbsence(nowMillis), false), text: undefined }
    const { known } = await updateKnown(bytes, nowMillis, undefined, {
      compile: (text, context) => compileDocument(name, text, context),
      contextFor: () => settings.contextFor(key),
      recall: async () => (await records?.read(key))?.record,
      nowMillis,
    })
    return { name, read: toConfigRead(known, false), text: decodeUtf8(bytes) }
  }

  const names = listSectionNames().filter((name) => hasScope(name, target.kind))
  const reads = await Promise.all(
    names.map((name) => {
      const key = target.keyOf(name)
      return readSection(key, stored.get(key.text))
    }),
  )

  const inForce = reads.flatMap(({ name, read }) => (read.kind === 'in_force' ? [[name, read.value] as const] : []))
  const values = Object.fromEntries(inForce) as Partial<SectionValues>
  const across = findAcross(values)
  const byClock = findByClock(values, nowMillis)

  /** Empty if the trust domain's document is not in force: the status of the trust domain reports that. */
  async function readStanding(): Promise<readonly Issue[]> {
    const { clusterId } = target.keyOf('Cluster')
    if (clusterId === undefined) return []
    const key = trustDomainKey('TrustDomain')
    const { read } = await readSection(key, await store.read(key.text))
    if (read.kind !== 'in_force' && read.kind !== 'absent') return []
    const trustDomain = read.kind === 'absent' ? undefined : (read.value as SectionValues['TrustDomain'])
    return findMappingIssues(resolveClusterMapping(clusterId, values.Cluster ?? DEFAULT_CLUSTER, trustDomain))
  }

  const mappingFindings = await readStanding()
  return reads.map(({ name, read, text }) => {
    const own = name === 'Cluster' ? mappingFindings : []
    const issues = [...(across.get(name) ?? []), ...(byClock.get(name) ?? []), ...own]
    const isStored = read.kind === 'in_force' && read.digest === read.desiredDigest && text !== undefined
    const {
      attemptedAt: _,
      appliedAt,
      ...status
    } = createSectionStatus(name, read, isStored ? locateIssues(issues, text) : issues)
    // A version restored from an applied record has the time of that record.
    return isStored || appliedAt === undefined ? status : { ...status, appliedAt }
  })
}
