// Which compiled configurations stay in memory, and what compiling them again may cost. Anybody may ask for a cluster, so
// asking moves nothing that serves verified callers: such a copy is proven, and gives way to proven ones alone. What was
// evicted is compiled again within a budget, so that requests of a hundred bytes for many large documents cost little.
import type { Clock } from '../../core/clock.ts'
import {
  COMPILED_KEYS_MAX,
  CONFIG_CACHE_MAX,
  PROVEN_KEEP_MILLIS,
  PROVEN_KEYS_MAX,
  PROVEN_SHARE_MAX,
  RECOMPILE_BUCKET,
  RECOMPILE_PROVEN_BUCKET,
  RECOMPILE_PROVEN_REFILL_MILLIS,
  RECOMPILE_REFILL_MILLIS,
  RECOMPILE_UNIT_BYTES,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { computeWaitMillis, fillBucket, takeFrom } from '../../core/token-bucket.ts'

export interface Retained<V> {
  /** Whoever asks, what is proven keeps its place. */
  get(key: string): V | undefined
  /** `documentBytes`: the size of its text, by which compiling it again is charged. */
  set(key: string, value: V, bytes: number, documentBytes: number): void
  delete(key: string): void
  /** A caller whose evidence or session verified has used it. */
  prove(key: string): void
  /**
   * To be asked before a document is compiled that is not in memory: `undefined` if it may be, else the milliseconds
   * until then. The first time in this isolate is free.
   */
  charge(key: string): number | undefined
}

const COLD = { size: RECOMPILE_BUCKET, refillMillis: RECOMPILE_REFILL_MILLIS }
const PROVEN = { size: RECOMPILE_PROVEN_BUCKET, refillMillis: RECOMPILE_PROVEN_REFILL_MILLIS }

interface Copy<V> {
  readonly value: V
  readonly bytes: number
  /** When a verified caller has last used it; copies of {@link Retained.set} have none until then. */
  provenMillis: number
}

export function createRetained<V>(maxBytes: number, clock: Clock): Retained<V> {
  const provenBounds = { maxEntries: CONFIG_CACHE_MAX * PROVEN_SHARE_MAX, maxBytes: maxBytes * PROVEN_SHARE_MAX }
  const proven = createLru<Copy<V>>(provenBounds)
  const recent = createLru<Copy<V>>({
    get maxEntries() {
      return CONFIG_CACHE_MAX - proven.size
    },
    get maxBytes() {
      return maxBytes - proven.bytes
    },
  })
  /** Keys that verified callers have used, in memory or not. */
  const provenKeys = createLru<true>({ maxEntries: PROVEN_KEYS_MAX })
  /** What was compiled here before, and how large its text was. */
  const compiled = createLru<number>({ maxEntries: COMPILED_KEYS_MAX })
  const coldBucket = fillBucket(COLD, clock())
  const provenBucket = fillBucket(PROVEN, clock())

  /** Whether copies that are not in use give way: those that are stay, or all would be compiled again and again. */
  function makesRoom(bytes: number): boolean {
    if (bytes > provenBounds.maxBytes) return false
    for (let oldest = proven.oldest(); oldest !== undefined; oldest = proven.oldest()) {
      const isFull = proven.size >= provenBounds.maxEntries || proven.bytes + bytes > provenBounds.maxBytes
      if (!isFull) return true
      const unusedMillis = clock() - oldest.value.provenMillis
      // A clock that went back says nothing of the age.
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
      // A larger version of what is proven is proven as well, where it fits.
      recent.delete(key)
      proven.set(key, { value, bytes, provenMillis: before.provenMillis }, bytes)
    },
    delete(key) {
      proven.delete(key)
      recent.delete(key)
    },
    prove(key) {
      // What is absent has nothing to keep.
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
      // Once more keys were compiled than are remembered, one that is not may have been, too.
      if (documentBytes === undefined && compiled.size < COMPILED_KEYS_MAX) return undefined
      const isProven = provenKeys.peek(key) === true
      const [bucket, bounds] = isProven ? [provenBucket, PROVEN] : [coldBucket, COLD]
      const tokens = Math.min(1 + Math.ceil((documentBytes ?? 0) / RECOMPILE_UNIT_BYTES), bounds.size)
      return takeFrom(bucket, bounds, clock(), tokens) ? undefined : computeWaitMillis(bucket, bounds, clock(), tokens)
    },
  }
}
