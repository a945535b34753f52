import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replaceFile } from '../../src/runtime/replace-file.ts'

let folder = ''
const at = (name: string): string => join(folder, name)

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'postern-replace-'))
})

afterEach(() => rm(folder, { recursive: true, force: true }))

describe('replaceFile()', () => {
  it('makes a file, and replaces it, for its owner alone', async () => {
    await replaceFile(at('file'), at('draft'), 'one')
    await replaceFile(at('file'), at('draft'), 'two')
    expect([await readFile(at('file'), 'utf8'), (await stat(at('file'))).mode & 0o777]).toEqual(['two', 0o600])
    expect(await readdir(folder)).toEqual(['file'])
  })

  it.each<[string, () => Promise<void>]>([
    [
      'its draft cannot be prepared',
      () => replaceFile(at('file'), at('draft'), 'two', () => Promise.reject(new Error())),
    ],
    ['it cannot be put in its place', () => replaceFile(at('folder'), at('draft'), 'two')],
  ])('leaves what was there, and no draft, where %s', async (_what, replace) => {
    await writeFile(at('file'), 'one')
    await mkdir(at('folder'))
    await expect(replace()).rejects.toThrow()
    expect(await readFile(at('file'), 'utf8')).toBe('one')
    expect((await readdir(folder)).sort()).toEqual(['file', 'folder'])
  })

  it("does not touch somebody else's draft", async () => {
    await writeFile(at('draft'), 'theirs')
    await expect(replaceFile(at('file'), at('draft'), 'two')).rejects.toMatchObject({ code: 'EEXIST' })
    expect(await readdir(folder)).toEqual(['draft'])
  })
})
