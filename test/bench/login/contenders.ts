// The gateway and its peers as servers on loopback, each in a process of its own.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { ServerName } from '../../conformance/operated.ts'
import { operate } from '../../conformance/operated.ts'
import type { Peer } from '../peers/session.ts'
import type { LoginWork } from './work.ts'

export interface Contender {
  readonly name: string
  readonly url: string
  /** Of the process whose CPU time counts. */
  readonly pid: number
  readonly request: LoginRequest
  stop(): Promise<void>
}

export interface LoginRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** As it ships: `postern serve` over a directory, its records written to a pipe that somebody reads. */
export async function startPostern(host: ServerName, work: LoginWork): Promise<Contender> {
  const { documents, environment } = work
  const sink = openSink()
  const server = await operate(host, { documents, stdout: sink.descriptor, change: environment })
  return {
    name: 'postern',
    url: server.url,
    pid: server.child.pid ?? 0,
    request: evidenceRequest(work),
    async stop() {
      await server.stop()
      sink.close()
    },
  }
}

/** A peer as its plain server. */
export async function startPeer(host: ServerName, peer: Peer, work: LoginWork): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), `bench-${peer}-`))
  const file = join(folder, 'work.json')
  writeFileSync(file, JSON.stringify(work), { mode: 0o600 })
  const [command, ...args] = PEER_COMMANDS[host]
  const child = spawn(command, [...args, peer, file], {
    // express answers faster so, and its own documentation asks for it.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const url = await readAddress(child)
  return {
    name: peer,
    url,
    pid: child.pid ?? 0,
    request: peer === 'floor' ? evidenceRequest(work) : bearerRequest(work),
    async stop() {
      const ended = new Promise((end) => child.once('exit', end))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const PEER_COMMANDS = {
  node: [process.execPath, 'test/bench/peers/serve.ts'],
  deno: [
    `node_modules/@deno/linux-${process.arch}-glibc/deno`,
    'run',
    '--allow-net',
    '--allow-env',
    '--allow-read',
    'test/bench/peers/serve-deno.ts',
  ],
} as const

export function evidenceRequest({ login }: LoginWork): LoginRequest {
  return { path: login.path, headers: { 'Content-Type': 'application/json' }, body: login.body }
}

/** As the middleware of the others wants it: they read no body. */
export function bearerRequest({ login, token }: LoginWork): LoginRequest {
  return { path: login.path, headers: { Authorization: `Bearer ${token}` }, body: '' }
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((ready, fail) => {
    let said = ''
    child.once('exit', (code) => fail(new Error(`a peer ended with ${code}: ${said}`)))
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = /listens on (\S+)\s/.exec(said)?.[1]
      if (url !== undefined) ready(url)
    })
  })
}

interface Sink {
  readonly descriptor: number
  close(): void
}

/** A real pipe, read by `cat`: what Node itself would connect a child to is a socket. */
function openSink(): Sink {
  const folder = mkdtempSync(join(tmpdir(), 'bench-sink-'))
  const pipe = join(folder, 'pipe')
  if (spawnSync('mkfifo', [pipe]).status !== 0) throw new Error('mkfifo failed')
  const descriptor = openSync(pipe, 'r+')
  // It opens the pipe itself: the server makes what it was given non-blocking, for all who share it.
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    descriptor,
    close() {
      reader.kill()
      closeSync(descriptor)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
