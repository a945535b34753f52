// Promises about the structure, checked: which way imports point, where libraries may be used, how long files are.
import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'

const LAYERS: readonly (readonly string[])[] = [
  ['core'],
  ['net', 'identity', 'attribute', 'pattern'],
  ['token', 'template', 'condition', 'certificate'],
  ['attest'],
  ['policy'],
  ['config'],
  ['gateway'],
  ['client'],
  ['verify', 'explain'],
  ['policy-tests'],
  ['runtime', 'cli'],
  ['entries'],
]
/** Folders of one layer may not see each other, but for this: the command line starts the hosts. */
const SIBLINGS: ReadonlySet<string> = new Set(['cli>runtime'])
const LINES_MAX = 300
/** One table each, which is read by its rows. */
const TABLES: ReadonlySet<string> = new Set(['core/limits.ts', 'net/fetch-causes.ts'])
/** What a person finds at a glance in one folder. */
const FILES_MAX = 24

const layerOf = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder))
const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /(?<!\.d)\.ts$/.test(file))

/** Static, dynamic, side-effect and re-exporting imports alike. */
function importsOf(text: string): readonly string[] {
  const specifiers = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)(['"])([^'"\s$]+)\1/g)
  return Array.from(specifiers, ([, , specifier]) => specifier ?? '')
}

/** The folder that an import leads to, wherever in its tree the importing file is; `..` where it leads out of `src`. */
function targetOf(file: string, specifier: string): string {
  return folderOf(posix.join(posix.dirname(file), specifier))
}

function folderOf(file: string): string {
  return file.split('/')[0] ?? ''
}

/** Problems of one file; the text is a parameter, so that the rules can be seen to fail. */
function problemsOf(file: string, text: string): readonly string[] {
  const home = folderOf(file)
  const problems: string[] = []
  for (const specifier of importsOf(text)) {
    if (specifier.startsWith('.')) {
      if (!/\.(ts|json|wasm)$/.test(specifier)) problems.push(`${specifier} has no extension`)
      const target = targetOf(file, specifier)
      // Data is no layer: the built VM, the schemas, the version.
      if (target === home || /\.(json|wasm)$/.test(specifier)) continue
      const isLower = layerOf(target) !== -1 && layerOf(target) < layerOf(home)
      if (!isLower && !SIBLINGS.has(`${home}>${target}`)) problems.push(`${home} must not import ${target}`)
    } else if (!mayImport(file, specifier)) {
      problems.push(`${file} must not import ${specifier}`)
    }
  }
  if (text.split('\n').length > LINES_MAX && !TABLES.has(file)) problems.push(`${file} has over ${LINES_MAX} lines`)
  return problems
}

/** Each library stays behind its border. */
function mayImport(file: string, specifier: string): boolean {
  const home = folderOf(file)
  const isHost = home === 'runtime' || home === 'cli'
  if (specifier === 'jose') return home === 'token' || home === 'verify' || file === 'dev/stand-in-cluster.ts'
  if (specifier === 'hono' || specifier.startsWith('hono/'))
    return home === 'gateway' || home === 'runtime' || home === 'verify'
  if (specifier === 'valibot') return ['attest', 'config', 'gateway', 'policy-tests'].includes(home)
  if (specifier === 'js-yaml')
    return file.startsWith('config/yaml/') && files.filter((other) => usesYaml(other)).length <= 1
  if (specifier.startsWith('@noble/hashes/')) return file === 'core/digest.ts'
  if (specifier === 'fastest-levenshtein') return file === 'core/nearest.ts'
  if (specifier === 'commander' || specifier === 'diff') return home === 'cli'
  if (specifier === 'prom-client') return file === 'runtime/metrics/prometheus.ts'
  if (specifier === '@hono/node-server') return file === 'runtime/http/http-server.ts'
  if (specifier === 'cloudflare:workers')
    return /^runtime\/(own-gateway|postern-service|replay\/replay-shard)\.ts$/.test(file)
  if (specifier === 'redis') return file === 'runtime/redis/redis-client.ts'
  if (specifier.startsWith('node:') || specifier.startsWith('@valibot/')) return isHost
  return false
}

function usesYaml(file: string): boolean {
  return importsOf(readFileSync(`src/${file}`, 'utf8')).includes('js-yaml')
}

describe('the architecture', () => {
  it('has files to look at', () => expect(files.length).toBeGreaterThan(30))

  it.each(Array.from(new Set(files.map((file) => posix.dirname(file)))))(
    '%s has few enough files to look through',
    (folder) => {
      expect(files.filter((file) => posix.dirname(file) === folder).length).toBeLessThanOrEqual(FILES_MAX)
    },
  )

  it.each(files)('%s keeps to its layer and its borders', (file) => {
    expect(problemsOf(file, readFileSync(`src/${file}`, 'utf8'))).toEqual([])
  })

  it.each(files.filter((file) => !/^(runtime|cli|client|verify)\//.test(file)))(
    '%s touches no clock, timer, fetch or console',
    (file) => {
      const code = readFileSync(`src/${file}`, 'utf8').replace(/\/\/.*|\/\*[\s\S]*?\*\//g, '')
      expect(
        code.match(
          /\bDate\.now\b|\bnew Date\(\)|\bsetTimeout\b|\bsetInterval\b|\bconsole\.|\bglobalThis\b|\bprocess\./g,
        ),
      ).toBeNull()
    },
  )

  it('has one table of what must not be shown', () => {
    const homes = files.filter((file) =>
      /\\p\{Cf\}|\\u202|\\u206|Default_Ignorable/.test(readFileSync(`src/${file}`, 'utf8')),
    )
    expect(homes).toEqual(['core/printable.ts'])
  })

  it.each([
    ['an import that points up', 'core/x.ts', "import { a } from '../token/a.ts'"],
    ['a dynamic import that points up', 'core/x.ts', "await import('../token/a.ts')"],
    ['an export from a sibling', 'token/x.ts', "export { a } from '../template/a.ts'"],
    [
      'an import that points up from a folder within a folder',
      'token/keys/x.ts',
      "import { a } from '../../policy/a.ts'",
    ],
    ['an import that leads out', 'core/x.ts', "import { a } from '../../dev/a.ts'"],
    ['a library over its border', 'policy/x.ts', "import { jwtVerify } from 'jose'"],
    ['a library of the tool in a host', 'runtime/x.ts', "import { Command } from 'commander'"],
    ['a library beyond its one file', 'core/x.ts', "import { distance } from 'fastest-levenshtein'"],
    ['a host module in the core', 'core/x.ts', "import 'node:fs'"],
    ['a missing extension', 'core/x.ts', "import { a } from './a'"],
    ['a file that grew', 'core/x.ts', '\n'.repeat(LINES_MAX + 1)],
  ])('would refuse %s', (_what, file, text) => {
    expect(problemsOf(file, text)).toHaveLength(1)
  })
})
