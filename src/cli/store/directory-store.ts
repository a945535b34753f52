// A directory of documents for its operator: the gateway's own source, with lists, and a lock file, so that "the digest
// is still the expected one" and "write" are one step for everybody who uses this tool.
import { rmSync } from 'node:fs'
import { open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import process from 'node:process'
import { formatInstantMillis } from '../../core/instant.ts'
import { readErrorCode } from '../../core/thrown.ts'
import { createDirectorySource } from '../../runtime/directory-source.ts'
import { EXIT, Stop } from '../command.ts'
import type { OperatorStore } from './operator-store.ts'

/** No key begins with a dot, so it is nobody's document. */
const LOCK = '.postern.lock'
const LOCK_POLL_MILLIS = 50

/** `lockWaitMillis`: how long to wait for another `postern` to finish. */
export async function openDirectoryStore(directory: string, lockWaitMillis = 5000): Promise<OperatorStore> {
  const facts = await stat(directory).catch(() => undefined)
  if (facts?.isDirectory() !== true) {
    const next = `make it with \`mkdir -p ${directory}\`, or name another`
    throw new Stop(EXIT.usage, `There is no directory ${directory}: ${next}`)
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
      // Whoever presses Ctrl+C must not lock everybody else out.
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

/** `wx` creates the file or fails: two cannot both succeed. A lock left behind is never broken by guess. */
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
      throw new Stop(EXIT.unreachable, `Another postern${who} is writing here: if it is not, delete ${path}`)
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MILLIS))
  }
}
