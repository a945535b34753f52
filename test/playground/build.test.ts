// The built page: small enough, whole, and with the modules of the gateway.
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuiltPlayground, buildPlayground } from '../../dev/build-playground.ts'
import { VERSION } from '../../src/core/version.ts'
import { PLAYGROUND_FILES, PLAYGROUND_HEADERS } from '../../src/gateway/playground-files.ts'

/** Of everything that is in the folder. */
const GZIP_MAX_BYTES = 300 * 1024
/** Of one picture in the documents. */
const PICTURE_MAX_BYTES = 200 * 1024

let folder: string
let built: BuiltPlayground
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-playground-'))
  built = await buildPlayground(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const readBuilt = (name: string) => readFileSync(join(folder, name))

describe('the built page', () => {
  it('has the files that are served, and the headers for hosts of static files', () => {
    expect(readdirSync(folder).sort()).toEqual([...Object.keys(PLAYGROUND_FILES), '_headers'].sort())
    for (const [name, value] of Object.entries(PLAYGROUND_HEADERS))
      expect(readBuilt('_headers').toString()).toContain(`  ${name}: ${value}\n`)
  })

  it('fits its budget', () => {
    const sizes = readdirSync(folder).map((name) => gzipSync(readBuilt(name), { level: 9 }).length)
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(GZIP_MAX_BYTES)
  })

  it('shows the version of the gateway and the digest of the worker', () => {
    const digest = `sha256:${createHash('sha256').update(readBuilt('worker.js')).digest('hex')}`
    expect(JSON.parse(readBuilt('engine.json').toString())).toEqual({ version: VERSION, digest })
    expect(built.engineDigest).toBe(digest)
    expect(readBuilt('page.js').toString()).toContain(digest)
  })

  it('is the same each time it is built', async () => {
    const again = mkdtempSync(join(tmpdir(), 'postern-playground-'))
    await buildPlayground(again)
    for (const name of readdirSync(folder)) expect(readFileSync(join(again, name)).equals(readBuilt(name))).toBe(true)
    rmSync(again, { recursive: true })
  })

  it('decides by the modules that the gateway decides by', () => {
    const own = ['src/policy/login/login.ts', 'src/policy/mapping/mapping.ts', 'src/config/compile/compile.ts']
    expect(built.engineModules).toEqual(expect.arrayContaining([...own, 'wasm/policy-vm.wasm']))
    for (const module of built.engineModules) expect(module).toMatch(/^(src|playground|wasm|node_modules)\//)
    for (const host of ['src/runtime/', 'src/cli/', 'node:'])
      expect(built.engineModules.filter((module) => module.startsWith(host))).toEqual([])
  })

  it('has no engine in the page itself, and no code that is made of text anywhere', () => {
    expect(readBuilt('page.js').toString()).not.toContain('condition_failed')
    for (const script of ['page.js', 'worker.js'])
      expect(readBuilt(script).toString()).not.toMatch(
        /\beval\(|new Function\(|\.innerHTML\s*=[^=]|outerHTML\s*=[^=]|insertAdjacentHTML|document\.write/,
      )
  })

  it('names nothing of another origin in its HTML and CSS', () => {
    const html = readBuilt('index.html').toString()
    expect(html).not.toMatch(/https?:|\/\/[a-z]|style=|\son\w+=|<script(?! type="module" src="page\.js")/)
    expect(readBuilt('style.css').toString()).not.toMatch(/url\(|@import/)
  })

  it('carries the licences of its libraries', () => {
    const licences = readBuilt('licenses.txt').toString()
    for (const name of ['@codemirror/view', 'js-yaml', 'valibot', '@noble/hashes'])
      expect(licences).toContain(`${name}\n`)
  })
})

describe('the pictures', () => {
  it.each(['playground', 'playground-dark', 'playground-phone'])('%s is small', (name) => {
    const path = join('docs', `${name}.png`)
    expect(existsSync(path)).toBe(true)
    expect(readFileSync(path).length).toBeLessThanOrEqual(PICTURE_MAX_BYTES)
  })
})
