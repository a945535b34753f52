// Runs `serve` as an operator's supervisor does: the documented command, without a process in front of it.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'

export type ServerName = 'node' | 'deno'

/** The commands of docs/operate.md. */
const COMMANDS = {
  node: [process.execPath],
  deno: [
    `node_modules/@deno/linux-${process.arch}-glibc/deno`,
    'run',
    '--allow-net',
    '--allow-env',
    '--allow-read',
    '--allow-write',
  ],
} as const

export const SERVE = ['src/cli/postern.ts', 'serve'] as const

export interface Operated {
  readonly url: string
  readonly child: ChildProcess
  readonly folder: string
  /** The settings of its environment. */
  readonly settings: Readonly<Record<string, string>>
  /** Standard error so far, and standard output unless it is redirected. */
  readonly said: () => string
  readonly recorded: () => string
  readonly ended: Promise<number | null>
  stop(): Promise<void>
}

interface Options {
  readonly documents: Readonly<Record<string, string>>
  readonly flags?: readonly string[]
  /** A file descriptor for standard output. */
  readonly stdout?: number
  readonly change?: Readonly<Record<string, string>>
  /** In place of the directory of `documents`. */
  readonly store?: string
}

/** Starts `serve` on a free port over a directory of documents, or another store. Rejects with its standard error if it ends instead. */
export async function operate(
  host: ServerName,
  { documents, flags = [], stdout, change = {}, store: address }: Options,
): Promise<Operated> {
  const folder = mkdtempSync(join(tmpdir(), `postern-operated-${host}-`))
  const store = join(folder, 'store')
  mkdirSync(store)
  for (const [key, text] of Object.entries(documents)) {
    const path = join(store, `${key}.yaml`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  const settings = { ...(await readDevelopmentSettings(folder, 'http://127.0.0.1:8787')), ...change }
  const [command, ...args] = [...COMMANDS[host], ...SERVE, '--store', address ?? store, '--port', '0', ...flags]
  const child = spawn(command, args, {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...settings },
    stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
  })
  let said = ''
  let recorded = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    recorded += chunk.toString()
  })
  const ended = new Promise<number | null>((end) => child.once('exit', (code) => end(code)))
  const url = await new Promise<string>((ready, fail) => {
    void ended.then((code) => fail(new Error(`ended with ${code}: ${said}`)))
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /^Postern listens on (\S+)$/m.exec(said)?.[1]
      if (found !== undefined) ready(found)
    })
  })
  return {
    url,
    child,
    folder,
    settings,
    ended,
    said: () => said,
    recorded: () => recorded,
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the tool until it ends. */
export function runTool(
  host: ServerName,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Run> {
  const [command, ...others] = [...COMMANDS[host], ...args]
  const child = spawn(command, others, {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  return new Promise((end) => child.once('close', (code) => end({ code, out, err })))
}
