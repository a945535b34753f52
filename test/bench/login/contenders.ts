// The gateway and its peers as servers on loopback, each in a process of its own.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { ServerName } from '../../conformance/operated.ts'
import { operate } from '../../conformance/operated.ts'
import type { Peer } from '../peers/session.ts'
import { bearerRequest, evidenceRequest, type LoginRequest } from './login-request.ts'
import { RUN_COMMANDS, readAddress } from './run-command.ts'
import type { LoginWork } from './work.ts'
import { type RunningWorker, startWorkerd } from './workerd.ts'

export interface Contender {
  readonly name: string
  readonly url: string
  /** Of the process whose CPU time counts. */
  readonly pid: number
  readonly request: LoginRequest
  stop(): Promise<void>
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
  const [command, ...args] = RUN_COMMANDS[host]
  const child = spawn(command, [...args, PEER_SERVERS[host], peer, file], {
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

const PEER_SERVERS = { node: 'test/bench/peers/serve.ts', deno: 'test/bench/peers/serve-deno.ts' } as const

/** The Worker that is deployed. Its records go to Miniflare, which drops them. */
export async function startWorkerPostern(work: LoginWork): Promise<Contender> {
  const { documents, environment } = work
  const worker = await startWorkerd({ entry: 'src/runtime/worker.ts', bindings: environment, documents })
  return { name: 'postern', request: evidenceRequest(work), ...worker }
}

/** Contenders in one isolate, which are asked for turns. */
export function startTurnsWorker(work: LoginWork): Promise<RunningWorker> {
  const bindings = { WORK: JSON.stringify(work) }
  return startWorkerd({ entry: 'test/bench/login/turns-worker.ts', bindings, documents: {} })
}

export async function startWorkerFloor(work: LoginWork): Promise<Contender> {
  const bindings = { WORK: JSON.stringify(work) }
  const worker = await startWorkerd({ entry: 'test/bench/peers/serve-worker.ts', bindings, documents: {} })
  return { name: 'floor', request: evidenceRequest(work), ...worker }
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
