// A directory as a store, on Node and Deno: `clusters/<id>/<Section>` is the file `DIR/clusters/<id>/<Section>.yaml`.
// No key can name a file outside the directory, and no file can be read under two spellings of its name.
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { compareClusterIds, type StateStore } from '../config/source.ts'
import type { Clock, Sleep } from '../core/clock.ts'
import { FILE_QUIET_MILLIS, FILE_QUIET_TRIES, STORE_VALUE_MAX_BYTES } from '../core/limits.ts'
import { readErrorCode } from '../core/thrown.ts'
import { makeUuidV7 } from '../core/uuid.ts'
import { type CappedFile, readFileCapped } from './read-file-capped.ts'
import { replaceFile } from './replace-file.ts'

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/

export interface Quiet {
  readonly clock: Clock
  readonly sleep: Sleep
}

/**
 * Creates a store over a directory.
 * @param directory - its path; reads reject if it does not exist, for example because a volume is not mounted, or is no directory
 * @param quiet - if given, a read waits until a file is no longer being written. A document that is written in place may
 *   compile after any of its lines, and its first part may be a policy without its pins. Without it, a read returns the
 *   current content, as an author wants to see it
 * @returns a {@link StateStore}; `read` resolves with `undefined` if the file does not exist, and rejects with a `RangeError`
 *   for a malformed key and with the system's error if the file cannot be read
 * @example
 * const source = createDirectorySource('/etc/postern', { clock: Date.now, sleep })
 * await source.read('clusters/eu-1/AgentAttestation')
 */
export function createDirectorySource(directory: string, quiet?: Quiet): StateStore {
  function resolvePath(key: string): string {
    const segments = key.split('/')
    if (!segments.every((segment) => SEGMENT.test(segment))) throw new RangeError(`"${key}" is not a valid store key`)
    return `${join(directory, ...segments)}.yaml`
  }

  /** On macOS and Windows, a name in other upper and lower case would be another cluster with the same documents. */
  async function hasExactName(key: string): Promise<boolean> {
    if ((await statIfPresent(resolvePath(swapCase(key)))) === undefined) return true
    let parent = directory
    for (const name of `${key}.yaml`.split('/')) {
      if (!(await readdir(parent)).includes(name)) return false
      parent = join(parent, name)
    }
    return true
  }

  return {
    async read(key) {
      const path = resolvePath(key)
      const facts = await statIfPresent(path)
      if (facts === undefined) {
        await checkDirectory(directory)
        return undefined
      }
      if (!facts.isFile()) throw new Error(`${path} is not a file`)
      if (!(await hasExactName(key))) return undefined
      return quiet === undefined ? (await readCapped(path))?.bytes : readQuiet(path, quiet)
    },
    async listClusters() {
      const names = await readdir(join(directory, 'clusters')).catch(async (error: unknown) => {
        if (!isNotFound(error)) throw error
        await checkDirectory(directory)
        return []
      })
      return { ids: names.sort(compareClusterIds) }
    },
    async write(key, bytes) {
      const path = resolvePath(key)
      const draft = join(dirname(path), `.${makeUuidV7(Date.now())}.tmp`)
      await mkdir(dirname(path), { recursive: true })
      await replaceFile(path, draft, bytes)
    },
    async delete(key) {
      await rm(resolvePath(key), { force: true })
    },
  }
}

/**
 * Rejects if the directory itself is missing, such as a volume not yet mounted, or is something else: neither is a store without
 * documents, and what was read before must not count as deleted.
 */
async function checkDirectory(directory: string): Promise<void> {
  if (!(await stat(directory)).isDirectory()) throw new Error(`${directory} is not a directory`)
}

async function statIfPresent(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

function isNotFound(error: unknown): boolean {
  const code = readErrorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Reads the file once two reads agree, or its last change is long enough ago. */
async function readQuiet(path: string, { clock, sleep }: Quiet): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let last = await readCapped(path)
  for (let tries = 0; tries < FILE_QUIET_TRIES; tries++) {
    if (last === undefined || clock() - last.changedMillis >= FILE_QUIET_MILLIS) return last?.bytes
    await sleep(FILE_QUIET_MILLIS)
    const next = await readCapped(path)
    // If the file's time lies in the future, because of another clock, only this comparison ends the wait.
    if (next !== undefined && next.changedMillis === last.changedMillis && isEqual(next.bytes, last.bytes))
      return next.bytes
    last = next
  }
  throw new Error(`${path} is still being written: write a new file and replace it by rename`)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** Stops one byte after the limit: the compiler refuses the larger file for its size. */
async function readCapped(path: string): Promise<CappedFile | undefined> {
  try {
    return await readFileCapped(path, STORE_VALUE_MAX_BYTES)
  } catch (error) {
    // The file was deleted after it was found.
    if (isNotFound(error)) return undefined
    throw error
  }
}

function swapCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}
