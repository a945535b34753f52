// A directory as a store, on Node and Deno: `clusters/<id>/<Section>` is the file `DIR/clusters/<id>/<Section>.yaml`.
// No key leads out of the directory, and no file answers to two spellings of a name.
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { StateStore } from '../config/source.ts'
import { STORE_VALUE_MAX_BYTES } from '../core/limits.ts'
import { uuidv7 } from '../core/uuid.ts'

const SEGMENT = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,254}$/

export function createDirectorySource(directory: string): StateStore {
  function pathOf(key: string): string {
    const segments = key.split('/')
    if (!segments.every((segment) => SEGMENT.test(segment))) throw new RangeError(`"${key}" is no key of a store`)
    return `${join(directory, ...segments)}.yaml`
  }

  /** A name that differs in case alone would be another cluster with the same documents, on macOS and Windows. */
  async function isSpeltSo(key: string): Promise<boolean> {
    if ((await statOf(pathOf(swapCase(key)))) === undefined) return true
    let parent = directory
    for (const name of `${key}.yaml`.split('/')) {
      if (!(await readdir(parent)).includes(name)) return false
      parent = join(parent, name)
    }
    return true
  }

  return {
    async read(key) {
      const path = pathOf(key)
      const facts = await statOf(path)
      if (facts === undefined) {
        // A directory that is not there, such as a volume not yet mounted, has not been read: that is no absence.
        await stat(directory)
        return undefined
      }
      if (!facts.isFile()) throw new Error(`${path} is not a file`)
      return (await isSpeltSo(key)) ? readCapped(path) : undefined
    },
    async write(key, bytes) {
      const path = pathOf(key)
      const draft = join(dirname(path), `.${uuidv7(Date.now())}.tmp`)
      await mkdir(dirname(path), { recursive: true })
      try {
        const file = await open(draft, 'wx', 0o600)
        try {
          await file.writeFile(bytes)
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, path)
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
    async delete(key) {
      await rm(pathOf(key), { force: true })
    },
  }
}

async function statOf(path: string): Promise<Awaited<ReturnType<typeof stat>> | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if (isAbsence(error)) return undefined
    throw error
  }
}

function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Stops one byte over the bound, so that a huge file costs no memory and is refused as too large. */
async function readCapped(path: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, 'r')
  } catch (error) {
    // Deleted since it was found.
    if (isAbsence(error)) return undefined
    throw error
  }
  try {
    const { size } = await file.stat()
    // One byte more than its size tells whether it has grown meanwhile.
    let buffer = new Uint8Array(Math.min(size, STORE_VALUE_MAX_BYTES) + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, length)
      length += bytesRead
      if (bytesRead === 0 || length > STORE_VALUE_MAX_BYTES) return buffer.slice(0, length)
      if (length === buffer.length) {
        const larger = new Uint8Array(Math.min(length * 2, STORE_VALUE_MAX_BYTES + 1))
        larger.set(buffer)
        buffer = larger
      }
    }
  } finally {
    await file.close()
  }
}

function swapCase(text: string): string {
  return text.replace(/[A-Za-z]/g, (letter) =>
    letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
  )
}
