// Used evidence in Redis or Valkey, for any number of instances (Node and Deno): `SET key 1 NX EX seconds`, which one caller
// wins.
import type { Sleep } from '../../core/clock.ts'
import { REPLAY_START_MILLIS } from '../../core/limits.ts'
import type { ReplayStore } from '../../policy/single-use/replay-store.ts'
import { connectRedis, type RedisClient } from '../redis/redis-client.ts'

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
  const notYet = await waitForServer(fault, sleep)
  if (notYet === undefined) return { store }
  if (!REFUSES.test(notYet)) return { store, notYet }
  store.close()
  return notYet
}

/** Looks until the server can be used or says why it cannot; for at most {@link REPLAY_START_MILLIS}. */
async function waitForServer(fault: () => Promise<string | undefined>, sleep: Sleep): Promise<string | undefined> {
  for (let waited = 0; ; waited += POLL_MILLIS) {
    const reason = await Promise.race([fault(), sleep(REPLAY_START_MILLIS).then(() => 'the server does not answer')])
    if (reason === undefined || REFUSES.test(reason) || waited >= REPLAY_START_MILLIS) return reason
    await sleep(POLL_MILLIS)
  }
}

const POLL_MILLIS = 50

/** What a person must put right: the password, the rights of the user, the policy of eviction. */
const REFUSES = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|its maxmemory-policy)/

/**
 * Asks for the policy by INFO, which hosted servers allow; CONFIG they do not. Asked for after each connection, since another
 * server may have taken over.
 */
async function findUnsafePolicy(client: RedisClient): Promise<string | undefined> {
  const info = await client.info('memory')
  const policy = /^maxmemory_policy:(.*?)\r?$/m.exec(info)?.[1]
  if (policy === SAFE_POLICY) return undefined
  return `its maxmemory-policy is ${policy ?? 'not known'}, under which it forgets used evidence: set it to ${SAFE_POLICY}`
}
