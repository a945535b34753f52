// Compares the policy VM with other ways to decide the same condition. `node test/bench/condition.ts` prints a table.
// Absolute times depend on the machine; the ratios are what to look at.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const WASM = new URL('../../wasm/policy-vm.wasm', import.meta.url)
const NAMESPACE = 'spirl-system'
const SUBJECT = 'system:serviceaccount:spirl-system:spirl-agent'
const PATTERN = '^system:serviceaccount:[a-z0-9-]+:spirl-agent$'
const CLAIMS = {
  aud: ['spiffe://example.org'],
  exp: 1_900_000_000,
  sub: SUBJECT,
  'kubernetes.io': { namespace: NAMESPACE },
}
const CEL = `claims["kubernetes.io"].namespace == "${NAMESPACE}" && claims.sub.matches("${PATTERN}")`
// The same two clauses over our attributes: the namespace, and a text as long as the subject.
const OURS = `k8s_token.namespace == "${NAMESPACE}" && k8s_token.issuer.matches("${PATTERN}")`

/** Cedar has no regular expressions, and asks for its parts by name. */
const CEDAR_REQUEST = {
  principal: { type: 'P', id: 'p' },
  action: { type: 'A', id: 'a' },
  resource: { type: 'R', id: 'r' },
  context: { namespace: NAMESPACE, sub: SUBJECT },
  entities: [],
}
const CEDAR_POLICIES = {
  staticPolicies: `permit(principal, action, resource) when { context.namespace == "${NAMESPACE}" && context.sub like "system:serviceaccount:*:spirl-agent" };`,
}
const CEDAR_FOLDER = fileURLToPath(new URL('../../node_modules/@cedar-policy/cedar-wasm/nodejs/', import.meta.url))

const SOURCES = {
  ours: `
    import { readFileSync } from 'node:fs'
    import { compileCondition } from '${new URL('../../src/condition/compile.ts', import.meta.url).href}'
    import { createConditionEngine } from '${new URL('../../src/condition/vm/engine.ts', import.meta.url).href}'
    import { catalogueScope } from '${new URL('../../src/condition/scope.ts', import.meta.url).href}'
    const module = new WebAssembly.Module(readFileSync(new URL('${WASM.href}')))
    const { condition } = compileCondition(${JSON.stringify(OURS)}, catalogueScope(), [])
    createConditionEngine(module).evaluate(condition, new Map(), 1000)`,
  '@marcbachmann/cel-js': `
    import { parse } from '@marcbachmann/cel-js'
    parse(${JSON.stringify(CEL)})({ claims: ${JSON.stringify(CLAIMS)} })`,
  '@bufbuild/cel': `
    import { celEnv, parse, plan } from '@bufbuild/cel'
    plan(celEnv(), parse(${JSON.stringify(CEL)}))({ claims: ${JSON.stringify(CLAIMS)} })`,
  '@cedar-policy/cedar-wasm': `
    import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
    cedar.isAuthorized(${JSON.stringify({ ...CEDAR_REQUEST, policies: CEDAR_POLICIES })})`,
} as const

type Candidate = 'native closure' | keyof typeof SOURCES

function isInstalled(name: string): boolean {
  return existsSync(fileURLToPath(new URL(`../../node_modules/${name}/package.json`, import.meta.url)))
}

/** Nanoseconds of one call, warm: the least of several rounds, because other work on the machine only adds. */
function nanosOf(evaluate: () => boolean): number {
  const rounds: number[] = []
  const calls = callsFor(evaluate)
  for (let round = 0; round < 7; round++) {
    const started = performance.now()
    for (let call = 0; call < calls; call++) if (!evaluate()) throw new Error('The condition must hold')
    rounds.push(((performance.now() - started) * 1e6) / calls)
  }
  return Math.min(...rounds)
}

function callsFor(evaluate: () => boolean): number {
  const started = performance.now()
  let calls = 0
  while (performance.now() - started < 200) {
    evaluate()
    calls++
  }
  return Math.max(100, calls)
}

async function evaluators(): Promise<Map<Candidate, () => boolean>> {
  const found = new Map<Candidate, () => boolean>()
  const pattern = /^system:serviceaccount:[a-z0-9-]+:spirl-agent$/
  found.set('native closure', () => CLAIMS['kubernetes.io'].namespace === NAMESPACE && pattern.test(CLAIMS.sub))

  const engine = createConditionEngine(new WebAssembly.Module(readFileSync(WASM)))
  const { condition } = compileCondition(OURS, createCatalogueScope(), [])
  if (condition === undefined) throw new Error('The condition must compile')
  const attributes = new Map([
    ['k8s_token.namespace', NAMESPACE],
    ['k8s_token.issuer', SUBJECT],
  ])
  found.set('ours', () => engine.evaluate(condition, attributes, 100_000).kind === 'true')

  const celJs = await import('@marcbachmann/cel-js')
  const parsed = celJs.parse(CEL)
  found.set('@marcbachmann/cel-js', () => parsed({ claims: CLAIMS }) === true)

  const buf = await import('@bufbuild/cel')
  const planned = buf.plan(buf.celEnv(), buf.parse(CEL))
  found.set('@bufbuild/cel', () => planned({ claims: CLAIMS }) === true)

  if (isInstalled('@cedar-policy/cedar-wasm')) {
    const name = '@cedar-policy/cedar-wasm/nodejs'
    const cedar: {
      preparsePolicySet: (id: string, policies: unknown) => unknown
      statefulIsAuthorized: (call: unknown) => { response?: { decision?: string } }
    } = await import(name)
    // The faster of its two ways: the policies are parsed once.
    cedar.preparsePolicySet('bench', CEDAR_POLICIES)
    const request = { ...CEDAR_REQUEST, preparsedPolicySetId: 'bench' }
    found.set('@cedar-policy/cedar-wasm', () => cedar.statefulIsAuthorized(request).response?.decision === 'allow')
  }
  return found
}

function gzipped(bytes: Uint8Array): number {
  return bytes.length === 0 ? 0 : gzipSync(bytes).length
}

/** What a Worker would carry: one file, minified. */
async function bundle(source: string): Promise<Uint8Array> {
  const result = await build({
    stdin: { contents: source.replaceAll(/'file:\/\/([^']+\.ts)'/g, "'$1'"), resolveDir: ROOT },
    bundle: true,
    minify: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    // Cedar reads its module from beside itself.
    define: { __dirname: JSON.stringify(CEDAR_FOLDER) },
  })
  return result.outputFiles[0]?.contents ?? new Uint8Array()
}

/** Milliseconds from the start of a fresh process to the first answer, less those of an empty one. */
function coldMillis(bundled: Uint8Array): number {
  const folder = mkdtempSync(join(tmpdir(), 'condition-'))
  const run = (text: string | Uint8Array): number => {
    const file = join(folder, 'cold.cjs')
    writeFileSync(file, text)
    const times = Array.from({ length: 7 }, () => {
      const started = performance.now()
      const { status, stderr } = spawnSync(process.execPath, [file], { cwd: ROOT })
      if (status !== 0) throw new Error(String(stderr))
      return performance.now() - started
    })
    return Math.min(...times)
  }
  const cold = run(bundled) - run('0')
  rmSync(folder, { recursive: true })
  return cold
}

/** What a candidate carries besides its script. */
function moduleOf(name: Candidate): Uint8Array {
  if (name === 'ours') return readFileSync(WASM)
  if (name === '@cedar-policy/cedar-wasm') return readFileSync(join(CEDAR_FOLDER, 'cedar_wasm_bg.wasm'))
  return new Uint8Array()
}

const rows: Record<string, Record<string, string>> = {}
let native = 0
let buf = 0
let ours = 0
for (const [name, evaluate] of await evaluators()) {
  const nanos = nanosOf(evaluate)
  if (name === 'native closure') native = nanos
  if (name === 'ours') ours = nanos
  if (name === '@bufbuild/cel') buf = nanos
  const source = name === 'native closure' ? undefined : SOURCES[name]
  const bundled = source === undefined ? new Uint8Array() : await bundle(source)
  const module = moduleOf(name)
  rows[name] = {
    'warm, ns': nanos.toFixed(0),
    'x native': (nanos / native).toFixed(1),
    'cold, ms': source === undefined ? '0' : coldMillis(bundled).toFixed(1),
    'minified, kB': ((bundled.length + module.length) / 1000).toFixed(1),
    'gzip, kB': ((gzipped(bundled) + gzipped(module)) / 1000).toFixed(1),
  }
}
console.table(rows)
console.log(`@bufbuild/cel takes ${(buf / ours).toFixed(0)} times as long as ours; ours takes ${ours.toFixed(0)} ns.`)
console.log('The bytes of ours hold the compiler, the catalogue of attributes and the module.')
console.log('Only ours and @bufbuild/cel are linear in the text, and only ours has a limit on the work of a condition.')
if (!isInstalled('@cedar-policy/cedar-wasm')) console.log('@cedar-policy/cedar-wasm is not installed: no row.')
