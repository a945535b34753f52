// Checks whether the store has any section of a cluster. An unauthenticated caller may name clusters that do not exist,
// and each store read costs money: absence is cached as one entry per cluster, and reads for unknown ids have a budget.
import type { Clock } from '../../core/clock.ts'
import {
  CLUSTER_KNOWN_MILLIS,
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
 * - `unavailable`: the store could not be read, which does not mean absence
 * - `over_budget`: too many requests for unknown ids; this one was not looked up, so its existence is unknown
 */
export type Existence = boolean | 'unavailable' | 'over_budget'

/**
 * - `anyone`: the id may be made up, so its reads draw on the budget and leave nothing in memory
 * - `issuer`: the caller has a session, and then reads all sections of the cluster
 */
export type Asker = 'anyone' | 'issuer'

/** Reads sections of one cluster. */
export interface ClusterReads {
  /** The read of a request: from memory, else from the store. */
  readonly get: (section: string) => Promise<ConfigRead<unknown>>
  /** When the store was last read for the copy in memory. */
  readonly readAtMillis: (section: string) => number | undefined
  /**
   * Whether the store has a section; `undefined` if the store could not be read. The document is not compiled, cached
   * or recorded: no decision depends on its content.
   */
  readonly peek: (section: string) => Promise<boolean | undefined>
}

export interface ClusterExistence {
  check(clusterId: ClusterId, asker: Asker, reads: ClusterReads): Promise<Existence>
  /** Whether recent reads found no section of the cluster, and that result still holds. */
  isKnownAbsent(clusterId: ClusterId): boolean
  /** Notes that the store has just returned a document of the cluster. */
  noteDocument(clusterId: ClusterId): void
}

const BUDGET: BucketBounds = { size: UNKNOWN_CLUSTER_BUCKET, refillMillis: UNKNOWN_CLUSTER_REFILL_MILLIS }

/**
 * @param sections those that a cluster can have. The first is read first and alone, because a cluster in use has it.
 * @param maxClusters that are remembered as known, and as absent
 */
export function createClusterExistence(
  sections: readonly string[],
  maxClusters: number,
  clock: Clock,
): ClusterExistence {
  const [first = '', ...others] = sections
  /** Until when the absence holds. */
  const absent = createLru<number>({ maxEntries: maxClusters })
  const known = createLru<number>({ maxEntries: maxClusters })
  const budget = fillBucket(BUDGET, clock())

  function isKnownAbsent(clusterId: ClusterId): boolean {
    const untilMillis = absent.get(clusterId)
    return untilMillis !== undefined && isAhead(untilMillis, clock(), CONFIG_REVALIDATE_MILLIS)
  }

  /** A known cluster is never subject to the budget, so requests with made-up ids cannot block it. */
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
      // Counts from the oldest of the reads, so that the absence lasts no longer than any of them would.
      const oldestMillis = Math.min(...sections.map((section) => reads.readAtMillis(section) ?? askedMillis))
      absent.set(clusterId, oldestMillis + CONFIG_REVALIDATE_MILLIS)
      return false
    },
  }
}

/** A stale absence predates the store's failure: a document may have been stored since, so it counts as unknown. */
function isPresent(read: ConfigRead<unknown>): boolean | undefined {
  if (isDocument(read)) return true
  return read.kind === 'absent' && !read.stale ? false : undefined
}

function isDocument({ kind }: ConfigRead<unknown>): boolean {
  return kind === 'in_force' || kind === 'invalid'
}
