// Finds wrangler and runs it as a child process: a single command, or the development server.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { EXIT, Stop } from '../command.ts'

/** The folder of this clone, or of the installed package, which has no configuration of its own. */
const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const CONFIGURATIONS = ['wrangler.jsonc', 'wrangler.json', 'wrangler.toml'] as const

/**
 * Finds the configuration of the Worker, which defines the binding: in the working directory, else in the clone.
 * @returns its absolute path; `undefined` if there is none
 */
export function findConfiguration(folders: readonly string[] = [process.cwd(), ROOT]): string | undefined {
  return folders.flatMap((folder) => CONFIGURATIONS.map((name) => join(folder, name))).find((path) => existsSync(path))
}

/** A value of Workers KV has at most 25 MiB; a list of keys may be as large. */
const OUTPUT_MAX_BYTES = 32 * 1024 * 1024

/** Quiet and offline: no metrics, no check for newer versions, no request metadata, no prompts. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  CI: '1',
}

export interface Wrangler {
  readonly program: string
  /** Resolves modules as wrangler does. */
  readonly require: NodeJS.Require
}

/**
 * Finds the installed wrangler.
 * @param from - URL of the module to resolve from
 * @throws a {@link Stop} that names the package to install
 */
export function findWrangler(from = import.meta.url): Wrangler {
  try {
    const manifest = createRequire(from).resolve('wrangler/package.json')
    return { program: join(dirname(manifest), 'bin', 'wrangler.js'), require: createRequire(manifest) }
  } catch (cause) {
    const next = 'run `npm install --save-dev wrangler`, or use --store DIR'
    throw new Stop(EXIT.unreachable, `wrangler is not installed, but --local and --remote need it: ${next}`, { cause })
  }
}

function findProject(): string {
  const found = findConfiguration()
  if (found !== undefined) return dirname(found)
  const next = 'run this in the folder of the wrangler.toml that binds POLICIES, or use --store DIR'
  throw new Stop(EXIT.usage, `There is no wrangler.toml in ${process.cwd()}: ${next}`)
}

/** Runs one wrangler command; resolves with its standard output, rejects if it fails. */
export async function runWrangler(args: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)(process.execPath, [findWrangler().program, ...args], {
    cwd: findProject(),
    env: { ...process.env, ...QUIET },
    encoding: 'buffer',
    maxBuffer: OUTPUT_MAX_BYTES,
  })
  return stdout
}

export interface WorkerOptions {
  readonly port: number
  readonly envFile: string
  /** The directory of local KV; must be the same for the tool that writes documents. */
  readonly persistTo: string
  /** A configuration other than the one that wrangler finds. */
  readonly config?: string
}

export function startWorker(
  { port, envFile, persistTo, config }: WorkerOptions,
  onOutput: (text: string) => void,
): ChildProcess {
  const args = [
    findWrangler().program,
    'dev',
    '--port',
    String(port),
    '--ip',
    '127.0.0.1',
    '--env-file',
    envFile,
    '--persist-to',
    persistTo,
    ...(config === undefined ? [] : ['--config', config]),
  ]
  // In its own process group: wrangler starts node, workerd and esbuild, which must all end with it.
  const child = spawn(process.execPath, [...args, '--show-interactive-dev-session=false'], {
    env: { ...process.env, ...QUIET },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
  return child
}

/** Ends the child's process group. */
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
export async function waitUntilReady(url: string, child: ChildProcess, withinMillis: number): Promise<void> {
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
