// No session without its record: the ids of admitted logins, held against everything that was recorded.
import type { FaultName, Profile } from './faults.ts'

export interface AdmittedId {
  readonly requestId: string
  readonly around: readonly FaultName[]
}

/** A killed gateway loses what its output had not taken, and a killed reader what it had not passed on. */
const MAY_LOSE: readonly FaultName[] = ['killed', 'reader_gone', 'reader_lost', 'reader_stalled']

/**
 * How many admitted logins have no record.
 * @returns 0 on Workers, where the platform takes records
 */
export function countUnrecorded(admitted: readonly AdmittedId[], output: string, profile: Profile): number {
  if (profile === 'kv') return 0
  const recorded = new Set(Array.from(output.matchAll(/"requestId":"([^"]+)"/g), ([, id]) => id))
  return admitted.filter(
    ({ requestId, around }) => !recorded.has(requestId) && !around.some((fault) => MAY_LOSE.includes(fault)),
  ).length
}
