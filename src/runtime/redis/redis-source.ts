// Redis or Valkey as a store of documents and applied records, for replica sets (Node and Deno): each key is one value, read within
// its bound and as bytes.
import type { StateStore } from '../../config/source.ts'
import { compareClusterIds } from '../../config/source.ts'
import { STORE_VALUE_MAX_BYTES } from '../../core/limits.ts'
import { type BytesClient, connectRedis, type RedisClient, type RedisConnection, withBytes } from './redis-client.ts'

const PREFIX = 'postern:doc:'
const CLUSTERS = `${PREFIX}clusters/`
/** How many keys the server looks at in one step of a scan, so that it stays free for others. */
const SCAN_COUNT = 500

/** What an operator's tool needs besides. */
export interface RedisSource extends StateStore {
  /** All keys below `folder`. */
  list(folder: string): Promise<readonly string[]>
  readonly client: RedisClient
  readonly fault: RedisConnection['fault']
  close(): void
}

/**
 * Connects to the store. A server that does not answer does not stop the start: reads reject until it does.
 *
 * @param url `redis://` or `rediss://`; it is in no message
 * @param password in place of one in the URL
 * @returns the store, whose operations reject with the server's error; or why there can be none
 */
export async function openRedisSource(url: string, password: string | undefined): Promise<RedisSource | string> {
  const connection = await connectRedis(url, async () => undefined, password)
  if (typeof connection === 'string') return connection
  const { client, fault } = connection
  const bytes = await withBytes(client)
  return makeRedisSource(client, bytes, fault)
}

function makeRedisSource(client: RedisClient, bytes: BytesClient, fault: RedisConnection['fault']): RedisSource {
  /** A client that is not connected would say less about why. */
  async function ask<T>(work: () => Promise<T>): Promise<T> {
    const reason = await fault()
    if (reason !== undefined) throw new Error(reason)
    return work()
  }
  async function list(folder: string): Promise<readonly string[]> {
    const found = new Set<string>()
    // A scan may give a key twice. Keys of documents have no character that a pattern would read otherwise.
    for await (const keys of client.scanIterator({ MATCH: `${PREFIX}${folder}/*`, COUNT: SCAN_COUNT }))
      for (const key of keys) found.add(String(key).slice(PREFIX.length))
    return [...found]
  }

  return {
    client,
    fault,
    close: () => client.destroy(),
    list: (folder) => ask(() => list(folder)),
    // Never more than a document may have, by one byte.
    read: (key) => ask(() => bytes.read(PREFIX + key, STORE_VALUE_MAX_BYTES)),
    write: (key, value) => ask(() => bytes.set(PREFIX + key, value)),
    async delete(key) {
      await ask(() => client.del(PREFIX + key))
    },
    async listClusters() {
      const keys = await ask(() => list('clusters'))
      const ids = new Set(keys.map((key) => key.slice(CLUSTERS.length - PREFIX.length).split('/', 1)[0] ?? ''))
      return { ids: [...ids].sort(compareClusterIds) }
    },
  }
}
