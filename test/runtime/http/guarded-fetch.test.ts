import { randomBytes } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createGzip,
  deflateSync,
  gzipSync,
} from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fetchJson } from '../../../src/net/bounded-fetch.ts'
import { createGuardedFetch } from '../../../src/runtime/http/guarded-fetch.ts'
import { HOSTILE_ANSWERS, type HostileIssuer, startHostileIssuer } from '../../hostile-issuer.ts'

let server: Server
let port: number
let hits = 0
let endless: 'open' | 'closed' = 'open'
let encoded: (response: ServerResponse) => void = (response) => void response.end()
beforeAll(async () => {
  server = createServer((request, response) => {
    hits++
    if (request.url === '/redirect') response.writeHead(302, { Location: '/' }).end()
    else if (request.url === '/encoded') encoded(response)
    else if (request.url === '/endless') {
      response.writeHead(200).write('x'.repeat(1000))
      response.once('close', () => {
        endless = 'closed'
      })
    } else if (request.url === '/none') response.writeHead(204).end()
    else response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'max-age=60' }).end('{"a":1}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.closeAllConnections())

const init = () =>
  ({ headers: { accept: 'application/json' }, redirect: 'manual', signal: AbortSignal.timeout(2000) }) as const
const open = createGuardedFetch({ allowLoopback: true, privateOrigins: new Set() })
const closed = createGuardedFetch({ allowLoopback: false, privateOrigins: new Set() })

describe('createGuardedFetch()', () => {
  it('reads from loopback in development', async () => {
    const response = await open(`http://127.0.0.1:${port}/`, init())
    expect([response.status, await response.json(), response.headers.get('cache-control')]).toEqual([
      200,
      { a: 1 },
      'max-age=60',
    ])
  })

  it.each(['/redirect', '/none'])('does not follow, and hands on the status of %s', async (path) => {
    expect((await open(`http://127.0.0.1:${port}${path}`, init())).status).toBe(path === '/none' ? 204 : 302)
  })

  it.each(['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0'])(
    'does not connect to %s otherwise',
    async (host) => {
      const before = hits
      await expect(closed(`http://${host}:${port}/`, init())).rejects.toThrow()
      expect(hits).toBe(before)
    },
  )

  it.each(['10.0.0.1', '169.254.169.254', '[fd00::1]', '[64:ff9b::a00:1]'])(
    'does not connect to %s even in development',
    async (host) => {
      await expect(open(`http://${host}/`, init())).rejects.toThrow(/not public/)
    },
  )

  it('checks what a name resolves to, when it connects', async () => {
    // `localhost` passes no URL policy; here it stands for any name that resolves to a private address.
    const before = hits
    await expect(closed(`http://localhost:${port}/`, init())).rejects.toThrow(/no public address/)
    expect(hits).toBe(before)
  })

  it('lets an origin be private that the operator has named, and no other port of it', async () => {
    const named = createGuardedFetch({ allowLoopback: false, privateOrigins: new Set([`http://127.0.0.1:${port}`]) })
    expect((await named(`http://127.0.0.1:${port}/`, init())).status).toBe(200)
    await expect(named('http://127.0.0.1:1/', init())).rejects.toThrow(/not public/)
  })

  it('lets one request be private or not, whatever is named for all', async () => {
    const origin = `http://127.0.0.1:${port}`
    const named = createGuardedFetch({ allowLoopback: false, privateOrigins: new Set([origin]) })
    expect((await closed(`${origin}/`, { ...init(), reach: { mayBePrivate: true } })).status).toBe(200)
    await expect(named(`${origin}/`, { ...init(), reach: { mayBePrivate: false } })).rejects.toThrow(/not public/)
  })

  it('ends when its signal says so', async () => {
    const signal = AbortSignal.abort()
    await expect(open(`http://127.0.0.1:${port}/`, { ...init(), signal })).rejects.toThrow()
  })
})

describe('content codings that were not asked for', () => {
  const CODERS = { gzip: gzipSync, 'x-gzip': gzipSync, deflate: deflateSync, br: brotliCompressSync } as const
  const codings = Object.keys(CODERS) as (keyof typeof CODERS)[]

  async function fetchEncoded(coding: string, write: (response: ServerResponse) => void, maxBytes = 1000) {
    encoded = (response) => {
      response.writeHead(200, { 'Content-Encoding': coding })
      write(response)
    }
    return fetchJson(open, `http://127.0.0.1:${port}/encoded`, { maxBytes, timeoutMillis: 2000 })
  }

  it.each(codings)('%s is undone, and the bound is on what it becomes', async (coding) => {
    for (const [size, expected] of [
      [1000, { ok: true, bytes: 1000 }],
      [1001, { ok: false, failure: { kind: 'too_large', facts: { bytes: 1000 } } }],
    ] as const) {
      const content = CODERS[coding](`"${'x'.repeat(size - 2)}"`)
      expect(content.length).toBeLessThan(100)
      expect(await fetchEncoded(coding, (response) => response.end(content))).toMatchObject(expected)
    }
  })

  it.each(codings)('%s that expands without end is ended at the bound, and its connection with it', async (coding) => {
    const coder =
      coding === 'br'
        ? createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
        : coding === 'deflate'
          ? createDeflate()
          : createGzip()
    let isClosed = false
    const blanks = Buffer.alloc(256 * 1024, ' ')
    const fetched = await fetchEncoded(coding, (response) => {
      response.once('close', () => {
        isClosed = true
        coder.destroy()
      })
      pipeline(
        Readable.from(
          (function* () {
            for (;;) yield blanks
          })(),
        ),
        coder,
        response,
        () => undefined,
      )
    })
    expect(fetched).toEqual({ ok: false, failure: { kind: 'too_large', facts: { bytes: 1000 } } })
    await expect.poll(() => isClosed).toBe(true)
  })

  it.each(codings)('a connection that is lost within %s is no damaged content', async (coding) => {
    const content = CODERS[coding](randomBytes(4096).toString('hex'))
    const fetched = await fetchEncoded(
      coding,
      (response) => void response.write(content.subarray(0, 1500), () => response.destroy()),
      1_000_000,
    )
    expect(fetched).toEqual({ ok: false, failure: { kind: 'body_cut', facts: {} } })
  })

  it('leaves neither the coding nor the length in the headers', async () => {
    const content = gzipSync('{"a":1}')
    encoded = (response) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Length': content.length, Age: 7 }).end(content)
    const { headers } = await open(`http://127.0.0.1:${port}/encoded`, init())
    const names = ['content-encoding', 'content-length', 'age']
    expect(names.map((name) => headers.get(name))).toEqual([null, null, '7'])
  })
})

describe('against answers that are not HTTP as it should be', () => {
  let hostile: HostileIssuer
  beforeAll(async () => {
    hostile = await startHostileIssuer()
  })
  afterAll(() => hostile.close())

  it.each(HOSTILE_ANSWERS)('settles, and has a status that a Response can hold: %s', async (name) => {
    // A second error, or one thrown in an event, would be an uncaught exception, which fails this run.
    const response = await open(`${hostile.url}/${name}`, init()).catch((error: unknown) => error)
    if (!(response instanceof Response)) return expect(response).toBeInstanceOf(Error)
    expect(response.status >= 200 && response.status <= 599).toBe(true)
    await response.text().catch(() => undefined)
  })

  it.each(['status-600', 'status-999'])('%s is a bad gateway', async (name) => {
    const bounds = { maxBytes: 100, timeoutMillis: 2000 }
    const fetched = await fetchJson(open, `${hostile.url}/${name}`, bounds)
    expect(fetched).toEqual({ ok: false, failure: { kind: 'server_error', facts: { status: 502 } } })
  })

  it('leaves out a header that no Headers can hold, and reads the rest', async () => {
    const response = await open(`${hostile.url}/bytes-in-header`, init())
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'application/json',
      '{}',
    ])
  })

  it('ends the transfer when the body is cancelled', async () => {
    const response = await open(`http://127.0.0.1:${port}/endless`, init())
    const reader = response.body?.getReader()
    expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
    await reader?.cancel()
    await expect.poll(() => endless).toBe('closed')
  })
})
