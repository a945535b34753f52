// Used evidence in a file, for one machine (Node and Deno): `node:sqlite` with write-ahead log. Processes that share the file
// share its claims.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Clock, Sleep } from '../../core/clock.ts'
import { REPLAY_PURGE_EVERY, REPLAY_PURGE_ROWS, REPLAY_TIMEOUT_MILLIS } from '../../core/limits.ts'
import type { Claim, ReplayStore } from '../../policy/single-use/replay-store.ts'
import { CLAIM, CREATE_CLAIMS, PURGE } from './claim-statements.ts'

type Sqlite = typeof import('node:sqlite')

/** In the state directory. Beside it SQLite keeps two files of its own, `-wal` and `-shm`. */
export const REPLAY_FILE = 'replay.sqlite'

/** SQLITE_BUSY: another process writes. */
const BUSY = 5
const RETRY_MILLIS = 5

/**
 * Opens the store in a state directory. The file is created by the first claim, so that a gateway that needs none leaves
 * none.
 *
 * @returns the store, or why there can be none: this runtime has no `node:sqlite`, or the directory cannot be written
 */
export async function openSqliteReplay(
  directory: string,
  { clock, sleep }: { readonly clock: Clock; readonly sleep: Sleep },
): Promise<ReplayStore | string> {
  const sqlite = await loadSqlite()
  if (sqlite === undefined) return 'this runtime has no node:sqlite, which Node has from 22.13 on'
  const fault = await tryWriting(directory)
  if (fault !== undefined) return `the state directory cannot be written: ${fault.message}`
  return createSqliteReplay(sqlite, join(directory, REPLAY_FILE), clock, sleep)
}

/** By a file that is gone at once: asking for the permission needs one more of Deno, and is not always true. */
async function tryWriting(directory: string): Promise<Error | undefined> {
  const probe = join(directory, `.replay-${crypto.randomUUID()}`)
  try {
    await writeFile(probe, '', { flag: 'wx' })
    await rm(probe)
    return undefined
  } catch (error) {
    return error as Error
  }
}

/** Loaded on demand: older versions of Node do not have it, and need not if evidence may be used again. */
async function loadSqlite(): Promise<Sqlite | undefined> {
  try {
    return await import('node:sqlite')
  } catch {
    return undefined
  }
}

interface Open {
  readonly database: DatabaseSync
  readonly claim: StatementSync
  readonly purge: StatementSync
}

function createSqliteReplay({ DatabaseSync }: Sqlite, path: string, clock: Clock, sleep: Sleep): ReplayStore {
  let opened: Open | undefined
  let untilPurge = 0

  function open(): Open {
    if (opened !== undefined) return opened
    // Its own wait for a lock is not fair, and holds every request of the process for as long: see `claim`.
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      // FULL: after a power failure no claim is missing that was reported, since that would be a replay.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
      for (const statement of CREATE_CLAIMS) database.exec(statement)
      opened = { database, claim: database.prepare(CLAIM), purge: database.prepare(PURGE) }
      return opened
    } catch (error) {
      database.close()
      throw error
    }
  }

  function tryClaim(key: string, forSeconds: number): Claim {
    const { claim, purge } = open()
    const nowSeconds = Math.floor(clock() / 1000)
    const { changes } = claim.run(key, nowSeconds + forSeconds, nowSeconds)
    if (untilPurge-- <= 0) {
      untilPurge = REPLAY_PURGE_EVERY
      purge.run(nowSeconds, REPLAY_PURGE_ROWS)
    }
    return Number(changes) === 1 ? 'first' : 'seen'
  }

  return {
    kind: 'sqlite',
    scope: 'instance',
    async claim(key, forSeconds) {
      const endMillis = clock() + REPLAY_TIMEOUT_MILLIS
      for (;;) {
        try {
          return tryClaim(key, forSeconds)
        } catch (error) {
          const isBusy = Object(error).errcode === BUSY
          if (!isBusy) forget()
          if (!isBusy || clock() >= endMillis) throw error
          await sleep(RETRY_MILLIS + Math.random() * RETRY_MILLIS)
        }
      }
    },
  }

  /** A file that was replaced or repaired is opened anew. */
  function forget(): void {
    try {
      opened?.database.close()
    } catch {
      // It is broken already.
    }
    opened = undefined
  }
}
