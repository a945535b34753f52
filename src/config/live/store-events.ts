// Events about the store of documents: one when it starts to fail and one when it recovers, regardless of how many
// documents are requested meanwhile, because unauthenticated callers may request any cluster.
import type { Clock } from '../../core/clock.ts'
import { STORE_EVENT_INTERVAL_MILLIS, STORE_EVENT_KEYS_MAX } from '../../core/limits.ts'
import { createLru, type Lru } from '../../core/lru.ts'

export interface StoreFailed {
  readonly event: 'store_failed'
  /** The first document that could not be read. */
  readonly key: string
  readonly reason: string
}

export interface StoreRecovered {
  readonly event: 'store_recovered'
  /** The document whose read succeeded. */
  readonly key: string
  readonly failedSeconds: number
}

export type StoreEvent = StoreFailed | StoreRecovered

/** Takes the outcome of each read of the store, and returns the event to report, if any. */
export interface StoreEvents {
  noteFailure(key: string, reason: string): StoreEvent | undefined
  noteSuccess(key: string): StoreEvent | undefined
}

interface Outage {
  readonly sinceMillis: number
  /** Documents whose last read failed. */
  readonly keys: Lru<true>
  lastMillis: number
}

export function createStoreEvents(clock: Clock): StoreEvents {
  let outage: Outage | undefined
  let reportedMillis = Number.NEGATIVE_INFINITY

  return {
    noteFailure(key, reason) {
      const nowMillis = clock()
      if (outage !== undefined) {
        outage.keys.set(key, true)
        outage.lastMillis = nowMillis
        return undefined
      }
      // A store that fails intermittently is reported at most once per interval, not once per read.
      if (Math.abs(nowMillis - reportedMillis) < STORE_EVENT_INTERVAL_MILLIS) return undefined
      reportedMillis = nowMillis
      outage = { sinceMillis: nowMillis, lastMillis: nowMillis, keys: createLru({ maxEntries: STORE_EVENT_KEYS_MAX }) }
      outage.keys.set(key, true)
      return { event: 'store_failed', key, reason }
    },

    noteSuccess(key) {
      if (outage === undefined) return undefined
      const { keys, sinceMillis, lastMillis } = outage
      keys.delete(key)
      // A document that is no longer requested, such as that of a made-up cluster, does not prolong the outage.
      const isQuiet = Math.abs(clock() - lastMillis) >= STORE_EVENT_INTERVAL_MILLIS
      if (keys.size > 0 && !isQuiet) return undefined
      outage = undefined
      const failedSeconds = Math.max(0, Math.round((clock() - sinceMillis) / 1000))
      return { event: 'store_recovered', key, failedSeconds }
    },
  }
}
