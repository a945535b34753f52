// The connection to Redis or Valkey (Node and Deno). The library is an optional peer, loaded only where a URL is set.
import type { createClient } from 'redis'
import { REDIS_CONNECT_TIMEOUT_MILLIS, REDIS_PING_MILLIS, REDIS_RECONNECT_MILLIS } from '../../core/limits.ts'

export type RedisClient = ReturnType<typeof createClient>

/** What is known of the server, and the connection. Commands are refused, not queued, while it is down. */
export interface RedisConnection {
  readonly client: RedisClient
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
  const client: RedisClient = library.createClient({
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
  return { client, fault: () => inspected }
}

const NOT_CONNECTED = 'there is no connection to the server yet'

/** The library's errors name neither the URL nor what was sent. */
export function describeRedisError(error: unknown): string {
  const { message, code, name } = Object(error) as { readonly message?: string; readonly code?: string; name?: string }
  return message || code || name || 'the server failed'
}
