// Builds the playground: the page, and a worker with the engine. The digest of the worker is shown on the page. `npm run build`
// puts it into the package, `npm start` beside its state.
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import { type OutputChunk, type Plugin, rolldown } from 'rolldown'
import { VERSION } from '../src/core/version.ts'
import { PLAYGROUND_HEADERS } from '../src/gateway/playground-files.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const SOURCE = join(ROOT, 'playground')
/** Served as they are. */
const STATIC = ['index.html', 'icon.svg']
const TARGET = 'es2024'
/** See there. */
const PLAIN_LANGUAGE = join(SOURCE, 'page/editor/plain-language.ts')

/**
 * The YAML parser makes schemas that a reader of events never uses. A bundler must keep the calls that make them, unless it is
 * told that they have no effect but their result.
 */
const unusedSchemas: Plugin = {
  name: 'unused-schemas',
  transform: {
    filter: { id: /js-yaml[\\/]dist[\\/]js-yaml\.mjs$/ },
    handler: (code) => ({ code: code.replace(SCHEMA, 'var $1 = /* @__PURE__ */ (() => ($2))();'), map: null }),
  },
}

/** A statement at the top level that makes a tag, a schema, or options with one. */
const SCHEMA =
  /^var ([\w$]+) = ((?:define(?:Scalar|Sequence|Mapping)Tag\(|new Schema\(|YAML11_SCHEMA\.withTags\(|(?<=DEFAULT_\w+_OPTIONS = )\{)[\s\S]*?\n[\]})]*);$/gm

/**
 * WebAssembly as a string with a character for each byte, since nothing may be fetched. Base64 would hide from compression
 * what repeats, and cost a third more.
 */
const embeddedWasm: Plugin = {
  name: 'embedded-wasm',
  load: {
    filter: { id: /\.wasm$/ },
    handler: (id) => ({
      code: `export default Uint8Array.from(${JSON.stringify(readFileSync(id, 'latin1'))}, (one) => one.charCodeAt(0))`,
      moduleType: 'js',
    }),
  },
}

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
  const worker = await bundle('engine/worker.ts')
  const engineDigest = `sha256:${createHash('sha256').update(worker.code).digest('hex')}`
  const page = await bundle('page/page.ts', {
    ENGINE_VERSION: JSON.stringify(VERSION),
    ENGINE_DIGEST: JSON.stringify(engineDigest),
  })
  const style = await transform(readFileSync(join(SOURCE, 'style.css'), 'utf8'), { loader: 'css', minify: true })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const name of STATIC) copyFileSync(join(SOURCE, name), join(folder, name))
  writeFileSync(join(folder, 'style.css'), style.code)
  writeFileSync(join(folder, 'worker.js'), worker.code)
  writeFileSync(join(folder, 'page.js'), page.code)
  writeFileSync(join(folder, 'engine.json'), `${JSON.stringify({ version: VERSION, digest: engineDigest })}\n`)
  // For hosts of static files that know this file, such as Workers and Pages.
  const headers = Object.entries(PLAYGROUND_HEADERS).map(([name, value]) => `  ${name}: ${value}\n`)
  writeFileSync(join(folder, '_headers'), `/*\n${headers.join('')}`)
  writeFileSync(join(folder, 'licenses.txt'), collectLicenses([...listModules(worker), ...listModules(page)]))
  return { engineDigest, engineModules: listModules(worker) }
}

/** Bundles one module, by its path in the folder of the playground. */
async function bundle(entry: string, define: Readonly<Record<string, string>> = {}): Promise<OutputChunk> {
  const built = await rolldown({
    cwd: ROOT,
    input: join(SOURCE, entry),
    platform: 'browser',
    resolve: { alias: { '@codemirror/language': PLAIN_LANGUAGE, '@lezer/common': PLAIN_LANGUAGE } },
    transform: { target: TARGET, define: { ...define } },
    plugins: [unusedSchemas, embeddedWasm],
    logLevel: 'warn',
  })
  const { output } = await built.generate({ format: 'esm', minify: true, codeSplitting: false, comments: false })
  await built.close()
  return output[0]
}

/** The modules of which something is in a bundle, by path from the repository. */
function listModules({ modules }: OutputChunk): readonly string[] {
  return Object.keys(modules)
    .filter((id) => id.startsWith(ROOT))
    .map((id) => relative(ROOT, id).replaceAll('\\', '/'))
}

/** The licences of the libraries in the bundles, which ask to be kept with every copy. */
function collectLicenses(modules: readonly string[]): string {
  const names = modules.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1])
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
