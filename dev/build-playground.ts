// Builds the playground: the page, and a worker with the engine. The digest of the worker is shown on the page. `npm run build`
// puts it into the package, `npm start` beside its state.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildOptions, build as bundle, type Metafile, type Plugin } from 'esbuild'
import { VERSION } from '../src/core/version.ts'
import { PLAYGROUND_HEADERS } from '../src/gateway/playground-files.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const SOURCE = join(ROOT, 'playground')
/** Served as they are. */
const STATIC = ['index.html', 'icon.svg']

/**
 * The YAML parser makes schemas that a reader of events never uses. A bundler must keep the calls that make them, unless it is
 * told that they have no effect but their result.
 */
const unusedSchemas: Plugin = {
  name: 'unused-schemas',
  setup({ onLoad }) {
    onLoad({ filter: /js-yaml[\\/]dist[\\/]js-yaml\.mjs$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(SCHEMA, 'var $1 = /* @__PURE__ */ (() => ($2))();'),
      loader: 'js',
    }))
  },
}

/** A statement at the top level that makes a tag, a schema, or options with one. */
const SCHEMA =
  /^var ([\w$]+) = ((?:define(?:Scalar|Sequence|Mapping)Tag\(|new Schema\(|YAML11_SCHEMA\.withTags\(|(?<=DEFAULT_\w+_OPTIONS = )\{)[\s\S]*?\n[\]})]*);$/gm

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2024',
  legalComments: 'none',
  loader: { '.wasm': 'binary' },
  metafile: true,
  write: false,
  logLevel: 'warning',
} as const satisfies BuildOptions

export interface BuiltPlayground {
  /** `sha256:` and the hexadecimal digest of worker.js. */
  readonly engineDigest: string
  /** The modules of the engine, by path from the repository. */
  readonly engineModules: readonly string[]
}

/**
 * Builds the page into a folder, which is replaced.
 * @param folder - absolute path
 * @throws what esbuild rejects with if a module does not compile
 */
export async function buildPlayground(folder: string): Promise<BuiltPlayground> {
  const worker = await bundle({
    ...OPTIONS,
    plugins: [unusedSchemas],
    entryPoints: [join(SOURCE, 'engine/worker.ts')],
    outfile: 'worker.js',
  })
  const engine = read(worker.outputFiles)
  const engineDigest = `sha256:${createHash('sha256').update(engine).digest('hex')}`
  const page = await bundle({
    ...OPTIONS,
    entryPoints: [join(SOURCE, 'page/page.ts')],
    outfile: 'page.js',
    define: { ENGINE_VERSION: JSON.stringify(VERSION), ENGINE_DIGEST: JSON.stringify(engineDigest) },
  })
  const style = await bundle({ ...OPTIONS, entryPoints: [join(SOURCE, 'style.css')], outfile: 'style.css' })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of STATIC) copyFileSync(join(SOURCE, name), join(folder, name))
  writeFileSync(join(folder, 'style.css'), read(style.outputFiles))
  writeFileSync(join(folder, 'worker.js'), engine)
  writeFileSync(join(folder, 'page.js'), read(page.outputFiles))
  writeFileSync(join(folder, 'engine.json'), `${JSON.stringify({ version: VERSION, digest: engineDigest })}\n`)
  // For hosts of static files that know this file, such as Workers and Pages.
  const headers = Object.entries(PLAYGROUND_HEADERS).map(([name, value]) => `  ${name}: ${value}\n`)
  writeFileSync(join(folder, '_headers'), `/*\n${headers.join('')}`)
  writeFileSync(join(folder, 'licenses.txt'), collectLicenses([worker.metafile, page.metafile]))
  return { engineDigest, engineModules: Object.keys(worker.metafile.inputs) }
}

function read(files: readonly { readonly contents: Uint8Array }[]): Uint8Array {
  const [file] = files
  if (file === undefined) throw new Error('esbuild made no file')
  return file.contents
}

/** The licences of the libraries in the bundles, which ask to be kept with every copy. */
function collectLicenses(metafiles: readonly Metafile[]): string {
  const inputs = metafiles.flatMap(({ inputs: all }) => Object.keys(all))
  const names = inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
  const packages = [...new Set(names.filter((name) => name !== undefined))].sort()
  return packages.map((name) => `${name}\n\n${readLicense(name)}\n`).join(`\n${'-'.repeat(72)}\n\n`)
}

function readLicense(name: string): string {
  for (const file of ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license']) {
    try {
      return readFileSync(join(ROOT, 'node_modules', name, file), 'utf8').trim()
    } catch {}
  }
  throw new Error(`${name} has no licence file, and is in the bundle`)
}

if (import.meta.main) await buildPlayground(join(ROOT, 'dist/playground'))
