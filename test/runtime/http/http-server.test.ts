// What a client can hold of the server of Node and Deno, and for how long. Each case is a process of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { readDevelopmentSettings } from '../../../src/cli/keys/dev-environment.ts'
import {
  CONNECTION_IDLE_TIMEOUT_MILLIS,
  OUTPUT_FLUSH_MILLIS,
  PIPELINED_REQUESTS_MAX,
  REQUEST_BODY_TIMEOUT_MILLIS,
  REQUEST_HEADERS_TIMEOUT_MILLIS,
  REQUEST_TIMEOUT_MILLIS,
  SHUTDOWN_GRACE_MILLIS,
  SHUTDOWN_NOTICE_MILLIS,
  STORE_TIMEOUT_MILLIS,
  UNREAD_BODY_MAX_BYTES,
} from '../../../src/core/limits.ts'
import type { ServerBounds } from '../../../src/runtime/http/http-server.ts'

const LONG = 600_000
/** Nothing ends by itself; a case shortens what it is about. */
const BOUNDS: ServerBounds = {
  headersMillis: LONG,
  requestMillis: LONG,
  idleMillis: LONG,
  stalledMillis: LONG,
  connectionsMax: 10_000,
  graceMillis: LONG,
}

interface Served {
  readonly child: ChildProcess
  readonly port: number
  readonly output: () => string
}

let folder: string
let settings: Readonly<Record<string, string>>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-server-'))
  mkdirSync(join(folder, 'store'))
  settings = await readDevelopmentSettings(folder, 'http://127.0.0.1:8787')
  return () => rmSync(folder, { recursive: true, force: true })
})

let served: Served | undefined
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  served?.child.kill('SIGKILL')
  served = undefined
})

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

function serve(
  host: 'node' | 'deno',
  change: Partial<ServerBounds>,
  { descriptorsMax = 20_000, tls = [] as readonly string[] } = {},
): Promise<Served> {
  const [command, ...args] = ['sh', '-c', `ulimit -n ${descriptorsMax}; exec "$@"`, 'sh', ...COMMANDS[host]]
  const bounds = JSON.stringify({ ...BOUNDS, ...change })
  const child = spawn(command, [...args, 'test/runtime/serve-child.ts', bounds, join(folder, 'store'), ...tls], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  return new Promise((ready, fail) => {
    child.once('exit', (code) => fail(new Error(`ended with ${code}: ${output}`)))
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
        const port = /^listening https?:\/\/127\.0\.0\.1:(\d+)$/m.exec(output)?.[1]
        if (port === undefined) return
        served = { child, port: Number(port), output: () => output }
        ready(served)
      })
  })
}

interface Client {
  readonly socket: Socket
  /** What came, once the connection is closed. */
  readonly closed: Promise<string>
}

/** Resolves once connected and `text` is on its way. */
function open(port: number, text: string): Promise<Client> {
  return new Promise((sent) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString()
    })
    socket.on('error', () => undefined)
    const closed = new Promise<string>((ended) => socket.once('close', () => ended(received)))
    socket.once('connect', () =>
      text === '' ? sent({ socket, closed }) : socket.write(text, () => sent({ socket, closed })),
    )
    socket.once('close', () => sent({ socket, closed }))
  })
}

const statusOf = (answer: string): string | undefined => answer.split(' ')[1]
const isHealthy = async (port: number): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { Connection: 'close' } })).ok

function residentMiB(pid: number | undefined): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) / 1024
}

const POST = 'POST /v1/clusters/c-1/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'
const GET = 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'

describe.each(['node', 'deno'] as const)('on %s', (host) => {
  it.each<[string, Partial<ServerBounds>, string, string | undefined]>([
    ['that sends nothing', { headersMillis: 500 }, '', '408'],
    ['that sends half a request line', { headersMillis: 500 }, 'POST /v1', '408'],
    ['that never ends its headers', { headersMillis: 500 }, POST, '408'],
    [
      'that never ends a body which nobody reads',
      { headersMillis: 500, requestMillis: 1000 },
      `${GET.trimEnd()}\r\nContent-Length: 9\r\n\r\n{`,
      undefined,
    ],
    [
      'that never ends its body',
      { headersMillis: 500, requestMillis: 1000 },
      `${POST}Content-Length: 9\r\n\r\n{`,
      '408',
    ],
    ['that sends no second request', { idleMillis: 500 }, GET, '200'],
  ])('closes a connection %s', async (_what, bounds, text, status) => {
    const { port, output } = await serve(host, bounds)
    const answer = await (await open(port, text)).closed
    if (status !== undefined) expect(statusOf(answer)).toBe(status)
    expect(await isHealthy(port)).toBe(true)
    expect(output()).not.toMatch(/"event":"fault"|Uncaught|Unhandled/)
  })

  it('closes a connection whose headers trickle: each byte earns no time', async () => {
    const { port } = await serve(host, { headersMillis: 1000 })
    const { socket, closed } = await open(port, POST)
    const trickle = setInterval(() => socket.write('X-Slow: 1\r\n'), 100)
    expect(statusOf(await closed)).toBe('408')
    clearInterval(trickle)
  })

  it('closes a connection whose client does not read its answer', async () => {
    const { port } = await serve(host, { stalledMillis: 500, idleMillis: 500, connectionsMax: 1 })
    const { socket } = await open(port, '')
    socket.pause()
    socket.write(GET.replace('/healthz', '/large'))
    // There is room for one connection: another is served once that one is gone.
    await expect.poll(() => isHealthy(port).catch(() => false), { timeout: 15_000 }).toBe(true)
  })

  it.each([
    ['at the bound', PIPELINED_REQUESTS_MAX, true],
    ['over it', 5000, false],
  ])('answers all requests that were sent at once %s, or cuts the connection', async (_what, count, isAnswered) => {
    const { port, child } = await serve(host, { idleMillis: 500 })
    const answer = await (await open(port, GET.replace('/healthz', '/readyz').repeat(count))).closed
    expect((answer.match(/HTTP\/1\.1 200/g) ?? []).length === count).toBe(isAnswered)
    expect(await isHealthy(port)).toBe(true)
    expect(residentMiB(child.pid)).toBeLessThan(300)
  })

  const ODD = [
    ['an upgrade', 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    [
      'an upgrade to HTTP/2',
      'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n',
    ],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['bytes that are not HTTP', '\x16\x03\x01\0\0'],
    ['a NUL in a header', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n'],
    ['an invalid host', 'GET /healthz HTTP/1.1\r\nHost: a b%\r\n\r\n'],
    ['no host', 'GET /healthz HTTP/1.0\r\n\r\n'],
    ['an invalid target', 'GET http:// HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a target of an asterisk', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a megabyte of headers', `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1024 * 1024)}\r\n\r\n`],
    ['a length and chunks', `${POST}Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['an invalid chunk size', `${POST}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`],
    ['an expectation', `${POST}Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}`],
    ['an unknown method', 'QUUX /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['TRACE', 'TRACE /healthz HTTP/1.1\r\nHost: a\r\n\r\n'],
  ] as const

  it('lives on after anything that is not a request', async () => {
    const bounds = { headersMillis: 1000, requestMillis: 1000, idleMillis: 500, stalledMillis: 500 }
    const { port, output, child } = await serve(host, bounds)
    // One process for all of them: whichever ends it is found by sending it alone.
    await Promise.all(
      ODD.map(async ([what, text]) => {
        await (await open(port, text)).closed
        expect(child.exitCode, what).toBe(null)
      }),
    )
    expect(await isHealthy(port)).toBe(true)
    expect(output()).not.toMatch(/"event":"fault"|Uncaught|Unhandled/)
  })

  it('hands on no request that is beyond the bound of pipelining, though it was parsed with the others', async () => {
    const { port, output } = await serve(host, { idleMillis: 500 })
    const status = GET.replace('/healthz', '/v1/clusters/c-1/status')
    await (await open(port, status.repeat(20 * PIPELINED_REQUESTS_MAX))).closed
    expect(await isHealthy(port)).toBe(true)
    // Each of them that the gateway gets is refused, and leaves a record.
    const records = output().match(/"event":"status"/g) ?? []
    expect(records.length).toBeLessThanOrEqual(PIPELINED_REQUESTS_MAX)
  })

  it('keeps a connection under its deadlines, and takes a second request on it', async () => {
    const { port } = await serve(host, {})
    const { socket, closed } = await open(port, GET)
    await new Promise((first) => socket.once('data', first))
    socket.write(GET.replace('Host: a', 'Host: a\r\nConnection: close'))
    expect((await closed).match(/HTTP\/1\.1 200/g)).toHaveLength(2)
  })

  const CLAIMS = 'POST /v1/clusters/c-1/claims HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n'

  it.each([
    ['a length', 'Content-Length: 268435456\r\n\r\n', (chunk: string) => chunk],
    ['chunks', 'Transfer-Encoding: chunked\r\n\r\n', (chunk: string) => `10000\r\n${chunk}\r\n`],
  ])(
    'answers and closes before a large body of %s that nobody wants, and does not read it',
    async (_what, rest, frame) => {
      const { port } = await serve(host, {})
      const { socket, closed } = await open(port, `${CLAIMS}${rest}`)
      const chunk = frame('x'.repeat(0x10000))
      // A client that writes as fast as it can, whatever it is answered.
      const write = (): void => {
        while (!socket.destroyed && socket.bytesWritten < 0x10000000 && socket.write(chunk));
      }
      socket.on('drain', write)
      write()
      const answer = await closed
      expect(statusOf(answer)).toBe('401')
      expect(answer.toLowerCase()).toContain('connection: close')
      // What the buffers of two sockets hold, and no more.
      expect(socket.bytesWritten).toBeLessThan(32 * 1024 * 1024)
    },
  )

  it.each([
    ['at the bound', UNREAD_BODY_MAX_BYTES, true],
    ['over it', UNREAD_BODY_MAX_BYTES + 1, false],
  ])('keeps the connection after a body that nobody wants %s', async (_what, length, isKept) => {
    const { port } = await serve(host, {})
    const { socket, closed } = await open(port, `${CLAIMS}Content-Length: ${length}\r\n\r\nx`)
    const first = await new Promise((came) => socket.once('data', (chunk) => came(String(chunk))))
    expect(statusOf(String(first))).toBe('401')
    expect(String(first).toLowerCase().includes('connection: close')).toBe(!isKept)
    socket.write('x'.repeat(length - 1))
    socket.write(GET.replace('Host: a', 'Host: a\r\nConnection: close'))
    expect((await closed).includes('HTTP/1.1 200')).toBe(isKept)
  })

  it('holds no memory for hundreds of connections that stall', async () => {
    const { port, child } = await serve(host, { headersMillis: 2000, requestMillis: 4000, idleMillis: 2000 })
    const kinds = ['', POST, `${POST}Content-Length: 60000\r\n\r\n${'x'.repeat(30_000)}`, GET]
    const round = async (): Promise<number> => {
      const clients = await Promise.all(Array.from({ length: 600 }, (_, index) => open(port, kinds[index % 4] ?? '')))
      expect(await isHealthy(port)).toBe(true)
      await Promise.all(clients.map(({ closed }) => closed))
      return residentMiB(child.pid)
    }
    const first = await round()
    const second = await round()
    // All were closed by the server; what it held for them is used again.
    expect(second - first).toBeLessThan(40)
    expect(await isHealthy(port)).toBe(true)
  })

  it('takes so many connections and no more, says so once, and takes more when some have gone', async () => {
    const { port, output } = await serve(host, { connectionsMax: 5 })
    const taken: Client[] = []
    for (let index = 0; index < 5; index++) {
      const client = await open(port, GET)
      await new Promise((first) => client.socket.once('data', first))
      taken.push(client)
    }
    for (let index = 0; index < 3; index++) expect(await (await open(port, GET)).closed).toBe('')
    await expect.poll(output).toMatch(/5 connections are open/)
    expect(output().match(/connections are open/g)).toHaveLength(1)
    taken[0]?.socket.destroy()
    await expect.poll(() => isHealthy(port).catch(() => false)).toBe(true)
  })

  it('lives through a flood of more connections than it may have file descriptors, by its own bound', async () => {
    const { port, output } = await serve(host, { connectionsMax: 60 }, { descriptorsMax: 800 })
    const flood = Array.from({ length: 1000 }, () => open(port, POST))
    await Promise.all(flood)
    for (const socket of sockets.splice(0)) socket.destroy()
    await expect.poll(() => isHealthy(port).catch(() => false), { timeout: 15_000 }).toBe(true)
    expect(output()).not.toMatch(/Uncaught|Unhandled/)
  })

  it.each<[string, string]>([
    ['an idle connection', GET],
    ['half a request', POST],
    ['half a body', `${POST}Content-Length: 9\r\n\r\n{`],
  ])('ends on SIGTERM within its grace in spite of %s', async (_what, text) => {
    const { port, child } = await serve(host, { graceMillis: 500 })
    const client = await open(port, text)
    if (text === GET) await new Promise((first) => client.socket.once('data', first))
    const ended = new Promise((code) => child.once('exit', code))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe.each(['node', 'deno'] as const)('with TLS on %s', (host) => {
  const tls = (): readonly string[] => [join(folder, 'tls.crt'), join(folder, 'tls.key')]
  beforeAll(() => {
    const [cert = '', key = ''] = tls()
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=a']
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  })

  it('closes a connection that never begins its handshake', async () => {
    const { port } = await serve(host, { headersMillis: 500 }, { tls: tls() })
    await (await open(port, '')).closed
  })

  it('ends on SIGTERM within its grace in spite of a connection that never begins its handshake', async () => {
    const { port, child } = await serve(host, { graceMillis: 500 }, { tls: tls() })
    await open(port, '')
    const ended = new Promise((code) => child.once('exit', code))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

describe('the deadlines', () => {
  it('leave each other room', () => {
    // A body that the gateway reads is refused by its own deadline, after the headers and two reads of the store.
    expect(REQUEST_TIMEOUT_MILLIS).toBeGreaterThan(
      REQUEST_HEADERS_TIMEOUT_MILLIS + REQUEST_BODY_TIMEOUT_MILLIS + 3 * STORE_TIMEOUT_MILLIS,
    )
    // Readiness, requests under way and the last lines; supervisors that allow 12 s do not have to kill.
    expect(SHUTDOWN_NOTICE_MILLIS + SHUTDOWN_GRACE_MILLIS + 1.25 * OUTPUT_FLUSH_MILLIS).toBeLessThan(12_000)
    // AWS and Azure balancers keep an idle connection for 60 s.
    expect(CONNECTION_IDLE_TIMEOUT_MILLIS).toBeGreaterThan(60_000)
  })
})
