// Workers KV as a store. Eventually consistent: what was put elsewhere shows after up to a minute, and absence is
// cached by KV as well, so ages in the cache come on top of that.
import type { StateStore } from '../config/source.ts'
import { KV_CACHE_TTL_MIN_SECONDS } from '../core/limits.ts'

/** What is used of a `KVNamespace`, so that this file type-checks without the types of Workers. */
export interface KvBinding {
  get(key: string, options: { type: 'arrayBuffer'; cacheTtl: number }): Promise<ArrayBuffer | null>
  put(key: string, value: ArrayBufferView): Promise<void>
  delete(key: string): Promise<void>
}

export function createKvSource(binding: KvBinding): StateStore {
  return {
    async read(key) {
      const value = await binding.get(key, { type: 'arrayBuffer', cacheTtl: KV_CACHE_TTL_MIN_SECONDS })
      return value === null ? undefined : new Uint8Array(value)
    },
    write: (key, bytes) => binding.put(key, bytes),
    delete: (key) => binding.delete(key),
  }
}
