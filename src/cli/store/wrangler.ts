// wrangler as a child process: the development server, and `kv key` as an operator would type it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Where `wrangler.toml` is, which knows the binding. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const WRANGLER = fileURLToPath(new URL('../../../node_modules/wrangler/bin/wrangler.js', import.meta.url))

/** A value of Workers KV has at most 25 MiB; a list of keys may be as long. */
const OUTPUT_MAX_BYTES = 32 * 1024 * 1024

/** Quiet and offline: no metrics, no look-up of newer versions or request metadata, no prompt. */
const ENVIRONMENT = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
}

export interface WorkerOptions {
  readonly port: number
  readonly envFile: string
  /** Where local KV lives; the same for {@link putKey}, or the server does not see what was put. */
  readonly persistTo: string
}

/** Which KV: the development server's, below a directory, or the account's, by the login that wrangler holds. */
export type KvPlace = { readonly kind: 'local'; readonly persistTo: string } | { readonly kind: 'remote' }

export async function putKey(key: string, file: string, place: string | KvPlace): Promise<void> {
  await runKey(
    ['put', key, '--path', resolve(file)],
    typeof place === 'string' ? { kind: 'local', persistTo: place } : place,
  )
}

/** The keys that begin with `prefix`. */
export async function listKeys(prefix: string, place: KvPlace): Promise<readonly string[]> {
  const listed: unknown = JSON.parse((await runKey(['list', '--prefix', prefix], place)).toString())
  if (!Array.isArray(listed)) throw new Error('wrangler printed no list of keys')
  return listed.map((entry: { readonly name: string }) => entry.name)
}

/** The bytes as they were stored. Of a key that local KV does not have, wrangler prints a sentence. */
export async function getKey(key: string, place: KvPlace): Promise<Buffer> {
  return runKey(['get', key], place)
}

export async function deleteKey(key: string, place: KvPlace): Promise<void> {
  await runKey(['delete', key], place)
}

async function runKey(args: readonly string[], place: KvPlace): Promise<Buffer> {
  const where = place.kind === 'local' ? ['--local', '--persist-to', resolve(place.persistTo)] : ['--remote']
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [WRANGLER, 'kv', 'key', ...args, '--binding', 'POLICIES', ...where],
    { cwd: ROOT, env: ENVIRONMENT, encoding: 'buffer', maxBuffer: OUTPUT_MAX_BYTES },
  )
  return stdout
}

export function startWorker(
  { port, envFile, persistTo }: WorkerOptions,
  onOutput: (text: string) => void,
): ChildProcess {
  const args = [
    WRANGLER,
    'dev',
    '--port',
    String(port),
    '--ip',
    '127.0.0.1',
    '--env-file',
    envFile,
    '--persist-to',
    persistTo,
  ]
  // A group of its own: wrangler starts node, workerd and esbuild, and all of them must end with it.
  const child = spawn(process.execPath, [...args, '--show-interactive-dev-session=false'], {
    env: ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  return child
}

/** Ends the child and all that it started. */
export function stopGroup(child: ChildProcess): Promise<void> {
  return new Promise((ended) => {
    if (child.exitCode !== null || child.pid === undefined) return ended()
    child.once('exit', () => ended())
    try {
      process.kill(-child.pid, 'SIGTERM')
    } catch {
      ended()
    }
  })
}

/** Polls until the URL answers 200; rejects after `withinMillis`, or as soon as the child has ended. */
export async function untilReady(url: string, child: ChildProcess, withinMillis: number): Promise<void> {
  const end = Date.now() + withinMillis
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`the server ended with code ${child.exitCode}`)
    const isReady = await fetch(url).then(
      (response) => response.ok,
      () => false,
    )
    if (isReady) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`the server did not answer at ${url} within ${withinMillis} ms`)
}
