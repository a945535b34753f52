import { execFileSync, spawn } from 'node:child_process'
import {
  appendFile,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterAll, describe, expect, it } from 'vitest'
import {
  DOCUMENT_MAX_BYTES,
  FILE_QUIET_MILLIS,
  FILE_QUIET_TRIES,
  STORE_TIMEOUT_MILLIS,
  STORE_VALUE_MAX_BYTES,
} from '../../src/core/limits.ts'
import { createDirectorySource } from '../../src/runtime/directory-source.ts'
import { keepsStoreContract } from '../config/source-contract.ts'
import { type Fault, keepsTruthUnderFaults } from '../config/source-faults.ts'

const made: string[] = []

async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-store-'))
  made.push(directory)
  return directory
}

afterAll(async () => {
  for (const directory of made) await rm(directory, { recursive: true, force: true })
})

keepsStoreContract('a directory', async () => createDirectorySource(await makeDirectory()))

describe('a directory of documents', () => {
  const KEY = 'clusters/c-1/Cluster'

  async function withDocument(text: string) {
    const directory = await makeDirectory()
    await mkdir(join(directory, 'clusters/c-1'), { recursive: true })
    const path = join(directory, 'clusters/c-1/Cluster.yaml')
    await writeFile(path, text)
    return { directory, path, source: createDirectorySource(directory) }
  }

  it('has its keys as paths, with .yaml', async () => {
    const { source } = await withDocument('section: Cluster')
    expect(await source.read(KEY)).toEqual(new TextEncoder().encode('section: Cluster'))
  })

  it('follows links, as a mounted ConfigMap has them', async () => {
    const { directory, source } = await withDocument('section: Cluster')
    await symlink(join(directory, 'clusters/c-1'), join(directory, 'clusters/c-2'))
    expect(await source.read('clusters/c-2/Cluster')).toBeDefined()
  })

  it.each([
    '',
    '..',
    '../outside',
    'clusters/../../etc/passwd',
    'clusters//Cluster',
    '/etc/passwd',
    'clusters/c-1/.hidden',
    'clusters/c\\1/Cluster',
    'clusters/c-1/Cluster\0',
  ])('refuses the key %j, and does not call it absent', async (key) => {
    const { source } = await withDocument('section: Cluster')
    await expect(source.read(key)).rejects.toThrow(RangeError)
    await expect(source.write(key, new Uint8Array())).rejects.toThrow(RangeError)
    await expect(source.delete(key)).rejects.toThrow(RangeError)
  })

  it('that has gone is an error, not an absence', async () => {
    const { directory, source } = await withDocument('section: Cluster')
    await rm(directory, { recursive: true })
    await expect(source.read(KEY)).rejects.toThrow()
    await expect(source.listClusters?.()).rejects.toThrow()
  })

  it('in whose place something else is, is an error, not an absence', async () => {
    const { directory, source } = await withDocument('section: Cluster')
    await rm(directory, { recursive: true })
    await writeFile(directory, '')
    await expect(source.read(KEY)).rejects.toThrow('not a directory')
    await expect(source.listClusters?.()).rejects.toThrow('not a directory')
  })

  it('does not read a directory in a document’s place, and says so', async () => {
    const { path, source } = await withDocument('section: Cluster')
    await rm(path)
    await mkdir(path)
    await expect(source.read(KEY)).rejects.toThrow('not a file')
  })

  it.each([
    [DOCUMENT_MAX_BYTES, DOCUMENT_MAX_BYTES],
    [STORE_VALUE_MAX_BYTES, STORE_VALUE_MAX_BYTES],
    [STORE_VALUE_MAX_BYTES + 1, STORE_VALUE_MAX_BYTES + 1],
    [STORE_VALUE_MAX_BYTES * 64, STORE_VALUE_MAX_BYTES + 1],
  ])('of a file of %i bytes reads %i', async (size, length) => {
    const { path, source } = await withDocument('section: Cluster')
    await truncate(path, size)
    expect((await source.read(KEY))?.length).toBe(length)
  })

  it('holds nothing but the document after a write, and after one that failed', async () => {
    const { directory, source } = await withDocument('section: Cluster')
    await source.write(KEY, new TextEncoder().encode('new'))
    expect(await readdir(join(directory, 'clusters/c-1'))).toEqual(['Cluster.yaml'])
    await mkdir(join(directory, 'clusters/c-1/TrustDomain.yaml'))
    await expect(source.write('clusters/c-1/TrustDomain', new Uint8Array(1))).rejects.toThrow()
    expect((await readdir(join(directory, 'clusters/c-1'))).sort()).toEqual(['Cluster.yaml', 'TrustDomain.yaml'])
  })
})

describe('a file that is being written', () => {
  const KEY = 'clusters/c-1/Cluster'
  const PATH = 'clusters/c-1/Cluster.yaml'

  /** A source whose clock stands `ageMillis` after the last change; each wait of it lets `during` happen. */
  async function written(ageMillis: number, during: (path: string, waits: number) => Promise<void> = async () => {}) {
    const directory = await makeDirectory()
    await mkdir(join(directory, 'clusters/c-1'), { recursive: true })
    const path = join(directory, PATH)
    await writeFile(path, 'first part')
    await utimes(path, 1000, 1000)
    let now = 1_000_000 + ageMillis
    let waits = 0
    const source = createDirectorySource(directory, {
      clock: () => now,
      async sleep(millis) {
        now += millis
        await during(path, ++waits)
      },
    })
    return { source, path, waited: () => waits }
  }

  /** Writes more, and says that it was changed just now, by the clock of the test. */
  async function append(path: string, text: string, atMillis: number): Promise<void> {
    await appendFile(path, text)
    await utimes(path, atMillis / 1000, atMillis / 1000)
  }

  it.each([
    [FILE_QUIET_MILLIS, 0],
    [FILE_QUIET_MILLIS - 1, 1],
    [-3_600_000, 1],
  ])('changed %i ms ago is read after %i waits', async (ageMillis, waits) => {
    const { source, waited } = await written(ageMillis)
    expect(await source.read(KEY)).toEqual(new TextEncoder().encode('first part'))
    expect(waited()).toBe(waits)
  })

  it('is read whole, and never its first part', async () => {
    const { source } = await written(1, async (path, waits) => {
      if (waits === 1) await append(path, ', and the pins', 1_001_000)
    })
    expect(await source.read(KEY)).toEqual(new TextEncoder().encode('first part, and the pins'))
  })

  it('without end is a failed read, and no absence', async () => {
    const { source, waited } = await written(1, (path, waits) => append(path, '.', 1_000_000 + waits * 1000))
    await expect(source.read(KEY)).rejects.toThrow('by rename')
    expect(waited()).toBe(FILE_QUIET_TRIES)
    expect(FILE_QUIET_TRIES * FILE_QUIET_MILLIS).toBeLessThan(STORE_TIMEOUT_MILLIS)
  })

  it('that goes away meanwhile is absent', async () => {
    const { source } = await written(1, (path) => rm(path))
    expect(await source.read(KEY)).toBeUndefined()
  })
})

/**
 * Every thread that waits for files hangs in the kernel, as on a server of files that does not answer: each opens a pipe, until
 * somebody writes to it.
 */
function stallFiles(folder: string): Fault {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
  const pipes = Array.from({ length: threads }, (_, index) => join(folder, `pipe-${index}`))
  let opened: readonly Promise<FileHandle>[] = []
  return {
    begin() {
      execFileSync('mkfifo', pipes)
      opened = pipes.map((pipe) => open(pipe))
      spawn('sh', ['-c', 'sleep 3; for pipe; do : > "$pipe"; done', 'sh', ...pipes])
    },
    end: async () => Promise.all((await Promise.all(opened)).map((pipe) => pipe.close())),
  }
}

keepsTruthUnderFaults('a directory', async () => {
  const parent = await makeDirectory()
  const directory = join(parent, 'store')
  await mkdir(directory)
  const path = join(directory, 'clusters/c-1/AgentAttestation.yaml')
  let whole = new Uint8Array()
  let isWriting = false
  const source = createDirectorySource(directory, {
    clock: Date.now,
    // Each look at a file that is being written finds more of it.
    sleep: async () => (isWriting ? appendFile(path, 'x') : utimes(path, 1000, 1000)),
  })
  const away = {
    begin: () => rename(directory, `${directory}-away`),
    end: () => rename(`${directory}-away`, directory),
  }
  return {
    source,
    async put(key, bytes) {
      whole = bytes
      await createDirectorySource(directory).write(key, bytes)
    },
    faults: {
      'a stall of 3 s': stallFiles(parent),
      'a value that ends in its middle': {
        async begin() {
          isWriting = true
          await writeFile(path, whole.subarray(0, whole.length / 2))
        },
        async end() {
          isWriting = false
          await writeFile(path, whole)
        },
      },
      // A loop of links, since root may read every file.
      'refused access': {
        async begin() {
          await away.begin()
          await symlink(directory, directory)
        },
        async end() {
          await rm(directory)
          await away.end()
        },
      },
      'an outage, before a restart': away,
    },
  }
})
