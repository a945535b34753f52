// What is in the tarball, and whether tools and compilers can use it.
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PLAYGROUND_FILES } from '../../src/gateway/playground-files.ts'
import { DENO } from './larger-app.ts'
import { installPacked, packTarball, run } from './packed.ts'

let tarball: string
let folder: string
beforeAll(async () => {
  tarball = await packTarball()
  folder = await installPacked(['@types/node', 'undici-types'])
  cpSync('test/package/consumer/uses.ts', join(folder, 'uses.ts'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module","dependencies":{"postern":"*","hono":"*"}}')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const own = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly version: string
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
}
const isOfPlayground = (path: string): boolean =>
  ['_headers', ...Object.keys(PLAYGROUND_FILES)].some((name) => path === `dist/playground/${name}`)
const bin = (name: string): string => resolve('node_modules/.bin', name)

describe('the tarball', () => {
  it('has what runs, and nothing else', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball], { maxBuffer: 1 << 20 })
    const files = stdout
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, ''))
    const others = files.filter(
      (path) => !/^(dist\/.+\.(js|d\.ts)|schemas\/\w[\w-]*\.json)$/.test(path) && !isOfPlayground(path),
    )
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'wasm/policy-vm.wasm'])
    // A package is loaded at each deployment. 300 kB of it are the playground, built.
    expect(statSync(tarball).size).toBeLessThan(1_150_000)
  })

  it('pleases publint', async () => {
    const { stdout } = await run(process.execPath, [bin('publint'), '--strict', tarball])
    expect(stdout).toContain('All good')
  })

  it('pleases arethetypeswrong', async () => {
    const { stdout } = await run(process.execPath, [bin('attw'), '--profile', 'esm-only', '--format', 'json', tarball])
    const { problems } = JSON.parse(stdout) as { readonly problems?: Readonly<Record<string, unknown>> }
    // `problems` names what the profile ignores as well: modules of CommonJS cannot require the package.
    expect(Object.keys(problems ?? {}).filter((kind) => !['CJSResolvesToESM', 'NoResolution'].includes(kind))).toEqual(
      [],
    )
  })
})

describe('a user of the package', () => {
  it.each([
    ['nodenext', 'NodeNext'],
    ['bundler', 'ESNext'],
  ])('has types, resolved as by %s', async (moduleResolution, module) => {
    const compilerOptions = { strict: true, noEmit: true, target: 'ESNext', module, moduleResolution, types: ['node'] }
    const lib = ['ESNext', 'WebWorker', 'WebWorker.Iterable']
    const config = join(folder, `tsconfig.${module}.json`)
    writeFileSync(
      config,
      JSON.stringify({ compilerOptions: { ...compilerOptions, lib, skipLibCheck: true }, files: ['uses.ts'] }),
    )
    const { stdout } = await run(process.execPath, [bin('tsc'), '-p', config]).catch((error: unknown) => error as never)
    expect(stdout).toBe('')
  })

  it('has types on Deno', async () => {
    await run(DENO, ['check', '--node-modules-dir=manual', 'uses.ts'], { cwd: folder })
  })

  it('needs nothing of Node to verify, explain and ask', async () => {
    const code = ['client', 'verify', 'explain', 'gateway'].map(
      (name) => `export * as ${name} from './node_modules/postern/dist/entries/${name}.js'`,
    )
    writeFileSync(join(folder, 'bare.js'), code.join('\n'))
    const { build } = await import('esbuild')
    // For a browser esbuild refuses a module of Node.
    await build({
      entryPoints: [join(folder, 'bare.js')],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
    })
  })

  it('explains a login with the package alone', async () => {
    const { explainDocument, validateDocument } = (await import(
      pathToFileURL(join(folder, 'node_modules/postern/dist/entries/explain.js')).href
    )) as typeof import('../../src/entries/explain.ts')
    const document = readFileSync('examples/AgentAttestation.yaml', 'utf8')
    const settings = { trustDomain: 'example.org' }
    expect(await validateDocument(document, settings)).toMatchObject({ section: 'AgentAttestation', valid: true })
    const module = new WebAssembly.Module(readFileSync(join(folder, 'node_modules/postern/wasm/policy-vm.wasm')))
    const explained = await explainDocument({ document, evidence: 'a.b.c', settings, atSeconds: 1_800_000_000, module })
    expect(explained).toMatchObject({
      kind: 'explained',
      verdict: { kind: 'refused', answer: { code: 'login_refused' } },
    })
  })
})

describe('the package for JSR', () => {
  const jsr = JSON.parse(readFileSync('deno.json', 'utf8')) as typeof own & { readonly name: string }

  it('has the version and the entries of the other, but for the one that only Workers load', () => {
    const source = (path: unknown) => (path as { default: string }).default.replace('dist', 'src').replace(/js$/, 'ts')
    const entries = Object.entries(own.exports).filter(([name]) => !['./worker', './package.json'].includes(name))
    expect(jsr.exports).toEqual(Object.fromEntries(entries.map(([name, path]) => [name, source(path)])))
    expect(jsr.version).toBe(own.version)
  })

  it('would be published, without slow types', async () => {
    const { stderr } = await run(DENO, ['publish', '--dry-run', '--allow-dirty'], {
      env: { ...process.env, NO_COLOR: '1' },
    })
    expect(stderr).toContain('Success')
  })
})
