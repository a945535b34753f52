// wrangler as a child process: the development server, and `kv key put` as an operator would type it.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'

const WRANGLER = 'node_modules/wrangler/bin/wrangler.js'

/** Quiet and offline: no metrics, no look-up of request metadata, no prompt. */
const ENVIRONMENT = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
}

export interface WorkerOptions {
  readonly port: number
  readonly envFile: string
  /** Where local KV lives; the same for {@link putKey}, or the server does not see what was put. */
  readonly persistTo: string
}

export async function putKey(key: string, file: string, persistTo: string): Promise<void> {
  const args = [
    WRANGLER,
    'kv',
    'key',
    'put',
    key,
    '--path',
    file,
    '--binding',
    'POLICIES',
    '--local',
    '--persist-to',
    persistTo,
  ]
  await promisify(execFile)(process.execPath, args, { env: ENVIRONMENT })
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
