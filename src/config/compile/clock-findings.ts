// What is wrong with a document at this moment. Compiling knows no clock, so that a document compiles alike on every host
// and at every time; validation and the status ask here.
import { formatInstantMillis } from '../../core/instant.ts'
import type { Issue } from '../../core/issue.ts'
import type { SectionName } from '../sections/table.ts'
import type { SectionValues } from './compile.ts'
import type { CrossFindings } from './cross-findings.ts'

/** Findings by section; each path is that of the section's document. */
export function findByClock(
  { Cluster, TrustDomain, Revocations }: Partial<SectionValues>,
  nowMillis: number,
): CrossFindings {
  const found = new Map<SectionName, readonly Issue[]>()
  for (const [section, settings] of [['Cluster', Cluster] as const, ['TrustDomain', TrustDomain] as const]) {
    const notBeforeSeconds = settings?.sessionsNotBeforeSeconds
    if (notBeforeSeconds === undefined || notBeforeSeconds * 1000 <= nowMillis) continue
    const time = formatInstantMillis(notBeforeSeconds * 1000)
    const message = `sessionsNotBefore is in the future: every session, even a new one, is revoked until ${time}; set a time that is not later than now`
    found.set(section, [{ code: 'not_before_future', path: ['spec', 'sessionsNotBefore'], message }])
  }
  const expired = Revocations?.entries.filter(({ untilSeconds }) => untilSeconds * 1000 <= nowMillis) ?? []
  const [first] = expired
  if (first !== undefined) {
    const count = expired.length === 1 ? '1 entry has' : `${expired.length} entries have`
    const message = `${count} expired and no longer revokes anything: remove expired entries with postern revoke prune`
    found.set('Revocations', [{ code: 'revocation_expired', path: ['spec', 'entries', first.index], message }])
  }
  return found
}
