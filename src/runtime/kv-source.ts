// Workers KV as a store. It is eventually consistent: a write shows elsewhere after up to a minute. KV caches absence as
// well. The ages of the gateway's own cache add to that.
import type { StateStore } from '../config/source.ts'
import { KV_CACHE_TTL_MIN_SECONDS } from '../core/limits.ts'

const PREFIX = 'clusters/'

/** The part of a `KVNamespace` that is used, so that this file type-checks without the types of Workers. */
export interface KvBinding {
  get(key: string, options: { type: 'arrayBuffer'; cacheTtl: number }): Promise<ArrayBuffer | null>
  put(key: string, value: ArrayBufferView): Promise<void>
  delete(key: string): Promise<void>
  list(options: {
    prefix: string
    cursor?: string
  }): Promise<{ readonly keys: readonly { readonly name: string }[]; readonly cursor?: string }>
}

/**
 * Creates a store over a KV binding.
 * @returns a {@link StateStore} that rejects as KV does, for example with 429 for more than one write per second to a key
 * @example
 * createKvSource(env.POLICIES)
 */
export function createKvSource(binding: KvBinding): StateStore {
  return {
    async read(key) {
      const value = await binding.get(key, { type: 'arrayBuffer', cacheTtl: KV_CACHE_TTL_MIN_SECONDS })
      return value === null ? undefined : new Uint8Array(value)
    },
    // Up to a thousand keys, in their order. After the last page KV gives no cursor.
    async listClusters(cursor) {
      const page = await binding.list({ prefix: PREFIX, ...(cursor === undefined ? {} : { cursor }) })
      const ids = new Set(page.keys.map(({ name }) => name.slice(PREFIX.length).split('/', 1)[0] ?? ''))
      return { ids: [...ids], ...(page.cursor ? { cursor: page.cursor } : {}) }
    },
    write: (key, bytes) => binding.put(key, bytes),
    delete: (key) => binding.delete(key),
  }
}
