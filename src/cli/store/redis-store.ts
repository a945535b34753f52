// Redis or Valkey as an operator's store. A lock with an end makes comparing the expected digest and writing one step among all
// users of this tool, and each write checks that the lock is still held.
import { randomUUID } from 'node:crypto'
import { callStore } from '../../config/source.ts'
import { REDIS_LOCK_MILLIS, STORE_TIMEOUT_MILLIS } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import {
  connectRedis,
  describeRedisError,
  type RedisConnection,
  waitForRedis,
} from '../../runtime/redis/redis-client.ts'
import { createRedisSource, findForgetfulPolicy, REDIS_LOCK, REDIS_MARK } from '../../runtime/redis/redis-source.ts'
import { sleep } from '../../runtime/sleep.ts'
import { EXIT, type Io, Stop } from '../command.ts'
import type { OperatorStore } from './operator-store.ts'

const LOCK_POLL_MILLIS = 50
/** Only the holder may let it go. */
const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`

interface RedisAddress {
  readonly url: string
  /** Without password: for messages. */
  readonly name: string
}

/**
 * Connects to a server as a store.
 * @param lockWaitMillis - how long to wait for another `postern` to finish
 * @throws {@link Stop} if the server does not answer or refuses
 */
export async function openRedisStore(
  { url, name }: RedisAddress,
  io: Io,
  lockWaitMillis = 5000,
): Promise<OperatorStore> {
  const connection = await connectRedis(url, findForgetfulPolicy)
  if (typeof connection === 'string') throw makeStop(connection)
  io.atEnd(async () => connection.client.destroy())
  const fault = await waitForRedis(connection.fault, sleep)
  if (fault !== undefined) throw makeStop(fault)

  let token: string | undefined
  const source = createRedisSource(connection, {
    // The first documents are written to a server without any.
    mustHoldDocuments: false,
    lock: () => (token === undefined ? undefined : { token, millis: REDIS_LOCK_MILLIS }),
  })

  function makeStop(reason: string, cause?: unknown): Stop {
    return new Stop(EXIT.unreachable, `Cannot use ${name}: ${printable(reason, REASON_MAX_LENGTH)}`, { cause })
  }

  async function ask<T>(operation: () => Promise<T>): Promise<T> {
    try {
      return await callStore(operation, STORE_TIMEOUT_MILLIS, sleep)
    } catch (cause) {
      throw makeStop(describeRedisError(cause), cause)
    }
  }

  const list = (folder: string) => ask(() => source.list(`${folder}/`))
  const read = (key: string) => ask(() => source.read(key))
  return {
    name: `the store ${name}`,
    exact: true,
    list,
    read,
    async readAll(folder) {
      const values = new Map<string, Uint8Array<ArrayBuffer>>()
      for (const key of await list(folder)) {
        const bytes = await read(key)
        if (bytes !== undefined) values.set(key, bytes)
      }
      return values
    },
    write: (key, bytes) => ask(() => source.write(key, bytes)),
    delete: (key) => ask(() => source.delete(key)),
    async exclusively(work) {
      const mine = randomUUID()
      await takeLock(connection, mine)
      token = mine
      try {
        const result = await work()
        // From here on a gateway may take what it does not find for absent: all documents of this change are there.
        if ((await list('clusters')).length > 0 || (await list('trust-domain')).length > 0)
          await ask(() => connection.client.set(REDIS_MARK, '1'))
        return result
      } finally {
        token = undefined
        // If this fails the lock ends by itself.
        await ask(() => connection.evaluate(RELEASE, [REDIS_LOCK], [mine])).catch(() => undefined)
      }
    },
  }

  async function takeLock({ client }: RedisConnection, mine: string): Promise<void> {
    const end = Date.now() + lockWaitMillis
    for (;;) {
      const taken = await ask(() =>
        client.set(REDIS_LOCK, mine, { condition: 'NX', expiration: { type: 'PX', value: REDIS_LOCK_MILLIS } }),
      )
      if (taken !== null) return
      if (Date.now() >= end) {
        const next = `try again later; a lock that was left behind ends after ${REDIS_LOCK_MILLIS / 1000} s`
        throw new Stop(EXIT.unreachable, `Another postern is writing to the store ${name}: ${next}`)
      }
      await sleep(LOCK_POLL_MILLIS)
    }
  }
}

const REASON_MAX_LENGTH = 500
