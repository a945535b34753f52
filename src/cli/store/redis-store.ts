// Redis or Valkey as an operator's store: the gateway's own source, with a lock that ends by itself.
import { randomUUID } from 'node:crypto'
import { openRedisSource } from '../../runtime/redis/redis-source.ts'
import { EXIT, Stop } from '../command.ts'
import type { OperatorStore } from './operator-store.ts'

const LOCK = 'postern:lock'
/** For a tool that was killed; a change takes less. */
const LOCK_MILLIS = 60_000
const LOCK_POLL_MILLIS = 50
/** Deletes the lock only if it is still ours. */
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"

export interface RedisStore extends OperatorStore {
  close(): Promise<void>
}

/**
 * Opens a server as a store.
 * @param password - in place of one in the URL
 * @param waitMillis - how long to wait for the server, and for another `postern` to finish
 * @throws {@link Stop} that names the server, never its password, if it cannot be used
 */
export async function openRedisStore(
  url: string,
  password: string | undefined,
  waitMillis = 5000,
): Promise<RedisStore> {
  const name = `the store redis ${URL.parse(url)?.host ?? ''}`
  const source = await openRedisSource(url, password)
  if (typeof source === 'string') throw new Stop(EXIT.usage, `Cannot use ${name}: ${source}`)
  const { client, fault, close } = source
  const end = Date.now() + waitMillis
  for (let reason = await fault(); reason !== undefined; reason = await fault()) {
    if (Date.now() >= end) {
      close()
      throw new Stop(EXIT.unreachable, `Cannot use ${name}: ${reason}`)
    }
    await pause()
  }

  return {
    ...source,
    name,
    exact: true,
    async readAll(folder) {
      const values = new Map<string, Uint8Array<ArrayBuffer>>()
      for (const key of await source.list(folder)) {
        const bytes = await source.read(key)
        if (bytes !== undefined) values.set(key, bytes)
      }
      return values
    },
    async exclusively(work) {
      const token = randomUUID()
      const until = Date.now() + waitMillis
      const options = { condition: 'NX', expiration: { type: 'PX', value: LOCK_MILLIS } } as const
      while ((await client.set(LOCK, token, options)) === null) {
        if (Date.now() >= until)
          throw new Stop(EXIT.unreachable, `Another postern is writing to ${name}: try again within a minute`)
        await pause()
      }
      try {
        return await work()
      } finally {
        await client.eval(RELEASE, { keys: [LOCK], arguments: [token] }).catch(() => undefined)
      }
    },
    close: async () => close(),
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLIS))
}
