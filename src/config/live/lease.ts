// One read in flight per key and isolate. A lease is plain data: on Workers a promise belongs to the request that made
// it, and to await another request's hangs or throws. A request that is cut off leaves its lease to expire.
import { LEASE_MILLIS } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'

export interface Lease {
  readonly key: string
  readonly untilMillis: number
}

export interface Leases {
  /** `undefined` while another lease on this key holds. */
  take(key: string, nowMillis: number): Lease | undefined
  /** Not once it has expired and another one was taken: then that one's result counts. */
  holds(lease: Lease): boolean
  release(lease: Lease): void
}

export function createLeases(maxEntries: number): Leases {
  const leases = createLru<Lease>({ maxEntries })

  return {
    take(key, nowMillis) {
      const held = leases.get(key)
      if (held !== undefined && isAhead(held.untilMillis, nowMillis, LEASE_MILLIS)) return undefined
      const lease = { key, untilMillis: nowMillis + LEASE_MILLIS }
      leases.set(key, lease)
      return lease
    },
    holds: (lease) => leases.get(lease.key) === lease,
    release(lease) {
      if (leases.get(lease.key) === lease) leases.delete(lease.key)
    },
  }
}

/** Whether a time set `maxMillis` ahead at most is still to come; one further ahead was set before the clock went back. */
export function isAhead(untilMillis: number, nowMillis: number, maxMillis: number): boolean {
  return nowMillis < untilMillis && untilMillis - nowMillis <= maxMillis
}
