// Counts documents that are not as their author wants them, for readiness: no names, and not how many there are.
import type { Known } from './cached-document.ts'

export interface CacheCounts {
  /** Those in memory whose stored version is not in force. */
  readonly refused: number
  /** Documents whose last read failed, lately. */
  readonly unreadable: number
  /** Since when applied records cannot be written, in milliseconds since the epoch. */
  readonly recordsFailingSinceMillis?: number
}

export function countDocuments(
  inMemory: Iterable<Known>,
  unreadable: number,
  recordsFailingSinceMillis: number | undefined,
): CacheCounts {
  let refused = 0
  for (const { desired, inForce } of inMemory) if (desired?.digest !== inForce?.digest) refused++
  const failing = recordsFailingSinceMillis === undefined ? {} : { recordsFailingSinceMillis }
  return { refused, unreadable, ...failing }
}
