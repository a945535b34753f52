import { describe, expect, it } from 'vitest'
import { createKvSource, type KvBinding } from '../../src/runtime/kv-source.ts'
import { keepsStoreContract } from '../config/source-contract.ts'

/** Refuses what Workers KV refuses: a fake must not be kinder than the store. */
function fakeKv(): KvBinding & { down: boolean } {
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
  }
  return kv
}

keepsStoreContract('Workers KV', async () => createKvSource(fakeKv()))

describe('Workers KV', () => {
  it('that fails is an error, not an absence', async () => {
    const kv = fakeKv()
    const store = createKvSource(kv)
    kv.down = true
    await expect(store.read('clusters/c-1/Cluster')).rejects.toThrow('500')
    await expect(store.write('clusters/c-1/Cluster', new Uint8Array())).rejects.toThrow('429')
  })
})
