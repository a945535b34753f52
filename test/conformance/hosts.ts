// The three hosts as an operator starts them: child processes on loopback, with the documents in their own kind of store.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { formatEnvFile, readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { openLocalKv } from '../../src/cli/store/local-kv.ts'
import { startWorker, stopGroup, waitUntilReady } from '../../src/cli/store/wrangler.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'

const DENO = join('node_modules', '@deno', `linux-${process.arch}-glibc`, 'deno')

export type HostName = 'workerd' | 'node' | 'deno'

export interface Host {
  readonly url: string
  /** Stores one document as an operator would. */
  put(key: string, text: string): Promise<void>
  /** What it has of its own; for Node and Deno the store is `store` in it. */
  readonly folder: string
  /** Its output so far, including audit records. Empty if the caller takes the output. */
  output(): string
  /** Leader of the process group; the serving process may be a descendant. */
  readonly pid: number
  /** The settings of its environment, secrets included. */
  readonly settings: Readonly<Record<string, string>>
  /**
   * Restarts it over the same store with the same settings.
   * @param between - runs while there is no process
   * @returns the exit status of the one that ended; on workerd that of wrangler
   */
  restart(between?: () => void): Promise<number | null>
  /** The same after SIGKILL: nothing was flushed, closed or said. */
  restartKilled(): Promise<void>
  stop(): Promise<void>
}

export interface HostOptions {
  /** Replaces development settings and environment variables; `undefined` removes one. */
  readonly change?: Readonly<Record<string, string | undefined>>
  /** For runs whose audit records would not fit in memory. */
  readonly takeOutput?: (text: string) => void
  /** The module of the command, on Node and Deno; default that of this tree. */
  readonly program?: string
  /** A file descriptor for standard output, on Node and Deno. */
  readonly stdout?: number
  /** In place of the directory of `documents`, on Node and Deno. */
  readonly store?: string
  /** Further flags of `serve`, on Node and Deno. */
  readonly flags?: readonly string[]
  /** Makes the configuration of the Worker in the folder, and returns its path; default that of the clone. */
  readonly configure?: (folder: string) => string
  /** What is asked for until it is answered; default `/readyz`. */
  readonly ready?: string
}

/** Starts a host over `documents`. Rejects with its output if it does not start. */
export async function startHost(
  name: HostName,
  documents: Readonly<Record<string, string>>,
  options: HostOptions = {},
): Promise<Host> {
  const { change = {}, takeOutput, program = 'src/cli/postern.ts', stdout, ready = '/readyz', flags = [] } = options
  const folder = mkdtempSync(join(tmpdir(), `postern-${name}-`))
  const port = await findFreePort()
  const url = `http://127.0.0.1:${port}`
  const changed = { ...(await readDevelopmentSettings(folder, url)), ...change }
  const settings = Object.fromEntries(
    Object.entries(changed).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  // `spawn` leaves out a variable that is undefined.
  const takenOut = Object.fromEntries(Object.entries(change).filter(([, value]) => value === undefined))
  let output = ''
  const onOutput =
    takeOutput ??
    ((text: string): void => {
      output += text
    })

  const store = name === 'workerd' ? createKvStore(folder) : createDirectoryStore(join(folder, 'store'))
  await store.putAll(documents)
  let child = await start()

  async function start(): Promise<ChildProcess> {
    const started = name === 'workerd' ? startOnWorkerd() : startServe(name)
    await waitUntilReady(`${url}${ready}`, started, 60_000).catch(async (error: unknown) => {
      await stopGroup(started)
      rmSync(folder, { recursive: true, force: true })
      throw new Error(`${name}: ${String(error)}\n${output}`)
    })
    return started
  }

  function startOnWorkerd(): ChildProcess {
    const envFile = join(folder, 'dev.env')
    writeFileSync(envFile, formatEnvFile(settings))
    const config = options.configure?.(folder)
    return startWorker(
      { port, envFile, persistTo: join(folder, 'state'), ...(config === undefined ? {} : { config }) },
      onOutput,
    )
  }

  function startServe(host: 'node' | 'deno'): ChildProcess {
    const serve = [
      program,
      'serve',
      '--store',
      options.store ?? join(folder, 'store'),
      '--port',
      String(port),
      ...flags,
    ]
    const [command, args] =
      host === 'node'
        ? [process.execPath, serve]
        : [DENO, ['run', '--allow-net', '--allow-env', '--allow-read', '--allow-write', ...serve]]
    const started = spawn(command, args, {
      env: { ...process.env, ...settings, ...takenOut },
      detached: true,
      stdio: ['ignore', stdout ?? 'pipe', 'pipe'],
    })
    for (const stream of [started.stdout, started.stderr])
      stream?.on('data', (chunk: Buffer) => onOutput(chunk.toString()))
    return started
  }

  return {
    url,
    folder,
    put: store.put,
    output: () => output,
    get pid() {
      return child.pid ?? 0
    },
    settings,
    async restart(between) {
      await end(child)
      const { exitCode } = child
      between?.()
      child = await start()
      return exitCode
    },
    async restartKilled() {
      const ended = new Promise<void>((exited) => child.once('exit', () => exited()))
      // The whole group: wrangler's children outlive it.
      process.kill(-(child.pid ?? 0), 'SIGKILL')
      await ended
      child = await start()
    },
    async stop() {
      await end(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }

  /** Ends a server with SIGINT, which skips the wait for load balancers. */
  async function end(running: ChildProcess): Promise<void> {
    if (name === 'workerd') return stopGroup(running)
    if (running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise<void>((exited) => running.once('exit', () => exited()))
    running.kill('SIGINT')
    await ended
  }
}

interface Store {
  put(key: string, text: string): Promise<void>
  putAll(documents: Readonly<Record<string, string>>): Promise<void>
}

function createDirectoryStore(folder: string): Store {
  mkdirSync(folder, { recursive: true })
  async function put(key: string, text: string): Promise<void> {
    const path = join(folder, `${key}.yaml`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  return {
    put,
    async putAll(documents) {
      for (const [key, text] of Object.entries(documents)) await put(key, text)
    },
  }
}

function createKvStore(folder: string): Store {
  async function putAll(documents: Readonly<Record<string, string>>): Promise<void> {
    const kv = openLocalKv(join(folder, 'state'))
    try {
      for (const [key, text] of Object.entries(documents)) await kv.put(key, encodeUtf8(text))
    } finally {
      await kv.close()
    }
  }
  return { put: (key, text) => putAll({ [key]: text }), putAll }
}

function findFreePort(): Promise<number> {
  return new Promise((found) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
