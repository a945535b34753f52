// Allows one read in flight per key and isolate. A lease is plain data: on Workers, awaiting another request's promise
// hangs or throws. The lease of an aborted request expires.
import { LEASE_MILLIS } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'

export interface Lease {
  readonly key: string
  readonly untilMillis: number
}

export interface Leases {
  /** Returns `undefined` while another lease on this key is held. */
  take(key: string, nowMillis: number): Lease | undefined
  /** False once the lease expired and another load took over: discard this result. */
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

/**
 * Whether a time is still in the future. One more than `maxMillis` ahead was set before the clock was set back, and
 * counts as past.
 */
export function isAhead(untilMillis: number, nowMillis: number, maxMillis: number): boolean {
  return nowMillis < untilMillis && untilMillis - nowMillis <= maxMillis
}
