// A directory of documents as an operator's store: the gateway's own source, plus lists and a lock file. The lock makes
// comparing the expected digest and writing one step among all users of this tool.
import { rmSync } from 'node:fs'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { formatInstantMillis } from '../../core/instant.ts'
import { readErrorCode } from '../../core/thrown.ts'
import { createDirectorySource } from '../../runtime/directory-source.ts'
import { EXIT, Stop } from '../command.ts'
import type { OperatorStore } from './operator-store.ts'

/** No key begins with a dot, so this cannot be a document. */
const LOCK = '.postern.lock'
const LOCK_POLL_MILLIS = 50

/**
 * Opens an existing directory as a store.
 * @param lockWaitMillis - how long to wait for another `postern` to finish
 * @throws {@link Stop} if the directory does not exist
 */
export async function openDirectoryStore(directory: string, lockWaitMillis = 5000): Promise<OperatorStore> {
  const facts = await stat(directory).catch(() => undefined)
  if (facts?.isDirectory() !== true) {
    const next = `create it with \`mkdir -p ${directory}\`, or correct the name`
    throw new Stop(EXIT.usage, `The directory ${directory} does not exist: ${next}`)
  }
  const source = createDirectorySource(directory)

  async function list(folder: string): Promise<readonly string[]> {
    const entries = await readdir(join(directory, folder), { recursive: true, withFileTypes: true }).catch(
      (error: unknown) => {
        if (readErrorCode(error) === 'ENOENT') return []
        throw error
      },
    )
    return entries
      .filter(({ name }) => name.endsWith('.yaml') && !name.startsWith('.'))
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .map((path) => path.slice(0, -'.yaml'.length))
  }

  return {
    ...source,
    name: `the store ${directory}`,
    exact: true,
    list,
    async readAll(folder) {
      const values = new Map<string, Uint8Array<ArrayBuffer>>()
      for (const key of await list(folder)) {
        const bytes = await source.read(key)
        if (bytes !== undefined) values.set(key, bytes)
      }
      return values
    },
    async exclusively(work) {
      const path = join(directory, LOCK)
      await takeLock(path, lockWaitMillis)
      // Ctrl+C must not leave the lock behind, which would block every later change.
      const release = (): never => {
        rmSync(path, { force: true })
        process.exit(130)
      }
      for (const signal of SIGNALS) process.once(signal, release)
      try {
        return await work()
      } finally {
        for (const signal of SIGNALS) process.off(signal, release)
        await rm(path, { force: true })
      }
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/** `wx` creates the file or fails, so two processes cannot both succeed. A lock that was left behind is never removed automatically. */
async function takeLock(path: string, waitMillis: number): Promise<void> {
  const end = Date.now() + waitMillis
  for (;;) {
    try {
      const file = await open(path, 'wx', 0o600)
      await file.writeFile(`process ${process.pid} since ${formatInstantMillis(Date.now())}\n`)
      return await file.close()
    } catch (error) {
      if (readErrorCode(error) !== 'EEXIST') throw error
    }
    if (Date.now() >= end) {
      const holder = (await readFile(path, 'utf8').catch(() => '')).trim().slice(0, 100)
      const who = /^process \d+ since [\dTZ:.-]+$/.test(holder) ? `, ${holder},` : ''
      throw new Stop(
        EXIT.unreachable,
        `Another postern${who} is writing to this store: try again later. If it no longer runs, delete ${path}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLIS))
  }
}
