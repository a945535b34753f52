// A real Redis on loopback, as a child process that a test can pause, kill and start again over the same directory.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isInstalled } from '../../installed.ts'

export const REDIS_SERVER = isInstalled('redis-server')

export interface RedisServer {
  readonly url: string
  readonly port: number
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  /** Kills it, and waits until it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port with what it kept. */
  start(): Promise<void>
  stop(): Promise<void>
}

/** @param options further arguments, such as `--requirepass`; every write is kept before it is answered */
export async function startRedis(options: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-redis-'))
  const port = await findFreePort()
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
    child = spawn('redis-server', [...args, ...durable, ...options], { stdio: 'ignore' })
    for (let tries = 0; tries < 200; tries++) {
      if (await accepts(port)) return
      await new Promise((next) => setTimeout(next, 20))
    }
    throw new Error('redis-server does not start')
  }
  async function kill(): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise<void>((exited) => running.once('exit', () => exited()))
    running.kill('SIGKILL')
    await ended
  }
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    signal: (name) => void child?.kill(name),
    kill,
    start,
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      answer(true)
    })
    socket.once('error', () => answer(false))
  })
}

export function findFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
