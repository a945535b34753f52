// A least-recently-used map bounded by count, by bytes, or by both. Callers read an evicted entry again, and must not
// take it for absent.

export interface Lru<V> {
  get(key: string): V | undefined
  /** Gets a value without counting it as a use. */
  peek(key: string): V | undefined
  set(key: string, value: V, bytes?: number): void
  /** Replaces an existing value without counting it as a use. It must not take more bytes than before. */
  replace(key: string, value: V, bytes?: number): void
  delete(key: string): void
  /** The least recently used entry. */
  oldest(): { readonly key: string; readonly value: V } | undefined
  /** From the least recently used on. */
  values(): Iterable<V>
  readonly size: number
  readonly bytes: number
}

/** At least one bound is required. Both are read again at each `set`. */
export type LruBounds =
  | { readonly maxEntries: number; readonly maxBytes?: number }
  | { readonly maxEntries?: number; readonly maxBytes: number }

export function createLru<V>(bounds: LruBounds): Lru<V> {
  const entries = new Map<string, { readonly value: V; readonly bytes: number }>()
  let total = 0

  function remove(key: string): void {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    total -= entry.bytes
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      // A Map keeps insertion order: putting an entry last makes the first one the oldest.
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    peek: (key) => entries.get(key)?.value,
    replace(key, value, bytes = 0) {
      const entry = entries.get(key)
      if (entry === undefined) return
      total += bytes - entry.bytes
      // A Map leaves a key where it is if that is set again.
      entries.set(key, { value, bytes })
    },
    set(key, value, bytes = 0) {
      remove(key)
      entries.set(key, { value, bytes })
      total += bytes
      const { maxEntries = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = bounds
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && total <= maxBytes) break
        // The entry just set stays even if it alone is over the bound: its caller holds it anyway.
        if (oldest !== key) remove(oldest)
      }
    },
    delete: remove,
    oldest() {
      for (const [key, { value }] of entries) return { key, value }
      return undefined
    },
    *values() {
      for (const { value } of entries.values()) yield value
    },
    get size() {
      return entries.size
    },
    get bytes() {
      return total
    },
  }
}
