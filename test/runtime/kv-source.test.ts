import { describe, expect, it } from 'vitest'
import { createKvSource, type KvBinding } from '../../src/runtime/kv-source.ts'
import { keepsStoreContract } from '../config/source-contract.ts'

/** Refuses what Workers KV refuses: a fake must not be kinder than the store. */
function fakeKv(pageSize = 1000): KvBinding & { down: boolean } {
  const values = new Map<string, ArrayBuffer>()
  const kv = {
    down: false,
    async get(key: string, options: { type: 'arrayBuffer'; cacheTtl: number }) {
      if (kv.down) throw new Error('KV GET failed: 500')
      if (options.cacheTtl < 30) throw new Error('Invalid cache_ttl')
      return values.get(key)?.slice(0) ?? null
    },
    async put(key: string, value: ArrayBufferView) {
      if (kv.down) throw new Error('KV PUT failed: 429')
      values.set(key, new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice().buffer as ArrayBuffer)
    },
    async delete(key: string) {
      values.delete(key)
    },
    async list({ prefix, cursor = '0' }: { prefix: string; cursor?: string }) {
      if (kv.down) throw new Error('KV LIST failed: 500')
      const names = [...values.keys()].filter((name) => name.startsWith(prefix)).sort()
      const next = Number(cursor) + pageSize
      const keys = names.slice(Number(cursor), next).map((name) => ({ name }))
      return next < names.length ? { keys, list_complete: false, cursor: `${next}` } : { keys, list_complete: true }
    },
  }
  return kv
}

keepsStoreContract('Workers KV', async () => createKvSource(fakeKv()))
keepsStoreContract('Workers KV with many keys', async () => createKvSource(fakeKv(3)))

describe('Workers KV', () => {
  it('that fails is an error, not an absence', async () => {
    const kv = fakeKv()
    const store = createKvSource(kv)
    kv.down = true
    await expect(store.read('clusters/c-1/Cluster')).rejects.toThrow('500')
    await expect(store.write('clusters/c-1/Cluster', new Uint8Array())).rejects.toThrow('429')
    await expect(store.listClusters?.()).rejects.toThrow('500')
  })
})
