// Failed reads of the store, by key: each delays the next read of that key.
import type { Clock } from '../../core/clock.ts'
import {
  STORE_BACKOFF_MAX_MILLIS,
  STORE_BACKOFF_MIN_MILLIS,
  STORE_EVENT_INTERVAL_MILLIS,
  TROUBLED_KEYS_MAX,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { isAhead } from './lease.ts'

interface Trouble {
  readonly failures: number
  readonly retryMillis: number
  readonly reason: string
}

export interface ReadTroubles {
  /** Whether the last read failed so recently that none is made. */
  isTroubled(key: string): boolean
  /** The last failure; `undefined` if the last read succeeded. */
  find(key: string): Trouble | undefined
  /** Notes a failed read; each doubles the delay. @param reason printable, for operators */
  note(key: string, reason: string): void
  clear(key: string): void
  /** Counts the keys whose last read failed less than a while ago: others may not be asked for any more. */
  count(): number
}

export function createReadTroubles(clock: Clock): ReadTroubles {
  const troubles = createLru<Trouble>({ maxEntries: TROUBLED_KEYS_MAX })
  return {
    isTroubled(key) {
      const trouble = troubles.get(key)
      return trouble !== undefined && isAhead(trouble.retryMillis, clock(), STORE_BACKOFF_MAX_MILLIS)
    },
    find: (key) => troubles.get(key),
    note(key, reason) {
      const failures = (troubles.get(key)?.failures ?? 0) + 1
      const waitMillis = Math.min(STORE_BACKOFF_MIN_MILLIS * 2 ** (failures - 1), STORE_BACKOFF_MAX_MILLIS)
      troubles.set(key, { failures, retryMillis: clock() + waitMillis, reason })
    },
    clear: (key) => troubles.delete(key),
    count() {
      const sinceMillis = clock() - STORE_EVENT_INTERVAL_MILLIS
      let count = 0
      for (const { retryMillis } of troubles.values()) if (retryMillis > sinceMillis) count++
      return count
    },
  }
}
