// Sends one request over and over on kept connections, as a process of its own: `fork` it, and send it a `Load`. Sockets
// and bytes only, so that it costs little beside the server, and the same for each.
import { connect, type Socket } from 'node:net'
import process from 'node:process'
import { createAnswerReader } from './answer-reader.ts'

export interface Load {
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly connections: number
  readonly millis: number
}

export interface LoadResult {
  readonly requests: number
  readonly millis: number
  /** From the last byte sent to the last byte received, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** How the client says that a run failed. */
export interface LoadFailure {
  readonly failure: string
}

process.on('message', (load: Load) => {
  sendLoad(load).then(
    (result) => process.send?.(result),
    (error: unknown) => process.send?.({ failure: String(error) } satisfies LoadFailure),
  )
})

/** Rejects where an answer is not a 200, or a connection ends: the figures of such a run would be of something else. */
async function sendLoad(load: Load): Promise<LoadResult> {
  const { hostname, port } = new URL(load.url)
  const request = requestBytes(load)
  const sockets = await Promise.all(Array.from({ length: load.connections }, () => open(hostname, Number(port))))
  const latencies: number[] = []
  const started = performance.now()
  const end = started + load.millis
  try {
    await Promise.all(sockets.map((socket) => sendUntil(socket, request, end, latencies)))
  } finally {
    for (const socket of sockets) socket.destroy()
  }
  const millis = performance.now() - started
  latencies.sort((a, b) => a - b)
  const at = (share: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return { requests: latencies.length, millis, p50: at(0.5), p99: at(0.99) }
}

function requestBytes({ url, path, headers, body }: Load): Buffer {
  const lines = Object.entries({
    Host: new URL(url).host,
    ...headers,
    'Content-Length': String(Buffer.byteLength(body)),
  })
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`,
  )
}

function open(host: string, port: number): Promise<Socket> {
  return new Promise((opened, fail) => {
    const socket = connect({ host, port, noDelay: true }, () => {
      socket.off('error', fail)
      opened(socket)
    })
    socket.once('error', fail)
  })
}

function sendUntil(socket: Socket, request: Buffer, end: number, latencies: number[]): Promise<void> {
  return new Promise((done, fail) => {
    const reader = createAnswerReader()
    let sentAt = performance.now()
    socket.on('error', fail)
    socket.on('close', () => fail(new Error('the server closed a connection')))
    socket.on('data', (chunk: Buffer) => {
      const status = reader.take(chunk)
      if (status === undefined) return
      if (status !== 200) return fail(new Error(`the server answered ${status}`))
      const now = performance.now()
      latencies.push(now - sentAt)
      if (now >= end) return done()
      sentAt = now
      socket.write(request)
    })
    socket.write(request)
  })
}
