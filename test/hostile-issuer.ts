// An issuer that speaks HTTP as nobody should: raw bytes on a socket, one kind of answer for each path.
import { type AddressInfo, createServer, type Socket } from 'node:net'

const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'

/** What is written to the socket; `end` is how the connection ends after it. */
interface Answer {
  readonly bytes: string
  readonly end?: 'close' | 'reset'
}

const answers = {
  'status-600': { bytes: 'HTTP/1.1 600 Far Out\r\nContent-Length: 2\r\n\r\n{}' },
  'status-999': { bytes: 'HTTP/1.1 999 Request Denied\r\nContent-Length: 2\r\n\r\n{}' },
  'status-000': { bytes: 'HTTP/1.1 000 None\r\nContent-Length: 2\r\n\r\n{}' },
  'status-1000': { bytes: 'HTTP/1.1 1000 Four Digits\r\nContent-Length: 2\r\n\r\n{}' },
  'interim-only': { bytes: 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(20), end: 'close' },
  'interim-199': { bytes: 'HTTP/1.1 199 Odd\r\n\r\nHTTP/1.1 299 Odd\r\nContent-Length: 2\r\n\r\n{}' },
  upgrade: {
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nhello',
    end: 'close',
  },
  'upgrade-then-reset': {
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    end: 'reset',
  },
  'no-content-with-body': { bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}garbage', end: 'reset' },
  'not-modified': { bytes: 'HTTP/1.1 304 Not Modified\r\n\r\n', end: 'reset' },
  'reset-content': { bytes: 'HTTP/1.1 205 Reset Content\r\nContent-Length: 9\r\n\r\n{}', end: 'reset' },
  'nul-in-header': { bytes: `${OK}X-Odd: a\0b\r\nContent-Length: 2\r\n\r\n{}` },
  'bytes-in-header': { bytes: `${OK}X-Odd: \u00ff\u20ac\ud83d\ude00\r\nContent-Length: 2\r\n\r\n{}` },
  'control-in-header': { bytes: `${OK}X-Odd: \x01\x7f\r\nContent-Length: 2\r\n\r\n{}` },
  'odd-header-name': { bytes: `${OK}X Odd(): a\r\nContent-Length: 2\r\n\r\n{}` },
  'proto-header': { bytes: `${OK}__proto__: a\r\nconstructor: b\r\nContent-Length: 2\r\n\r\n{}` },
  'huge-header': { bytes: `${OK}X-Huge: ${'x'.repeat(1024 * 1024)}\r\nContent-Length: 2\r\n\r\n{}` },
  'many-headers': { bytes: `${OK}${'X-Many: x\r\n'.repeat(20_000)}Content-Length: 2\r\n\r\n{}` },
  'cut-body': { bytes: `${OK}Content-Length: 100\r\n\r\n{"a":`, end: 'close' },
  'reset-body': { bytes: `${OK}Content-Length: 100\r\n\r\n{"a":`, end: 'reset' },
  'reset-error-body': { bytes: 'HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n{"a":', end: 'reset' },
  'invalid-chunk': { bytes: `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\nZZ\r\n`, end: 'close' },
  'huge-chunk': { bytes: `${OK}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n`, end: 'close' },
  trailers: {
    bytes: `${OK}Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n2\r\n{}\r\n0\r\nX-T: \0\r\nX T: y\r\n\r\n`,
    end: 'close',
  },
  'unknown-encoding': { bytes: `${OK}Transfer-Encoding: bogus\r\n\r\n{}`, end: 'close' },
  'two-lengths': { bytes: `${OK}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}}`, end: 'close' },
  'not-gzip': { bytes: `${OK}Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}` },
  'not-http': { bytes: 'SSH-2.0-OpenSSH_9.2p1\r\n', end: 'close' },
  'two-answers': { bytes: `${OK}Content-Length: 2\r\n\r\n{}${OK}Content-Length: 2\r\n\r\n{}`, end: 'reset' },
  'hangs-up': { bytes: '', end: 'close' },
  resets: { bytes: '', end: 'reset' },
} as const satisfies Record<string, Answer>

export const HOSTILE_ANSWERS = Object.keys(answers)

export interface HostileIssuer {
  /** An issuer's URL is this and the name of an answer. */
  readonly url: string
  close(): Promise<void>
}

export async function startHostileIssuer(): Promise<HostileIssuer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    socket.once('data', (request) => {
      const name = /^GET \/([\w-]+)/.exec(request.toString('latin1'))?.[1] ?? ''
      const { bytes, end }: Answer = Object.hasOwn(answers, name)
        ? answers[name as keyof typeof answers]
        : { bytes: '' }
      socket.write(Buffer.from(bytes), () => {
        if (end === 'reset') socket.resetAndDestroy()
        else if (end === 'close') socket.end()
      })
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
