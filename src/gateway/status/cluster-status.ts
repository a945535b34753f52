// The status of the sections of one cluster: what is stored, what is in force, and the findings within and across them.
import { findByClock } from '../../config/compile/clock-findings.ts'
import type { SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { COMPARED_SECTIONS } from '../../config/compile/findings-memo.ts'
import { type ClusterId, clusterKey } from '../../config/document-key.ts'
import type { ConfigRead } from '../../config/live/config-read.ts'
import { createSectionStatus, type SectionStatus } from '../../config/live/status.ts'
import { DEFAULT_CLUSTER } from '../../config/sections/cluster.ts'
import { findMappingIssues, resolveClusterMapping } from '../../config/sections/cluster-mapping.ts'
import { hasScope, listSectionNames, type SectionName } from '../../config/sections/table.ts'
import type { TrustDomainSettings } from '../../config/sections/trust-domain.ts'
import { findByKeys } from '../key-findings.ts'
import type { RequestSnapshot } from '../request-snapshot.ts'
import type { Services } from '../services.ts'

export interface ReadOfSection {
  readonly name: SectionName
  readonly read: ConfigRead<SectionValues[SectionName]>
}

/** Reads every section of a cluster. */
export function readSections(clusterId: ClusterId, snapshot: RequestSnapshot): Promise<readonly ReadOfSection[]> {
  const names = listSectionNames().filter((name) => hasScope(name, 'cluster'))
  return Promise.all(names.map(async (name) => ({ name, read: await snapshot.read(clusterKey(clusterId, name)) })))
}

/**
 * Creates the status of each section.
 *
 * @param reads those of {@link readSections}, in the same snapshot
 * @param trustDomain the document in force, which decides whether the cluster may map
 */
export function createClusterStatus(
  clusterId: ClusterId,
  reads: readonly ReadOfSection[],
  trustDomain: TrustDomainSettings | undefined,
  services: Services,
  snapshot: RequestSnapshot,
): readonly SectionStatus[] {
  const inForce = reads.flatMap(({ name, read }) => (read.kind === 'in_force' ? [[name, read.value]] : []))
  const values = Object.fromEntries(inForce) as Partial<SectionValues>
  const across = services.crossFindings(snapshot.listUsedDigests(clusterId, COMPARED_SECTIONS), () =>
    findAcross(values),
  )
  const byClock = findByClock(values, services.clock())
  const byKeys = findByKeys(values, services.keySources)
  const mapping = resolveClusterMapping(clusterId, values.Cluster ?? DEFAULT_CLUSTER, trustDomain)
  return reads.map(({ name, read }) => {
    const mappingFindings = name === 'Cluster' ? findMappingIssues(mapping) : []
    const found = [across, byClock, byKeys].flatMap((findings) => findings.get(name) ?? [])
    return createSectionStatus(name, read, [...found, ...mappingFindings])
  })
}
