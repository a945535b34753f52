// A Redis of documents as its operator uses it: every command that takes `--store`, and one writer at a time.
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Io } from '../../../src/cli/command.ts'
import { openRedisStore } from '../../../src/cli/store/redis-store.ts'
import { computeDigest } from '../../../src/core/digest.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { REDIS_LOCK, REDIS_MARK } from '../../../src/runtime/redis/redis-source.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../../runtime/replay/redis-server.ts'
import { attestation, bench } from '../call.ts'

const PASSWORD = 'pa55-of-the-store'
const KEY = 'clusters/c-1/AgentAttestation'

const digestText = (text: string) => computeDigest(encodeUtf8(text))

describe.skipIf(!REDIS_SERVER)('Redis as its operator uses it', () => {
  let server: RedisServer
  let url: string
  beforeAll(async () => {
    server = await startRedis(['--requirepass', PASSWORD])
    url = server.url.replace('redis://', `redis://:${PASSWORD}@`)
  })
  afterAll(() => server.stop())

  async function administer() {
    const admin = createClient({ url })
    admin.on('error', () => undefined)
    await admin.connect()
    onTestFinished(() => admin.destroy())
    await admin.flushAll()
    return admin
  }

  async function open(lockWaitMillis?: number) {
    const io = { atEnd: (close: () => Promise<void>) => onTestFinished(close) } as unknown as Io
    return openRedisStore({ url, name: 'redis://test' }, io, lockWaitMillis)
  }

  it('is set, read, listed, compared, rolled back and deleted by its URL, a variable or a file', async () => {
    await administer()
    const { file, call } = bench({ environment: { USER: 'ann', STORE_URL: url } })
    file('url', `${url}\n`)
    file('first.yaml', attestation('first'))
    file('second.yaml', attestation('second'))
    const cluster = ['cluster', '--id', 'c-1'] as const
    const outcomes = [
      await call('config', 'set', ...cluster, '--store', url, 'first.yaml'),
      await call('config', 'set', ...cluster, '--store', 'env:STORE_URL', 'second.yaml'),
      await call('config', 'history', ...cluster, 'AgentAttestation', '--store', 'file:url'),
      await call('config', 'diff', ...cluster, '--store', 'env:STORE_URL', 'first.yaml'),
      await call(
        ...['config', 'rollback', ...cluster, 'AgentAttestation'],
        ...['--to', await digestText(attestation('first')), '--store', 'env:STORE_URL'],
      ),
      await call('config', 'get', ...cluster, 'AgentAttestation', '--store', 'env:STORE_URL'),
      await call(
        'revoke',
        'add',
        ...cluster,
        '--store',
        'env:STORE_URL',
        '--node',
        'n-1',
        '--for',
        '1h',
        '--reason',
        'x',
      ),
      await call('revoke', 'list', ...cluster, '--store', 'env:STORE_URL'),
      await call('config', 'delete', ...cluster, 'AgentAttestation', '--store', 'env:STORE_URL'),
    ]
    // A difference is 1.
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0])
    expect(outcomes[5]?.out).toContain('first')
    expect(outcomes.map(({ out, err }) => out + err).join('')).not.toContain(PASSWORD)
  })

  it('refuses a change of another version than the expected one', async () => {
    await administer()
    const { file, call } = bench({ environment: { USER: 'ann', STORE_URL: url } })
    file('first.yaml', attestation('first'))
    const set = ['config', 'set', 'cluster', '--id', 'c-1', '--store', 'env:STORE_URL', 'first.yaml'] as const
    expect((await call(...set, '--expected-digest', 'absent')).exitCode).toBe(0)
    const again = await call(...set, '--expected-digest', 'absent')
    expect(again.exitCode).toBe(3)
    expect(again.err).not.toContain('no compare-and-swap')
  })

  it('lets one work at a time, and the next one in', async () => {
    const admin = await administer()
    const stores = await Promise.all([open(), open(), open()])
    const order: string[] = []
    await Promise.all(
      stores.map((store, name) =>
        store.exclusively(async () => {
          order.push(`${name}`)
          await store.write(KEY, new Uint8Array(1))
          order.push(`${name}`)
        }),
      ),
    )
    for (const index of [0, 2, 4]) expect(order[index]).toBe(order[index + 1])
    expect(await admin.exists(REDIS_LOCK)).toBe(0)
    expect(await admin.exists(REDIS_MARK)).toBe(1)
  })

  it('does not write once its lock has lapsed, and lets go of no lock of another', async () => {
    const admin = await administer()
    const store = await open()
    await expect(
      store.exclusively(async () => {
        await admin.set(REDIS_LOCK, 'another')
        await store.write(KEY, new Uint8Array(1))
      }),
    ).rejects.toThrow('the lock of the store lapsed')
    expect(await store.read(KEY)).toBeUndefined()
    expect(await admin.get(REDIS_LOCK)).toBe('another')
    expect(await admin.exists(REDIS_MARK)).toBe(0)
    await expect((await open(0)).exclusively(async () => undefined)).rejects.toMatchObject({ exitCode: 4 })
  })

  it.each([
    ['a wrong password', () => server.url.replace('redis://', 'redis://:wr0ng@'), 4, /WRONGPASS/],
    ['no server', () => 'redis://:wr0ng@127.0.0.1:1', 4, /ECONNREFUSED/],
    ['a URL of another scheme', () => 'https://:wr0ng@127.0.0.1', 2, /--store must hold/],
    ['a name like a URL', () => 'redis:wr0ng', 2, /--store must hold/],
    ['a variable that is not set', () => 'env:NOT_SET', 2, /variable NOT_SET is not set/],
    ['a file that is missing', () => 'file:missing', 2, /cannot read .*missing/],
  ])('says what is wrong with %s, and never the URL', async (_what, makeAddress, exitCode, said) => {
    const { call } = bench()
    const called = await call('config', 'get', 'cluster', '--id', 'c-1', 'AgentAttestation', '--store', makeAddress())
    expect(called.exitCode).toBe(exitCode)
    expect(called.err).toMatch(said)
    expect(called.err + called.out).not.toContain('wr0ng')
  })
})
