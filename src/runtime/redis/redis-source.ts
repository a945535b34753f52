// Redis or Valkey as a store of documents, for any number of gateways (Node and Deno). A document is one string; the index, a
// sorted set, holds the keys in their order, so that lists need no scan of a server that holds other things as well.
import { Buffer } from 'node:buffer'
import type { StateStore } from '../../config/source.ts'
import { REDIS_PAGE_KEYS, STORE_VALUE_MAX_BYTES } from '../../core/limits.ts'
import { type RedisClient, type RedisConnection, readEvictionPolicy } from './redis-client.ts'

const PREFIX = 'postern:document:'
const INDEX = 'postern:documents'
/** Held by whoever changes documents with `postern`. */
export const REDIS_LOCK = 'postern:documents:lock'
/** Made by the first change. Without it the server has lost its documents, or never had any: see {@link READ}. */
export const REDIS_MARK = 'postern:documents:stored'
const CLUSTERS = 'clusters/'

/**
 * One step: a read between a look for the key and a look at its value could take a deletion for an empty document. A value
 * over the limit is cut one byte after it. A server without the mark is an outage: if it counted as one without documents,
 * a restart without persistence would lift every revocation.
 */
const READ = `
if ARGV[2] ~= '' and redis.call('EXISTS', KEYS[2]) == 0 then return redis.error_reply(ARGV[2]) end
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
return redis.call('GETRANGE', KEYS[1], 0, ARGV[1])`

/** With a token the lock must be held under it: after a lapse another process may have changed what this one compared. */
const CHANGE = `
if ARGV[2] ~= '' then
  if redis.call('GET', KEYS[3]) ~= ARGV[2] then return redis.error_reply('the lock of the store lapsed: repeat the command') end
  redis.call('PEXPIRE', KEYS[3], ARGV[3])
end
if #ARGV == 3 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[4])
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
end
return 1`

const EMPTY =
  'the server holds no documents of Postern: store them with "postern config apply" or "config set", or correct the address'

export interface RedisSourceOptions {
  /** Whether a server that never had documents, or lost them, is an outage. Default true. */
  readonly mustHoldDocuments?: boolean
  /** The lock that each change must hold, and how long it is then held from there. */
  readonly lock?: () => { readonly token: string; readonly millis: number } | undefined
}

export interface RedisSource extends StateStore {
  /** All keys that begin with `prefix`, in their order. */
  list(prefix: string): Promise<readonly string[]>
}

/** Creates a store over a connection that {@link findForgetfulPolicy} inspects. All calls reject while it is down. */
export function createRedisSource(
  { client, evaluate, fault }: RedisConnection,
  { mustHoldDocuments = true, lock }: RedisSourceOptions = {},
): RedisSource {
  async function checkConnection(): Promise<void> {
    const reason = await fault()
    if (reason !== undefined) throw new Error(reason)
  }

  async function change(key: string, ...value: readonly Buffer[]): Promise<void> {
    await checkConnection()
    const held = lock?.()
    const words = [key, held?.token ?? '', String(held?.millis ?? 0), ...value]
    await evaluate(CHANGE, [PREFIX + key, INDEX, REDIS_LOCK], words)
  }

  /** The keys after `after`, or from `prefix` on: bytes compare as UTF-8 does, and `0` follows `/`. */
  async function readPage(prefix: string, after: string | undefined): Promise<readonly string[]> {
    await checkConnection()
    const end = prefix.endsWith('/') ? `(${prefix.slice(0, -1)}0` : '+'
    const limit = { offset: 0, count: REDIS_PAGE_KEYS }
    return client.zRange(INDEX, after === undefined ? `[${prefix}` : `(${after}`, end, { BY: 'LEX', LIMIT: limit })
  }

  return {
    async read(key) {
      await checkConnection()
      const words = [String(STORE_VALUE_MAX_BYTES), mustHoldDocuments ? EMPTY : '']
      const value = await evaluate(READ, [PREFIX + key, REDIS_MARK], words)
      if (value === null) return undefined
      if (!Buffer.isBuffer(value)) throw new TypeError('the server did not answer with bytes')
      return new Uint8Array(value)
    },
    async listClusters(cursor) {
      if (cursor !== undefined && !cursor.startsWith(CLUSTERS)) throw new RangeError('the cursor is not of this store')
      const keys = await readPage(CLUSTERS, cursor)
      const ids = new Set(keys.map((key) => key.slice(CLUSTERS.length).split('/', 1)[0] ?? ''))
      const last = keys.length < REDIS_PAGE_KEYS ? undefined : keys.at(-1)
      return { ids: [...ids], ...(last === undefined ? {} : { cursor: last }) }
    },
    async list(prefix) {
      const keys: string[] = []
      for (;;) {
        const page = await readPage(prefix, keys.at(-1))
        keys.push(...page)
        if (page.length < REDIS_PAGE_KEYS) return keys
      }
    },
    write: (key, bytes) => change(key, Buffer.from(bytes)),
    delete: (key) => change(key),
  }
}

/** Policies for all keys evict documents when the memory is full, and a revocation that was evicted is lifted. */
export async function findForgetfulPolicy(client: RedisClient): Promise<string | undefined> {
  const policy = await readEvictionPolicy(client)
  if (policy !== undefined && !policy.startsWith('allkeys-')) return undefined
  return `its maxmemory-policy is ${policy ?? 'not known'}, under which it forgets documents: set it to noeviction`
}
