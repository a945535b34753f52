// Used evidence in Redis or Valkey, for any number of instances (Node and Deno): `SET key 1 NX EX seconds`, which one caller
// wins.
import type { Sleep } from '../../core/clock.ts'
import type { ReplayStore } from '../../policy/single-use/replay-store.ts'
import {
  connectRedis,
  isRedisRefusal,
  type RedisClient,
  readEvictionPolicy,
  waitForRedis,
} from '../redis/redis-client.ts'

const PREFIX = 'postern:replay:'
/** Under any other policy the server forgets keys when its memory is full, and what was used works again. */
const SAFE_POLICY = 'noeviction'

export interface RedisReplay extends ReplayStore {
  close(): void
}

/**
 * Connects to the store. A server that does not answer does not stop the start: evidence cannot be claimed until it does. A
 * server that must not be used does.
 *
 * @param url `REPLAY_URL`
 * @returns the store and, if it cannot be used yet, why; or why it can never be used
 */
export async function openRedisReplay(
  url: string,
  sleep: Sleep,
): Promise<{ readonly store: RedisReplay; readonly notYet?: string } | string> {
  const connection = await connectRedis(url, findUnsafePolicy)
  if (typeof connection === 'string') return connection
  const { client, fault } = connection
  const store: RedisReplay = {
    kind: 'redis',
    scope: 'shared',
    async claim(key, forSeconds) {
      const reason = await fault()
      if (reason !== undefined) throw new Error(reason)
      const answer = await client.set(PREFIX + key, '1', {
        condition: 'NX',
        expiration: { type: 'EX', value: forSeconds },
      })
      return answer === null ? 'seen' : 'first'
    },
    close: () => client.destroy(),
  }
  const notYet = await waitForRedis(fault, sleep)
  if (notYet === undefined) return { store }
  if (!isRedisRefusal(notYet)) return { store, notYet }
  store.close()
  return notYet
}

/** Asked for after each connection, since another server may have taken over. */
async function findUnsafePolicy(client: RedisClient): Promise<string | undefined> {
  const policy = await readEvictionPolicy(client)
  if (policy === SAFE_POLICY) return undefined
  return `its maxmemory-policy is ${policy ?? 'not known'}, under which it forgets used evidence: set it to ${SAFE_POLICY}`
}
