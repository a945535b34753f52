// The connection to Redis or Valkey (Node and Deno). The library is an optional peer, loaded only where a URL is set.
import { Buffer } from 'node:buffer'
import type { createClient } from 'redis'
import type { Sleep } from '../../core/clock.ts'
import {
  REDIS_CONNECT_TIMEOUT_MILLIS,
  REDIS_PING_MILLIS,
  REDIS_RECONNECT_MILLIS,
  REDIS_START_MILLIS,
} from '../../core/limits.ts'

export type RedisClient = ReturnType<typeof createClient>

/** What is known of the server, and the connection. Commands are refused, not queued, while it is down. */
export interface RedisConnection {
  readonly client: RedisClient
  /** Runs a script, whose strings are answered as the bytes that they are. `multi` would decode them as UTF-8. */
  readonly evaluate: (script: string, keys: readonly string[], words: readonly (string | Buffer)[]) => Promise<unknown>
  /** Whether commands may be sent, once `inspect` has settled; else why not. */
  readonly fault: () => Promise<string | undefined>
}

/**
 * Connects, and stays connected: a lost connection is made anew until the process ends.
 *
 * @param url see `isRedisUrl`; it may hold a password and is in no message
 * @param inspect looks at the server after each connection, which may lead to another one than before; returns why it must
 *   not be used
 * @returns the connection, which need not be there yet, or why there can be none
 */
export async function connectRedis(
  url: string,
  inspect: (client: RedisClient) => Promise<string | undefined>,
): Promise<RedisConnection | string> {
  const library = await import('redis').catch(() => undefined)
  if (library === undefined) return 'the npm package redis is not installed: add it beside postern (npm install redis)'
  const client = createSafely(library, {
    url,
    // A command that waits for a server to come back would be answered long after its request.
    disableOfflineQueue: true,
    // A server that hangs keeps its connection open: without an answer to a ping it is given up.
    pingInterval: REDIS_PING_MILLIS,
    socket: {
      connectTimeout: REDIS_CONNECT_TIMEOUT_MILLIS,
      socketTimeout: 2 * REDIS_PING_MILLIS,
      reconnectStrategy: REDIS_RECONNECT_MILLIS,
    },
  })
  if (client === undefined)
    return 'its URL is not valid: percent-encode the user and the password; the path is a number'
  let inspected: Promise<string | undefined> = Promise.resolve(NOT_CONNECTED)
  // Without a listener an error would end the process.
  client.on('error', (error: unknown) => {
    inspected = Promise.resolve(describeRedisError(error))
  })
  client.on('ready', () => {
    inspected = inspect(client).catch(describeRedisError)
  })
  // It rejects only when it gives up, which the strategy never does, or for a refused password, which `error` tells.
  client.connect().catch(() => undefined)
  const inBytes = client.withTypeMapping({ [library.RESP_TYPES.BLOB_STRING]: Buffer })
  return {
    client,
    evaluate: (script, keys, words) => inBytes.eval(script, { keys: [...keys], arguments: [...words] }),
    fault: () => inspected,
  }
}

/** The library's errors about a URL are not for messages: they may hold parts of it. */
function createSafely(
  library: typeof import('redis'),
  options: Parameters<typeof createClient>[0],
): RedisClient | undefined {
  try {
    return library.createClient(options)
  } catch {
    return undefined
  }
}

const NOT_CONNECTED = 'there is no connection to the server yet'

/** The library's errors name neither the URL nor what was sent. */
export function describeRedisError(error: unknown): string {
  const { message, code, name } = Object(error) as { readonly message?: string; readonly code?: string; name?: string }
  return message || code || name || 'the server failed'
}

/** What a person must put right: the password, the rights of the user, the policy of eviction. */
const REFUSES = /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|its maxmemory-policy)/

/** Whether the server answers, and refuses this gateway: waiting does not help. */
export function isRedisRefusal(reason: string): boolean {
  return REFUSES.test(reason)
}

/**
 * Waits until the server can be used or refuses; for at most {@link REDIS_START_MILLIS}.
 * @returns why it cannot be used yet, or `undefined`
 */
export async function waitForRedis(fault: RedisConnection['fault'], sleep: Sleep): Promise<string | undefined> {
  const deadline = new AbortController()
  const late = sleep(REDIS_START_MILLIS, deadline.signal).then(() => 'the server does not answer')
  try {
    for (let waited = 0; ; waited += POLL_MILLIS) {
      const reason = await Promise.race([fault(), late])
      if (reason === undefined || isRedisRefusal(reason) || waited >= REDIS_START_MILLIS) return reason
      await sleep(POLL_MILLIS)
    }
  } finally {
    // A timer that runs on would keep a command from ending.
    deadline.abort(DONE)
  }
}

const DONE = 'done'
const POLL_MILLIS = 50

/** Asks for the policy by INFO, which hosted servers allow; CONFIG they do not. */
export async function readEvictionPolicy(client: RedisClient): Promise<string | undefined> {
  return /^maxmemory_policy:(.*?)\r?$/m.exec(await client.info('memory'))?.[1]
}
