// Used evidence in a real Redis: exact, and refusing while the server is paused, gone, or would forget.
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import type { ReplayEvent } from '../../../src/policy/single-use/single-use.ts'
import { createSingleUse } from '../../../src/policy/single-use/single-use.ts'
import { openRedisReplay, type RedisReplay } from '../../../src/runtime/replay/redis-replay.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { keepsReplayContract, makeKey } from '../../policy/single-use/replay-contract.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from './redis-server.ts'

const ended: (() => unknown)[] = []
afterAll(async () => {
  for (const end of ended.reverse()) await end()
})

async function serve(options: readonly string[] = []): Promise<RedisServer> {
  const server = await startRedis(options)
  ended.push(() => server.stop())
  return server
}

async function open(url: string): Promise<RedisReplay> {
  const opened = await openRedisReplay(url, sleep)
  if (typeof opened === 'string') throw new Error(opened)
  ended.push(() => opened.store.close())
  expect(opened.notYet).toBeUndefined()
  return opened.store
}

function guard(store: RedisReplay) {
  const events: ReplayEvent[] = []
  const singleUse = createSingleUse({
    store,
    issuerUrl: 'https://gateway.example',
    skewSeconds: 30,
    clock: Date.now,
    sleep,
    tell: (event) => events.push(event),
  })
  const claim = async (id: string): Promise<string> => {
    const claimed = await singleUse.claim({ type: 'k8s_token', id, expiresAtSeconds: 100 }, 0)
    return claimed.ok ? 'first' : claimed.refusal.code
  }
  return { events, claim }
}

describe.skipIf(!REDIS_SERVER)('Redis', () => {
  keepsReplayContract('by two connections', async () => {
    const { url } = await serve()
    return { store: await open(url), other: await open(url) }
  })

  it('refuses within the time-out while it is paused; what it then executes is spent', async () => {
    const server = await serve()
    const { claim, events } = guard(await open(server.url))
    expect(await claim('before')).toBe('first')
    server.signal('SIGSTOP')
    const started = Date.now()
    expect(await claim('during')).toBe('replay_unanswered')
    expect(Date.now() - started).toBeLessThan(3000)
    server.signal('SIGCONT')
    await expect.poll(() => claim(makeKey()), { timeout: 15_000 }).toBe('first')
    expect(await claim('before')).toBe('evidence_replayed')
    expect(events.map(({ event }) => event)).toEqual(['replay_store_failed', 'replay_store_recovered'])
  })

  it('refuses while it is gone, and remembers after its restart', async () => {
    const server = await serve()
    const { claim } = guard(await open(server.url))
    expect(await claim('used')).toBe('first')
    await server.kill()
    expect(await claim('used')).toBe('replay_unanswered')
    expect(await claim('fresh')).toBe('replay_unanswered')
    await server.start()
    await expect.poll(() => claim('fresh'), { timeout: 15_000 }).toBe('first')
    expect(await claim('used')).toBe('evidence_replayed')
  })

  it.each([
    ['a wrong password', ['--requirepass', 'right'], 'redis://:wr0ng@', /WRONGPASS/],
    ['no password where one is needed', ['--requirepass', 'right'], 'redis://', /NOAUTH/],
    [
      'an evicting policy',
      ['--maxmemory-policy', 'allkeys-lru'],
      'redis://',
      /maxmemory-policy is allkeys-lru.*noeviction/,
    ],
  ])('does not start with %s, and prints no password', async (_what, options, scheme, said) => {
    const { url } = await serve(options)
    const opened = await openRedisReplay(url.replace('redis://', scheme), sleep)
    expect(opened).toMatch(said)
    expect(opened).not.toMatch(/wr0ng|right/)
  })

  it('logs in with the right password', async () => {
    const { url } = await serve(['--requirepass', 'right'])
    const store = await open(url.replace('redis://', 'redis://:right@'))
    expect(await store.claim(makeKey(), 60)).toBe('first')
  })

  it('starts without a server, and claims once there is one', async () => {
    const server = await serve()
    await server.kill()
    const opened = await openRedisReplay(server.url, sleep)
    if (typeof opened === 'string') throw new Error(opened)
    ended.push(() => opened.store.close())
    expect(opened.notYet).toMatch(/ECONNREFUSED/)
    await expect(opened.store.claim(makeKey(), 60)).rejects.toThrow()
    await server.start()
    await expect.poll(() => opened.store.claim(makeKey(), 60).catch(() => 'down'), { timeout: 15_000 }).toBe('first')
  })

  it('looks at the server again after each connection: another one may have taken over', async () => {
    const server = await serve()
    const { claim } = guard(await open(server.url))
    const admin = createClient({ url: server.url })
    admin.on('error', () => undefined)
    await admin.connect()
    ended.push(() => admin.destroy())
    await admin.configSet('maxmemory-policy', 'allkeys-lru')
    // A connection that is cut is made anew.
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await expect.poll(() => claim(makeKey()), { timeout: 15_000 }).toBe('replay_unanswered')
    await admin.configSet('maxmemory-policy', 'noeviction')
    await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'])
    await expect.poll(() => claim(makeKey()), { timeout: 15_000 }).toBe('first')
  })

  it('refuses when its memory is full, and forgets nothing', async () => {
    const server = await serve(['--maxmemory', '1'])
    const opened = await openRedisReplay(server.url, sleep)
    if (typeof opened === 'string') throw new Error(opened)
    ended.push(() => opened.store.close())
    await expect(opened.store.claim(makeKey(), 60)).rejects.toThrow(/OOM/)
  })
})
