// Redis as a store: the contract of every store, and what a server does that is paused, killed, locked or full of something else.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { callStore, type StateStore } from '../../../src/config/source.ts'
import { STORE_TIMEOUT_MILLIS, STORE_VALUE_MAX_BYTES } from '../../../src/core/limits.ts'
import { openRedisSource, type RedisSource } from '../../../src/runtime/redis/redis-source.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { keepsStoreContract } from '../../config/source-contract.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../replay/redis-server.ts'

const KEY = 'clusters/c-1/AgentAttestation'

describe.skipIf(!REDIS_SERVER)('a server', () => {
  let server: RedisServer
  let store: RedisSource
  beforeAll(async () => {
    server = await startRedis()
    store = await open(server.url)
  })
  beforeEach(async () => {
    await store.client.flushAll()
  })
  afterAll(async () => {
    store?.close()
    await server?.stop()
  })

  async function open(url: string, password?: string): Promise<RedisSource> {
    const opened = await openRedisSource(url, password)
    if (typeof opened === 'string') throw new Error(opened)
    await vi.waitFor(async () => expect(await opened.fault()).toBeUndefined())
    return opened
  }
  const read = (): Promise<unknown> => callStore(() => store.read(KEY), STORE_TIMEOUT_MILLIS, sleep)

  keepsStoreContract('Redis', async (): Promise<StateStore> => store)

  it.each([
    ['as long as may be', STORE_VALUE_MAX_BYTES, STORE_VALUE_MAX_BYTES],
    ['longer, of which no more is read than shows it', 2 * STORE_VALUE_MAX_BYTES, STORE_VALUE_MAX_BYTES + 1],
  ])('reads a value %s', async (_what, size, length) => {
    await store.client.setRange(`postern:doc:${KEY}`, size - 1, 'x')
    expect((await store.read(KEY))?.length).toBe(length)
  })

  it('takes a key of another kind for a failure, never for absence', async () => {
    await store.client.lPush(`postern:doc:${KEY}`, 'x')
    await expect(read()).rejects.toThrow(/WRONGTYPE/)
  })

  it('that stalls is a failure within the time of a store, and answers again', async () => {
    await store.write(KEY, new Uint8Array([1]))
    server.signal('SIGSTOP')
    await expect(read()).rejects.toThrow(/no answer within/)
    server.signal('SIGCONT')
    await expect.poll(() => read().catch(String), { timeout: 20_000 }).toEqual(new Uint8Array([1]))
  })

  it('that is killed is a failure, and after its restart has what it had', async () => {
    await store.write(KEY, new Uint8Array([2]))
    await server.kill()
    await expect.poll(() => read().catch(String)).toMatch(/StoreError/)
    await server.start()
    await expect.poll(() => read().catch(String), { timeout: 20_000 }).toEqual(new Uint8Array([2]))
  })
})

describe.skipIf(!REDIS_SERVER)('a password', () => {
  let server: RedisServer
  beforeAll(async () => {
    server = await startRedis(['--requirepass', 'right-secret'])
  })
  afterAll(() => server?.stop())

  it.each([
    ['in the URL', (url: string) => url.replace('redis://', 'redis://:right-secret@'), undefined],
    ['apart from it', (url: string) => url, 'right-secret'],
  ])('%s opens the store', async (_what, change, password) => {
    const store = (await openRedisSource(change(server.url), password)) as RedisSource
    await expect.poll(store.fault).toBeUndefined()
    expect(await store.read(KEY)).toBeUndefined()
    store.close()
  })

  it.each([undefined, 'wrong-secret'])('%s is a failure that does not name it', async (password) => {
    const store = (await openRedisSource(server.url, password)) as RedisSource
    await expect.poll(store.fault).toMatch(/WRONGPASS|NOAUTH/)
    const said = await store.read(KEY).catch(String)
    expect(said).toMatch(/WRONGPASS|NOAUTH/)
    expect(said).not.toContain('secret')
    store.close()
  })
})
