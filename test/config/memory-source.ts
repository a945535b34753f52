// A store in memory that can be told to fail or to hang, and counts what is asked of it.
import type { StateStore } from '../../src/config/source.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'

export interface MemoryStore extends StateStore {
  readonly values: Map<string, Uint8Array<ArrayBuffer>>
  /** Keys in the order in which they were read or written. */
  readonly reads: string[]
  readonly writes: string[]
  put(key: string, text: string): void
  readTrouble: 'none' | 'error' | 'hang'
  writeTrouble: 'none' | 'error' | 'hang'
  /** Ids on one page of the list of clusters. */
  pageSize: number
  /** Awaited by every read before it looks. */
  gate: Promise<void> | undefined
}

export function createMemoryStore(initial: Readonly<Record<string, string>> = {}): MemoryStore {
  const store: MemoryStore = {
    values: new Map(),
    reads: [],
    writes: [],
    readTrouble: 'none',
    writeTrouble: 'none',
    gate: undefined,
    pageSize: 1000,
    put(key, text) {
      store.values.set(key, encodeUtf8(text))
    },
    async read(key) {
      store.reads.push(key)
      await troubled(store.readTrouble)
      await store.gate
      return store.values.get(key)?.slice()
    },
    async write(key, bytes) {
      store.writes.push(key)
      await troubled(store.writeTrouble)
      store.values.set(key, bytes.slice())
    },
    async delete(key) {
      store.values.delete(key)
    },
    // As a store that lists keys: a cluster with several may be the last of a page, and the first of the next one.
    async listClusters(cursor = '0') {
      await troubled(store.readTrouble)
      if (!/^[0-9]+$/.test(cursor)) throw new RangeError('not a cursor')
      const keys = [...store.values.keys()].filter((key) => key.startsWith('clusters/')).sort()
      const next = Number(cursor) + store.pageSize
      const ids = keys.slice(Number(cursor), next).map((key) => key.split('/')[1] ?? '')
      return { ids: [...new Set(ids)], ...(next < keys.length ? { cursor: `${next}` } : {}) }
    },
  }
  for (const [key, text] of Object.entries(initial)) store.put(key, text)
  return store
}

async function troubled(trouble: 'none' | 'error' | 'hang'): Promise<void> {
  if (trouble === 'error') throw new Error('the store is down')
  if (trouble === 'hang') await new Promise(() => {})
}
