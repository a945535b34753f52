// No session without its record: the ids of admitted logins, held against everything that was recorded.
import type { FaultName, Profile } from './faults.ts'

interface AdmittedId {
  readonly requestId: string
  readonly around: readonly FaultName[]
}

/** A killed gateway loses what its output had not taken, and a killed reader what it had not passed on. */
const MAY_LOSE: readonly FaultName[] = ['killed', 'reader_gone', 'reader_lost', 'reader_stalled']

/**
 * The admitted logins that have no record.
 * @returns none on Workers, where the platform takes records
 */
export function findUnrecorded<T extends AdmittedId>(
  admitted: readonly T[],
  output: string,
  profile: Profile,
): readonly T[] {
  if (profile === 'kv') return []
  const recorded = new Set(Array.from(output.matchAll(/"requestId":"([^"]+)"/g), ([, id]) => id))
  return admitted.filter(
    ({ requestId, around }) => !recorded.has(requestId) && !around.some((fault) => MAY_LOSE.includes(fault)),
  )
}
