// A directory as a store, on Node and Deno: `clusters/<id>/<Section>` is the file `DIR/clusters/<id>/<Section>.yaml`.
// No key leads out of the directory, and no file answers to two spellings of a name.
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StateStore } from '../config/source.ts'
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
 * `quiet`: wait until nobody is writing a file. A document that is written in place compiles up to any of its lines, and
 * its first part may be a policy without its pins. Without it a read says what is there now, as its author wants to see it.
 */
export function createDirectorySource(directory: string, quiet?: Quiet): StateStore {
  function resolvePath(key: string): string {
    const segments = key.split('/')
    if (!segments.every((segment) => SEGMENT.test(segment))) throw new RangeError(`"${key}" is no key of a store`)
    return `${join(directory, ...segments)}.yaml`
  }

  /** A name that differs in case alone would be another cluster with the same documents, on macOS and Windows. */
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
        // A directory that is not there, such as a volume not yet mounted, has not been read: that is no absence.
        await stat(directory)
        return undefined
      }
      if (!facts.isFile()) throw new Error(`${path} is not a file`)
      if (!(await hasExactName(key))) return undefined
      return quiet === undefined ? (await readCapped(path))?.bytes : readQuiet(path, quiet)
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

/** What the file holds, once it is the same over two reads, or was changed long enough ago. */
async function readQuiet(path: string, { clock, sleep }: Quiet): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let last = await readCapped(path)
  for (let tries = 0; tries < FILE_QUIET_TRIES; tries++) {
    if (last === undefined || clock() - last.changedMillis >= FILE_QUIET_MILLIS) return last?.bytes
    await sleep(FILE_QUIET_MILLIS)
    const next = await readCapped(path)
    // A file of the future, by another clock, is believed by this alone.
    if (next !== undefined && next.changedMillis === last.changedMillis && isEqual(next.bytes, last.bytes))
      return next.bytes
    last = next
  }
  throw new Error(`${path} is being written: put a finished file in its place by rename`)
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** Stops one byte over the bound: a larger file is refused as too large where its document is compiled. */
async function readCapped(path: string): Promise<CappedFile | undefined> {
  try {
    return await readFileCapped(path, STORE_VALUE_MAX_BYTES)
  } catch (error) {
    // Deleted since it was found.
    if (isNotFound(error)) return undefined
    throw error
  }
}

function swapCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}
