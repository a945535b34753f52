// Documents in a real Redis: the contract of every store, under faults too, and what only a server can do wrong.
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { connectRedis, type RedisConnection, waitForRedis } from '../../../src/runtime/redis/redis-client.ts'
import { createRedisSource, findForgetfulPolicy, REDIS_MARK } from '../../../src/runtime/redis/redis-source.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { keepsStoreContract } from '../../config/source-contract.ts'
import { keepsTruthUnderFaults } from '../../config/source-faults.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../replay/redis-server.ts'
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts'

const KEY = 'clusters/c-1/Cluster'
const ended: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ended.reverse()) await end()
})

async function serve(options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(options)
  ended.push(() => server.stop())
  return server
}

async function connectTo(url: string): Promise<RedisConnection> {
  const connection = await connectRedis(url, findForgetfulPolicy)
  if (typeof connection === 'string') throw new Error(connection)
  ended.push(() => connection.client.destroy())
  expect(await waitForRedis(connection.fault, sleep)).toBeUndefined()
  return connection
}

async function administer(url: string) {
  const admin = createClient({ url })
  admin.on('error', () => undefined)
  await admin.connect()
  ended.push(() => admin.destroy())
  return admin
}

describe.skipIf(!REDIS_SERVER)('Redis', () => {
  let shared: Promise<RedisServer> | undefined
  const emptyServer = async (): Promise<RedisServer> => {
    shared ??= serve()
    const server = await shared
    await (await administer(server.url)).flushAll()
    return server
  }

  keepsStoreContract('Redis', async () => {
    const { url } = await emptyServer()
    return createRedisSource(await connectTo(url), { mustHoldDocuments: false })
  })

  keepsTruthUnderFaults('Redis', async () => {
    const server = await serve()
    const admin = await administer(server.url)
    await admin.set(REDIS_MARK, '1')
    const proxy: FaultyProxy = await startFaultyProxy(server.port)
    ended.push(proxy.close)
    const source = createRedisSource(await connectTo(`redis://:right@127.0.0.1:${proxy.port}`))
    const setPassword = async (change: readonly string[]) => {
      await admin.sendCommand(['ACL', 'SETUSER', 'default', ...change])
      await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    }
    return {
      source,
      put: (key, bytes) => source.write(key, bytes),
      faults: {
        'a stall of 3 s': { begin: () => proxy.stallFor(3000), end: () => undefined },
        'a value that ends in its middle': {
          begin: () => proxy.cutAfter(100_000),
          end: () => proxy.cutAfter(undefined),
        },
        'refused access': {
          begin: () => setPassword(['resetpass', '>other']),
          end: () => setPassword(['resetpass', '>right']),
        },
        'an outage, before a restart': { begin: server.kill, end: server.start },
      },
    }
  })

  it('that was emptied is an outage, and none without documents', async () => {
    const { url } = await emptyServer()
    const source = createRedisSource(await connectTo(url))
    await expect(source.read(KEY)).rejects.toThrow('holds no documents')
    const admin = await administer(url)
    await admin.set(REDIS_MARK, '1')
    expect(await source.read(KEY)).toBeUndefined()
    await admin.flushAll()
    await expect(source.read(KEY)).rejects.toThrow('holds no documents')
  })

  it('with something else under the key of a document is an error', async () => {
    const { url } = await emptyServer()
    const source = createRedisSource(await connectTo(url), { mustHoldDocuments: false })
    await (await administer(url)).lPush(`postern:document:${KEY}`, 'x')
    await expect(source.read(KEY)).rejects.toThrow('WRONGTYPE')
  })

  it('lists more than one page, and refuses a cursor of another store', async () => {
    const { url } = await emptyServer()
    const source = createRedisSource(await connectTo(url), { mustHoldDocuments: false })
    const ids = Array.from({ length: 1100 }, (_, n) => `c-${String(n).padStart(4, '0')}`)
    await Promise.all(ids.map((id) => source.write(`clusters/${id}/Cluster`, new Uint8Array(1))))
    const first = await source.listClusters?.()
    expect(first?.ids).toHaveLength(1000)
    const second = await source.listClusters?.(first?.cursor)
    expect([...(first?.ids ?? []), ...(second?.ids ?? [])]).toEqual(ids)
    expect(second?.cursor).toBeUndefined()
    expect(await source.list('clusters/')).toHaveLength(1100)
    await expect(source.listClusters?.('1234')).rejects.toThrow(RangeError)
  })

  it('is not read under a policy that evicts documents', async () => {
    const server = await serve(['--maxmemory-policy', 'allkeys-lru'])
    const connection = await connectRedis(server.url, findForgetfulPolicy)
    if (typeof connection === 'string') throw new Error(connection)
    ended.push(() => connection.client.destroy())
    expect(await waitForRedis(connection.fault, sleep)).toMatch(/maxmemory-policy is allkeys-lru/)
    await expect(createRedisSource(connection).read(KEY)).rejects.toThrow('allkeys-lru')
  })

  it('is not reached by a URL that is none, which is in no message', async () => {
    for (const url of ['redis://:s3cret%zz@127.0.0.1', 'redis://:s3cret@127.0.0.1/nowhere']) {
      const connection = await connectRedis(url, findForgetfulPolicy)
      expect(connection).toMatch('its URL is not valid')
      expect(connection).not.toMatch('s3cret')
    }
  })
})
