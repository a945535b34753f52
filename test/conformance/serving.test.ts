// `serve` in operation: it starts or reports why it cannot, ends without losing a request, and survives the reader of its output.
import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdirSync, mkdtempSync, openSync, readSync, renameSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { readDevelopmentSettings } from '../../src/cli/keys/dev-environment.ts'
import { type Operated, operate, runTool, SERVE, type ServerName } from './operated.ts'
import { documents } from './scenarios.ts'

let cluster: StandInCluster
let body: string
let scratch: string
let settings: Readonly<Record<string, string>>
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] })
  scratch = mkdtempSync(join(tmpdir(), 'postern-serving-'))
  settings = await readDevelopmentSettings(scratch, 'http://127.0.0.1:8787')
})
afterAll(async () => {
  await cluster.close()
  rmSync(scratch, { recursive: true, force: true })
})

interface Start {
  readonly host: ServerName
  /** A file descriptor for standard output. */
  readonly stdout?: number
  readonly flags?: readonly string[]
}

/** For as long as the test runs. */
async function start({ onTestFinished }: TestContext, { host, ...options }: Start): Promise<Operated> {
  const served = await operate(host, { documents: documents(cluster.issuer), ...options })
  onTestFinished(served.stop)
  return served
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

async function login(url: string): Promise<Answer> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
  const response = await fetch(`${url}/v1/clusters/seed/login`, init)
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

async function get(url: string): Promise<Answer> {
  const response = await fetch(url)
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

/** Under a hundred logins a second, with two requests that never end. */
async function endUnderLoad(host: ServerName, expect: TestContext['expect']): Promise<void> {
  const served = await operate(host, { documents: documents(cluster.issuer) })
  try {
    const { hostname, port } = new URL(served.url)
    expect((await login(served.url)).status).toBe(200)
    const head = 'POST /v1/clusters/seed/login HTTP/1.1\r\nHost: a\r\n'
    for (const half of [head, `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"att`])
      await new Promise<void>((sent) => {
        const socket = connect(Number(port), hostname, () => socket.write(half, () => sent()))
        socket.on('error', () => undefined)
      })

    // In a pool this small, every connection is used, and so closed by its answer, within the notice period.
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    /** In the order in which they were sent. */
    const outcomes: (string | undefined)[] = []
    const send = (): void => {
      const index = outcomes.push(undefined) - 1
      const asked = request(`${served.url}/v1/clusters/seed/login`, {
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'application/json', 'Content-Length': body.length },
      })
      asked.on('response', (response) => {
        response.resume()
        response.on('end', () => {
          outcomes[index] = String(response.statusCode)
        })
      })
      asked.on('error', (error) => {
        const { code } = error as { readonly code?: string }
        outcomes[index] = `${code}${asked.reusedSocket ? ' on a connection in use' : ''}`
      })
      asked.end(body)
    }
    const load = setInterval(send, 10)
    await expect.poll(() => outcomes.length, { timeout: 20_000 }).toBeGreaterThan(50)
    const began = Date.now()
    served.child.kill('SIGTERM')
    // New connections are still accepted, and closed with their answer.
    await expect
      .poll(() => get(`${served.url}/readyz`))
      .toMatchObject({
        status: 503,
        body: { code: 'gateway_draining', checks: { draining: true, degraded: ['draining'] } },
      })
    expect(await served.ended).toBe(0)
    clearInterval(load)
    expect(Date.now() - began).toBeLessThan(12_000)
    await expect.poll(() => outcomes.includes(undefined)).toBe(false)
    // All are answered up to the moment in which the port is closed. Then the system itself resets what it has connected and
    // the server has not accepted; after that it refuses.
    const order = outcomes.filter((outcome, at) => outcome !== outcomes[at - 1]).join()
    expect(order).toMatch(/^200(,ECONNRESET)?,ECONNREFUSED$/)
    const admitted = outcomes.filter((outcome) => outcome === '200').length
    expect(served.recorded().match(/"outcome":"admitted"/g)).toHaveLength(admitted + 1)
  } finally {
    await served.stop()
  }
}

// These two wait for the most part, so at the same time.
it.concurrent('serve answers every request that it accepted before it ends on SIGTERM, on both hosts', ({ expect }) =>
  Promise.all([endUnderLoad('node', expect), endUnderLoad('deno', expect)]))

it.concurrent('npm run serve hands SIGTERM on, and leaves no process behind', async ({ expect }) => {
  const flags = ['run', '-s', 'serve', '--', '--store', scratch, '--port', '0']
  const npm = spawn('npm', flags, { env: { ...process.env, ...settings }, stdio: ['ignore', 'ignore', 'pipe'] })
  const url = await new Promise<string>((ready) => {
    let said = ''
    npm.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listens on (\S+)$/m.exec(said)?.[1]
      if (found !== undefined) ready(found)
    })
  })
  expect((await get(`${url}/healthz`)).status).toBe(200)
  const ended = new Promise((exited) => npm.once('exit', exited))
  npm.kill('SIGTERM')
  await ended
  await expect(fetch(url)).rejects.toThrow('fetch failed')
})

// Each test has processes and files of its own.
describe.concurrent.each(['node', 'deno'] as const)('serve on %s', (host) => {
  it('keeps running while standard output is not read or has no reader, refuses logins meanwhile, and recovers', async (context) => {
    const { expect } = context
    const pipe = join(scratch, `pipe-${host}`)
    execFileSync('mkfifo', [pipe])
    const openReader = (): number => openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK)
    let reader = openReader()
    const writer = openSync(pipe, 'w')
    const { url, said } = await start(context, { host, stdout: writer })
    closeSync(writer)
    expect((await login(url)).status).toBe(200)

    // The pipe is not read: records wait until the buffer is full.
    const long = 'x'.repeat(900)
    const filler = JSON.stringify({
      attestations: Array.from({ length: 8 }, (_, index) => ({ type: `made_up_${index}`, evidence: long })),
    })
    const fill = async (): Promise<void> => {
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: filler }
      const response = await fetch(`${url}/v1/clusters/seed/login`, init)
      await response.text()
      if (response.status !== 503) await fill()
    }
    await Promise.all(Array.from({ length: 16 }, fill))
    expect(await login(url)).toMatchObject({ status: 503, body: { code: 'audit_unavailable' } })
    expect((await get(`${url}/healthz`)).status).toBe(200)
    expect(await get(`${url}/readyz`)).toMatchObject({
      status: 503,
      body: { code: 'audit_unavailable', checks: { audit: { taking: false }, degraded: ['audit_failing'] } },
    })
    expect(said().match(/Cannot write audit records/g)).toHaveLength(1)

    let recorded = ''
    const buffer = Buffer.alloc(1024 * 1024)
    const drain = (): void => {
      try {
        for (;;) {
          const length = readSync(reader, buffer)
          if (length === 0) return
          recorded += buffer.toString('utf8', 0, length)
        }
      } catch {
        // Nothing more for now.
      }
    }
    const loginWhileRead = async (): Promise<number> => {
      drain()
      return (await login(url)).status
    }
    await expect.poll(loginWhileRead, { timeout: 10_000 }).toBe(200)

    // The reader goes, as of a log shipper that ends, and another one comes.
    closeSync(reader)
    await expect.poll(async () => (await login(url)).status, { timeout: 10_000 }).toBe(503)
    expect((await get(`${url}/healthz`)).status).toBe(200)
    reader = openReader()
    await expect.poll(loginWhileRead, { timeout: 10_000 }).toBe(200)
    // A pipe of 64 KiB at a time.
    await expect
      .poll(
        () => {
          drain()
          return recorded.match(/"event":"audit_recovered"/g)
        },
        { timeout: 10_000 },
      )
      .toHaveLength(2)
    closeSync(reader)
    // Whole lines, each a record.
    for (const line of recorded.split('\n').filter((text) => text !== ''))
      expect(JSON.parse(line)).toMatchObject({ v: 1 })
  })

  it('keeps running while standard output is full, and warns that it is reachable without TLS', async (context) => {
    const { expect } = context
    const full = openSync('/dev/full', 'w')
    const { url: everywhere, said } = await start(context, { host, stdout: full, flags: ['--host', '0.0.0.0'] })
    closeSync(full)
    const url = everywhere.replace('0.0.0.0', '127.0.0.1')
    await expect
      .poll(() => login(url), { timeout: 10_000 })
      .toMatchObject({ status: 503, body: { code: 'audit_unavailable' } })
    expect((await get(`${url}/healthz`)).status).toBe(200)
    expect(said()).toContain('ENOSPC')
    expect(said()).toContain('--tls-cert')
  })

  it('ignores SIGHUP, is not ready while its store is missing, and ends on SIGINT at once', async (context) => {
    const { expect } = context
    const { url, folder, child, ended, said } = await start(context, { host })
    child.kill('SIGHUP')
    expect((await login(url)).status).toBe(200)
    expect(await get(`${url}/readyz`)).toMatchObject({
      status: 200,
      body: { status: 'ready', checks: { store: { readable: true }, degraded: [] } },
    })
    renameSync(join(folder, 'store'), join(folder, 'gone'))
    await expect
      .poll(() => get(`${url}/readyz`), { timeout: 5000 })
      .toMatchObject({
        status: 503,
        body: { code: 'store_unavailable', checks: { store: { readable: false }, degraded: ['store_unreadable'] } },
      })
    renameSync(join(folder, 'gone'), join(folder, 'store'))
    await expect.poll(async () => (await get(`${url}/readyz`)).status, { timeout: 5000 }).toBe(200)
    // On loopback no other machine can connect, so TLS is not needed.
    expect(said()).not.toContain('--tls-cert')
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  })

  it.each([
    ['--store', ['--store', 'STOER\nFORGED\u001b[2J']],
    ['--state', ['--store', 'STORE', '--state', 'STATE']],
  ])('does not create a directory that %s misspells', async (flag, flags) => {
    mkdirSync(join(scratch, 'STORE'), { recursive: true })
    const named = flags.map((word) => (word.startsWith('--') ? word : join(scratch, word)))
    const { code, err, out } = await runTool(host, [...SERVE, ...named, '--port', '0'], settings)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(`${flag}: `)
    expect(err).toContain('mkdir -p')
    expect(err.trim()).not.toMatch(/[\n\u001b]/)
    expect(() => openSync(named.at(-1) ?? '', 'r')).toThrow('ENOENT')
  })

  // Node reads the variable before a line of ours.
  if (host === 'deno')
    it('does not start with an authority file that cannot be read', async () => {
      const environment = { ...settings, NODE_EXTRA_CA_CERTS: join(scratch, 'absent.pem') }
      const { code, err } = await runTool(host, [...SERVE, '--store', scratch, '--port', '0'], environment)
      expect(code).toBe(2)
      expect(err).toMatch(/^NODE_EXTRA_CA_CERTS is not a readable file/)
    })

  it('reports in one line that its port is taken', async () => {
    const holder = createServer()
    await new Promise<void>((listening) => holder.listen(0, '127.0.0.1', listening))
    const address = holder.address()
    const port = typeof address === 'object' ? address?.port : 0
    const { code, err } = await runTool(host, [...SERVE, '--store', scratch, '--port', String(port)], settings)
    holder.close()
    expect(code).toBe(2)
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(err).toContain('--port')
  })

  it.each([
    [['--version'], /^postern \d+\.\d+\.\d+\n$/],
    [[...SERVE.slice(1), '--version'], /^postern \d+\.\d+\.\d+\n$/],
    [[...SERVE.slice(1), '--help'], /--tls-cert <file>/],
  ])('answers %j on standard output', async (args, expected) => {
    const { code, out, err } = await runTool(host, [SERVE[0], ...args])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(expected)
  })
})
