// A Worker in workerd, by Miniflare alone: `wrangler dev` would put a proxy process before it, and its cost into every
// figure.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { build, type Plugin } from 'esbuild'
import { findWrangler } from '../../../src/cli/store/wrangler.ts'

const VM = 'wasm/policy-vm.wasm'

export interface WorkerOptions {
  /** Of the Worker, from the root of the repository. */
  readonly entry: string
  readonly bindings: Readonly<Record<string, string>>
  /** What the namespace `POLICIES` holds. */
  readonly documents: Readonly<Record<string, string>>
}

export interface RunningWorker {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

interface Miniflare {
  readonly ready: Promise<URL>
  getKVNamespace(binding: string): Promise<{ put(key: string, value: string): Promise<void> }>
  dispose(): Promise<void>
}

/** Its own types differ between TypeScript's globals and those of Workers. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => Miniflare
  readonly convertV4MiniflareOptions: (options: Readonly<Record<string, unknown>>) => unknown
}

export async function startWorkerd({ entry, bindings, documents }: WorkerOptions): Promise<RunningWorker> {
  const { Miniflare, convertV4MiniflareOptions }: MiniflareModule = findWrangler().require('miniflare')
  const others = new Set(findWorkerdChildren())
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: [
        { type: 'ESModule', path: 'worker.js', contents: await bundle(entry) },
        { type: 'CompiledWasm', path: 'policy-vm.wasm', contents: readFileSync(VM) },
      ],
      compatibilityDate: setting('compatibility_date'),
      bindings,
      kvNamespaces: ['POLICIES'],
      cache: false,
      cf: false,
      telemetry: { enabled: false },
      handleStructuredLogs: () => undefined,
    }),
  )
  const { origin } = await miniflare.ready
  const policies = await miniflare.getKVNamespace('POLICIES')
  for (const [key, text] of Object.entries(documents)) await policies.put(key, text)
  const pid = findWorkerdChildren().find((child) => !others.has(child))
  if (pid === undefined) throw new Error('no process of workerd was started')
  return { url: origin, pid, stop: () => miniflare.dispose() }
}

/** One file, as a deployment would be; the policy VM stays a module of its own. */
async function bundle(entry: string): Promise<string> {
  const keepVm: Plugin = {
    name: 'keep-vm',
    setup: ({ onResolve }) =>
      onResolve({ filter: /policy-vm\.wasm$/ }, () => ({ path: './policy-vm.wasm', external: true })),
  }
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:workers'],
    plugins: [keepVm],
  })
  return outputFiles[0]?.text ?? ''
}

/** Of `wrangler.toml`, so that the bench runs what is deployed. */
function setting(name: string): string {
  const value = new RegExp(`^${name} = "(.+)"$`, 'm').exec(readFileSync('wrangler.toml', 'utf8'))?.[1]
  if (value === undefined) throw new Error(`wrangler.toml sets no ${name}`)
  return value
}

function findWorkerdChildren(): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter(isWorkerdChild)
}

function isWorkerdChild(pid: number): boolean {
  try {
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
    return name === 'workerd' && Number(parent) === process.pid
  } catch {
    return false
  }
}
