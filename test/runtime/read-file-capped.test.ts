import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFileCapped, readTextCapped } from '../../src/runtime/read-file-capped.ts'

let folder = ''
let path = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-capped-'))
  path = join(folder, 'file')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('readFileCapped()', () => {
  it.each([
    ['an empty file', 0, 0],
    ['a file at the bound', 10_000, 10_000],
    ['a file over it', 10_001, 10_001],
    ['a huge file', 2 ** 40, 10_001],
  ])('reads %s', async (_what, size, read) => {
    await writeFile(path, '')
    await truncate(path, size)
    const { bytes, changedMillis } = await readFileCapped(path, 10_000)
    expect(bytes.length).toBe(read)
    expect(changedMillis).toBe((await stat(path)).mtimeMs)
  })

  it.each([
    ['at the bound', 'a'.repeat(10_000), 10_000],
    ['over it', 'a'.repeat(30_000), 10_001],
  ])('reads a pipe, which has no size: %s', async (_what, text, read) => {
    const pipe = join(folder, `pipe-${read}`)
    await promisify(execFile)('mkfifo', [pipe])
    // The writer of a pipe that is closed over the bound fails.
    const writing = writeFile(pipe, text).catch(() => undefined)
    expect((await readFileCapped(pipe, 10_000)).bytes.length).toBe(read)
    await writing
  })

  it('rejects as the file system does', async () => {
    await expect(readFileCapped(join(folder, 'absent'), 10)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(readFileCapped(folder, 10)).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('readTextCapped()', () => {
  it('reads text at the bound, and rejects a larger file', async () => {
    await writeFile(path, 'größe')
    expect(await readTextCapped(path, 7)).toBe('größe')
    await expect(readTextCapped(path, 6)).rejects.toThrow('more than 6 bytes')
  })
})
