// The reader of a gateway's audit records, as a process of its own behind a named pipe: it can stall, end, and be replaced by another.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'

export interface RecordReader {
  /** The end of the pipe that a gateway writes to. */
  readonly descriptor: number
  readonly text: () => string
  signal(name: 'SIGSTOP' | 'SIGCONT'): void
  end(): Promise<void>
  start(): void
}

/** @param path - where the pipe is made */
export function startRecordReader(path: string): RecordReader {
  if (spawnSync('mkfifo', [path]).status !== 0) throw new Error(`cannot make the pipe ${path}`)
  const chunks: Buffer[] = []
  let child: ChildProcess | undefined
  function start(): void {
    child = spawn('cat', [path], { stdio: ['ignore', 'pipe', 'ignore'] })
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  }
  start()
  return {
    // Waits until the reader has opened the other end.
    descriptor: openSync(path, 'w'),
    text: () => Buffer.concat(chunks).toString(),
    signal: (name) => void child?.kill(name),
    async end() {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    start,
  }
}
