// A playground is served only if it was built, and from this very version.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VERSION } from '../../src/core/version.ts'
import { createPlaygroundAssets } from '../../src/runtime/playground/playground-assets.ts'
import { openPlayground } from '../../src/runtime/playground/playground-folder.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-playground-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const ENGINE = JSON.stringify({ version: VERSION, digest: 'sha256:00' })
const VERSIONS: readonly (readonly [string, string | undefined, boolean])[] = [
  ['of this version', ENGINE, true],
  ['of another version', JSON.stringify({ version: '0.0.1' }), false],
  ['without a version', '{}', false],
  ['that is not JSON', '{', false],
  ['that is not there', undefined, false],
]

describe('openPlayground()', () => {
  it.each(VERSIONS)('takes a page %s as it should', async (_name, engine, isTaken) => {
    if (engine !== undefined) writeFileSync(join(folder, 'engine.json'), engine)
    const opened = await openPlayground(pathToFileURL(`${folder}/`))
    expect(typeof opened).toBe(isTaken ? 'function' : 'string')
    if (typeof opened === 'string') expect(opened).toMatch(/^PLAYGROUND: /)
  })

  it('reads its files, and says of one that is missing that it is', async () => {
    writeFileSync(join(folder, 'engine.json'), ENGINE)
    const read = await openPlayground(pathToFileURL(`${folder}/`))
    if (typeof read === 'string') throw new Error(read)
    expect(new TextDecoder().decode(await read('engine.json'))).toBe(ENGINE)
    expect(await read('page.js')).toBeUndefined()
  })
})

describe('createPlaygroundAssets()', () => {
  it.each(VERSIONS)('takes assets %s as it should', async (_name, engine, isTaken) => {
    const files = new Map([['/page.js', 'page'], ...(engine === undefined ? [] : [['/engine.json', engine] as const])])
    const read = createPlaygroundAssets({
      fetch: async (address) => {
        const text = files.get(new URL(address).pathname)
        return text === undefined ? new Response('', { status: 404 }) : new Response(text)
      },
    })
    expect((await read('page.js')) !== undefined).toBe(isTaken)
    expect(await read('worker.js')).toBeUndefined()
  })
})
