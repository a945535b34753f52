// Whether the store has anything of a cluster. Anybody may name a cluster that does not exist, and each read of a store
// is paid for: absence is remembered as one entry for the whole cluster, and reads for unknown ids have a budget.
import type { Clock } from '../../core/clock.ts'
import {
  CLUSTER_KNOWN_MILLIS,
  CLUSTERS_REMEMBERED_MAX,
  CONFIG_REVALIDATE_MILLIS,
  UNKNOWN_CLUSTER_BUCKET,
  UNKNOWN_CLUSTER_REFILL_MILLIS,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { type BucketBounds, fillBucket, takeFrom } from '../../core/token-bucket.ts'
import type { ClusterId } from '../document-key.ts'
import type { ConfigRead } from './config-read.ts'
import { isAhead } from './lease.ts'

/**
 * - `unavailable`: the store could not be read, and that is no absence
 * - `over_budget`: too many unknown ids are asked for; this one was not looked up, so nothing is known of it
 */
export type Existence = boolean | 'unavailable' | 'over_budget'

/**
 * - `anyone`: the id may be made up, so its reads draw on the budget and leave nothing in memory
 * - `issuer`: the caller has a session, and goes on to read all sections of the cluster
 */
export type Asker = 'anyone' | 'issuer'

/** What the cache reads of the sections of one cluster. */
export interface ClusterReads {
  /** As a request does it: from memory if it is there, else from the store. */
  readonly get: (section: string) => Promise<ConfigRead<unknown>>
  /** When the store was last read for what is in memory of it. */
  readonly readAtMillis: (section: string) => number | undefined
  /**
   * Whether the store has a section. Nothing is compiled, remembered or put on record by this: nobody decides by it.
   * `undefined`: the store could not be read.
   */
  readonly peek: (section: string) => Promise<boolean | undefined>
}

export interface ClusterExistence {
  check(clusterId: ClusterId, asker: Asker, reads: ClusterReads): Promise<Existence>
  /** That no section of the cluster was there, as of reads young enough to go by. */
  isKnownAbsent(clusterId: ClusterId): boolean
  /** That the store has just had a document of the cluster. */
  noteDocument(clusterId: ClusterId): void
}

const BUDGET: BucketBounds = { size: UNKNOWN_CLUSTER_BUCKET, refillMillis: UNKNOWN_CLUSTER_REFILL_MILLIS }

/** `sections`: those that a cluster can have. The first one is read first, and alone: a cluster that is used has it. */
export function createClusterExistence(sections: readonly string[], clock: Clock): ClusterExistence {
  const [first = '', ...others] = sections
  /** Until when it holds. */
  const absent = createLru<number>({ maxEntries: CLUSTERS_REMEMBERED_MAX })
  const known = createLru<number>({ maxEntries: CLUSTERS_REMEMBERED_MAX })
  const budget = fillBucket(BUDGET, clock())

  function isKnownAbsent(clusterId: ClusterId): boolean {
    const untilMillis = absent.get(clusterId)
    return untilMillis !== undefined && isAhead(untilMillis, clock(), CONFIG_REVALIDATE_MILLIS)
  }

  /** A cluster that is known is never subject to the budget, whatever made-up ids have drawn from it. */
  function mayRead(clusterId: ClusterId, asker: Asker): boolean {
    if (asker === 'issuer') return true
    const untilMillis = known.get(clusterId)
    if (untilMillis !== undefined && isAhead(untilMillis, clock(), CLUSTER_KNOWN_MILLIS)) return true
    return takeFrom(budget, BUDGET, clock())
  }

  return {
    isKnownAbsent,
    noteDocument(clusterId) {
      known.set(clusterId, clock() + CLUSTER_KNOWN_MILLIS)
      absent.delete(clusterId)
    },
    async check(clusterId, asker, reads) {
      if (isKnownAbsent(clusterId)) return false
      const firstRead = await reads.get(first)
      if (isDocument(firstRead)) return true
      if (!mayRead(clusterId, asker)) return 'over_budget'
      const askedMillis = clock()
      const look = asker === 'issuer' ? async (section: string) => isPresent(await reads.get(section)) : reads.peek
      const isThere = await Promise.all(others.map(look))
      if (isThere.includes(true)) {
        known.set(clusterId, askedMillis + CLUSTER_KNOWN_MILLIS)
        return true
      }
      if (firstRead.kind === 'unavailable' || isThere.includes(undefined)) return 'unavailable'
      // As old as the oldest of its reads, so that one absence lasts no longer than each of them would.
      const oldestMillis = Math.min(...sections.map((section) => reads.readAtMillis(section) ?? askedMillis))
      absent.set(clusterId, oldestMillis + CONFIG_REVALIDATE_MILLIS)
      return false
    },
  }
}

/** A stale absence is from before the store failed: a document may have been stored since. */
function isPresent(read: ConfigRead<unknown>): boolean | undefined {
  if (isDocument(read)) return true
  return read.kind === 'absent' && !read.stale ? false : undefined
}

function isDocument({ kind }: ConfigRead<unknown>): boolean {
  return kind === 'in_force' || kind === 'invalid'
}
