// Local KV: Miniflare in this process, over the files that `wrangler dev` uses. Miniflare is a dependency of wrangler, whose
// `getPlatformProxy` does the same but takes three times as long to import.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { printable } from '../../core/printable.ts'
import { EXIT, Stop } from '../command.ts'
import type { Kv } from './kv.ts'
import { BINDING, readNamespaceId } from './kv-namespace.ts'
import { findWrangler } from './wrangler.ts'

/** The part of Miniflare 5 that is used. Its own types do not check under both TypeScript's and Deno's globals. */
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
  /** Ends the workerd process; otherwise the command would not exit. */
  close(): Promise<void>
}

/** How long to wait for another process that locks the database. Each of its locks lasts for one write. */
const LOCK_WAIT_MILLIS = 5000
const LOCK_POLL_MILLIS = 40
const REASON_MAX_LENGTH = 500

/**
 * Opens the KV of `wrangler dev --persist-to DIR`, whether the server runs or not. Miniflare starts with the first operation.
 * @param persistTo - absolute path of DIR; created if it is missing
 * @param start - starts Miniflare; tests pass a substitute
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
        // The key is listed, so another process replaced the value while Miniflare was reading its file.
        if ((await listKeys(namespace, key)).includes(key)) throw new LockedError('the value is being replaced')
        return undefined
      }),
    put: (key, bytes) => ask((namespace) => namespace.put(key, bytes)),
    delete: (key) => ask((namespace) => namespace.delete(key)),
    list: (prefix) => ask((namespace) => listKeys(namespace, prefix)),
    async close() {
      // An instance that failed to start is already disposed, and its error reported.
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

/** workerd does not wait for SQLite's locks: an operation or the start fails at once. All of them are safe to repeat. */
async function retryWhileLocked<T>(operation: () => Promise<T>): Promise<T> {
  const end = Date.now() + LOCK_WAIT_MILLIS
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      if (!isLocked(error) || Date.now() >= end) throw error
    }
    // Random, so that two waiting processes do not retry in step.
    await sleep(LOCK_POLL_MILLIS * (0.5 + Math.random()))
  }
}

/** If workerd did not start, the message names the lock; an operation that met a lock reports only status 500. */
function isLocked(error: unknown): boolean {
  return (
    error instanceof LockedError ||
    (error instanceof Error && /SQLITE_BUSY|: 500 Internal Server Error/.test(error.message))
  )
}

/** SQLite's reason, if the error or workerd's log contains one, else the error. */
function describeLocalFailure(cause: unknown, logged: string): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const [ofSqlite] = /\w[\w ]*: SQLITE_\w+/.exec(`${message}\n${logged}`) ?? []
  const reason = printable(ofSqlite ?? message, REASON_MAX_LENGTH)
  return isLocked(cause)
    ? `${reason}: the database may be locked. Stop the process that keeps writing to it, and try again`
    : reason
}
