// Decides which compiled configurations stay in memory, and limits recompilation. Unauthenticated callers may name any
// cluster, so their requests evict no copy that serves verified callers: such a copy is proven, and only proven ones
// evict it. Evicted documents are compiled again within a budget: otherwise small requests for many large documents
// would cost much CPU time.
import type { Clock } from '../../core/clock.ts'
import {
  PROVEN_KEEP_MILLIS,
  PROVEN_SHARE_MAX,
  RECOMPILE_BUCKET,
  RECOMPILE_PROVEN_BUCKET,
  RECOMPILE_PROVEN_REFILL_MILLIS,
  RECOMPILE_REFILL_MILLIS,
  RECOMPILE_UNIT_BYTES,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { computeWaitMillis, fillBucket, takeFrom } from '../../core/token-bucket.ts'
import type { CacheBounds } from './cache-bounds.ts'

export interface Retained<V> {
  /** Does not change the order of proven copies. */
  get(key: string): V | undefined
  /**
   * @param bytes memory that `value` takes
   * @param documentBytes size of the document, by which compiling it again is charged
   */
  set(key: string, value: V, bytes: number, documentBytes: number): void
  delete(key: string): void
  values(): Iterable<V>
  /** Notes that a caller with verified evidence or session used it. */
  prove(key: string): void
  /**
   * Charges the budget before a document that is not in memory is compiled. The first compilation in this isolate is
   * free.
   *
   * @returns `undefined` if it may be compiled now, else the milliseconds until it may
   */
  charge(key: string): number | undefined
}

const COLD = { size: RECOMPILE_BUCKET, refillMillis: RECOMPILE_REFILL_MILLIS }
const PROVEN = { size: RECOMPILE_PROVEN_BUCKET, refillMillis: RECOMPILE_PROVEN_REFILL_MILLIS }

interface Copy<V> {
  readonly value: V
  readonly bytes: number
  /** When a verified caller last used it, in milliseconds since the epoch; 0 if none has. */
  provenMillis: number
}

export function createRetained<V>(
  { maxBytes, keys }: Pick<CacheBounds, 'maxBytes' | 'keys'>,
  clock: Clock,
): Retained<V> {
  const provenBounds = { maxBytes: maxBytes * PROVEN_SHARE_MAX }
  const proven = createLru<Copy<V>>(provenBounds)
  const recent = createLru<Copy<V>>({
    get maxBytes() {
      return maxBytes - proven.bytes
    },
  })
  /** Keys that verified callers have used, in memory or not. */
  const provenKeys = createLru<true>({ maxEntries: keys })
  /** The size of each document that was compiled in this isolate, by key. */
  const compiled = createLru<number>({ maxEntries: keys })
  const coldBucket = fillBucket(COLD, clock())
  const provenBucket = fillBucket(PROVEN, clock())

  /**
   * Evicts proven copies that are no longer used; returns whether `bytes` then fit. Copies in use stay, or all would be
   * recompiled in turns.
   */
  function makesRoom(bytes: number): boolean {
    if (bytes > provenBounds.maxBytes) return false
    for (let oldest = proven.oldest(); oldest !== undefined; oldest = proven.oldest()) {
      if (proven.bytes + bytes <= provenBounds.maxBytes) return true
      const unusedMillis = clock() - oldest.value.provenMillis
      // The clock was set back, so the age is unknown: evict.
      if (unusedMillis >= 0 && unusedMillis < PROVEN_KEEP_MILLIS) return false
      proven.delete(oldest.key)
    }
    return true
  }

  return {
    get: (key) => (proven.peek(key) ?? recent.get(key))?.value,
    set(key, value, bytes, documentBytes) {
      compiled.set(key, documentBytes)
      const before = proven.peek(key)
      const isProven = before !== undefined && bytes <= before.bytes
      if (before !== undefined && !isProven) proven.delete(key)
      if (isProven) proven.replace(key, { value, bytes, provenMillis: before.provenMillis }, bytes)
      else recent.set(key, { value, bytes, provenMillis: 0 }, bytes)
      if (before === undefined || isProven || !makesRoom(bytes)) return
      // A larger version of a proven document is proven as well, if it fits.
      recent.delete(key)
      proven.set(key, { value, bytes, provenMillis: before.provenMillis }, bytes)
    },
    delete(key) {
      proven.delete(key)
      recent.delete(key)
    },
    *values() {
      for (const { value } of proven.values()) yield value
      for (const { value } of recent.values()) yield value
    },
    prove(key) {
      // An absent document has no copy to keep.
      if (compiled.peek(key) === undefined) return
      provenKeys.set(key, true)
      const known = proven.get(key)
      if (known !== undefined) {
        known.provenMillis = clock()
        return
      }
      const copy = recent.peek(key)
      if (copy === undefined || !makesRoom(copy.bytes)) return
      recent.delete(key)
      copy.provenMillis = clock()
      proven.set(key, copy, copy.bytes)
    },
    charge(key) {
      const documentBytes = compiled.peek(key)
      // More keys were compiled than are remembered, so an unknown key may have been compiled before.
      if (documentBytes === undefined && compiled.size < keys) return undefined
      const isProven = provenKeys.peek(key) === true
      const [bucket, bounds] = isProven ? [provenBucket, PROVEN] : [coldBucket, COLD]
      const tokens = Math.min(1 + Math.ceil((documentBytes ?? 0) / RECOMPILE_UNIT_BYTES), bounds.size)
      return takeFrom(bucket, bounds, clock(), tokens) ? undefined : computeWaitMillis(bucket, bounds, clock(), tokens)
    },
  }
}
