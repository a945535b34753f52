// Local KV: Miniflare in this process, over the files that `wrangler dev` serves from. It comes with wrangler, whose own
// `getPlatformProxy` makes the same of it, but takes three times as long to import.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { printable } from '../../core/printable.ts'
import { EXIT, Stop } from '../command.ts'
import type { Kv } from './kv.ts'
import { BINDING, readNamespaceId } from './kv-namespace.ts'
import { findWrangler } from './wrangler.ts'

/** What is used of Miniflare 5, whose own types differ between TypeScript's and Deno's globals. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => Miniflare
  readonly convertV4MiniflareOptions: (options: Readonly<Record<string, unknown>>) => unknown
}

interface Miniflare {
  getKVNamespace(binding: string): Promise<Namespace>
  dispose(): Promise<void>
}

export interface Namespace {
  get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  list(options: { readonly prefix: string; readonly cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string }[]
    /** Missing on the last page. */
    readonly cursor?: string
  }>
}

export interface LocalKv extends Kv {
  /** Ends the process behind it, without which the command would not end. */
  close(): Promise<void>
}

/** How long another process may keep the database locked. Each of its locks lasts for one write. */
const LOCK_WAIT_MILLIS = 5000
const LOCK_POLL_MILLIS = 40
const REASON_MAX_LENGTH = 500

/**
 * The KV of `wrangler dev --persist-to DIR`, while it runs or not. Starts with the first operation.
 * @param persistTo - absolute path of DIR; created if it is missing
 * @param start - how Miniflare is started there; tests start something else
 */
export function openLocalKv(persistTo: string, start = startMiniflare): LocalKv {
  let running: Promise<Running> | undefined
  let logged = ''
  const log = (message: string): void => {
    logged = message
  }

  async function ask<T>(operation: (namespace: Namespace) => Promise<T>): Promise<T> {
    try {
      running ??= retryWhileLocked(() => start(persistTo, log))
      const { namespace } = await running
      return await retryWhileLocked(() => operation(namespace))
    } catch (cause) {
      if (cause instanceof Stop) throw cause
      throw new Stop(EXIT.unreachable, `Cannot use local KV in ${persistTo}: ${describeLocalFailure(cause, logged)}`, {
        cause,
      })
    }
  }

  return {
    get: (key) =>
      ask(async (namespace) => {
        const value = await namespace.get(key, 'arrayBuffer')
        if (value !== null) return new Uint8Array(value)
        // Another process replaced the value between Miniflare's look-up of its file and the reading of that file.
        if ((await listKeys(namespace, key)).includes(key)) throw new LockedError('the value is being replaced')
        return undefined
      }),
    put: (key, bytes) => ask((namespace) => namespace.put(key, bytes)),
    delete: (key) => ask((namespace) => namespace.delete(key)),
    list: (prefix) => ask((namespace) => listKeys(namespace, prefix)),
    async close() {
      // What failed to start has been disposed, and its error told.
      const started = await running?.catch(() => undefined)
      await started?.close()
    },
  }
}

interface Running {
  readonly namespace: Namespace
  readonly close: () => Promise<void>
}

async function startMiniflare(persistTo: string, log: (message: string) => void): Promise<Running> {
  const { Miniflare, convertV4MiniflareOptions }: MiniflareModule = findWrangler().require('miniflare')
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default {}',
      kvNamespaces: { [BINDING]: await readNamespaceId() },
      resourcePersistencePath: join(persistTo, 'v3'),
      cache: false,
      // No download of a sample of request metadata.
      cf: false,
      telemetry: { enabled: false },
      // Otherwise workerd's stack traces go to stderr.
      handleStructuredLogs: ({ message }: { readonly message: string }) => log(message),
    }),
  )
  try {
    return { namespace: await miniflare.getKVNamespace(BINDING), close: () => miniflare.dispose() }
  } catch (error) {
    // Rejects with the same error, after it has cleaned up.
    await miniflare.dispose().catch(() => {})
    throw error
  }
}

async function listKeys(namespace: Namespace, prefix: string): Promise<readonly string[]> {
  const names: string[] = []
  let cursor: string | undefined
  do {
    const page = await namespace.list({ prefix, ...(cursor === undefined ? {} : { cursor }) })
    names.push(...page.keys.map(({ name }) => name))
    cursor = page.cursor
  } while (cursor !== undefined)
  return names
}

class LockedError extends Error {}

/** workerd does not wait for SQLite's locks: an operation fails at once, or workerd does not start. All can be repeated. */
async function retryWhileLocked<T>(operation: () => Promise<T>): Promise<T> {
  const end = Date.now() + LOCK_WAIT_MILLIS
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      if (!isLocked(error) || Date.now() >= end) throw error
    }
    // Not in step with another that waits as well.
    await sleep(LOCK_POLL_MILLIS * (0.5 + Math.random()))
  }
}

/** The cause is in the message where workerd did not start; an operation that met a lock says no more than its status. */
function isLocked(error: unknown): boolean {
  return (
    error instanceof LockedError ||
    (error instanceof Error && /SQLITE_BUSY|: 500 Internal Server Error/.test(error.message))
  )
}

/** SQLite's reason, if the error or what workerd `logged` of it holds one, else the error. */
function describeLocalFailure(cause: unknown, logged: string): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const [ofSqlite] = /\w[\w ]*: SQLITE_\w+/.exec(`${message}\n${logged}`) ?? []
  const reason = printable(ofSqlite ?? message, REASON_MAX_LENGTH)
  return isLocked(cause)
    ? `${reason}: the database may be locked. Stop what writes to it without pause, and try again`
    : reason
}
