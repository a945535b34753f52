// The connection to Redis or Valkey (Node and Deno). The library is an optional peer, loaded only where a URL is set.
import { Buffer } from 'node:buffer'
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
 * @param password in place of one in the URL
 * @returns the connection, which need not be there yet, or why there can be none
 */
export async function connectRedis(
  url: string,
  inspect: (client: RedisClient) => Promise<string | undefined>,
  password?: string,
): Promise<RedisConnection | string> {
  const library = await import('redis').catch(() => undefined)
  if (library === undefined) return 'the npm package redis is not installed: add it beside postern (npm install redis)'
  const client: RedisClient = library.createClient({
    url,
    ...(password === undefined ? {} : { password }),
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

/** The commands whose values are bytes, which the library would decode as text. */
export interface BytesClient {
  /** The bytes of a value from the first to the one at `last`; `undefined` if there is no such key. */
  read(key: string, last: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  set(key: string, value: Uint8Array<ArrayBuffer>): Promise<void>
}

export async function withBytes(client: RedisClient): Promise<BytesClient> {
  const { RESP_TYPES } = await import('redis')
  const raw = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
  async function readRange(key: string, last: number): Promise<Uint8Array<ArrayBuffer>> {
    const value: unknown = await raw.getRange(key, 0, last)
    // A text would be other bytes than were stored, and another digest.
    if (!Buffer.isBuffer(value)) throw new Error('the library gave text where bytes were asked for')
    return new Uint8Array(value)
  }
  return {
    async read(key, last) {
      const value = await readRange(key, last)
      if (value.length > 0) return value
      // No bytes may be of an empty value, or of none. Who is there now may have been written since: it is read again.
      return (await raw.exists(key)) === 0 ? undefined : readRange(key, last)
    },
    async set(key, value) {
      await raw.set(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength))
    },
  }
}
