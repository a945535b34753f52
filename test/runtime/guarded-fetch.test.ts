import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuardedFetch } from '../../src/runtime/guarded-fetch.ts'

let server: Server
let port: number
let hits = 0
beforeAll(async () => {
  server = createServer((request, response) => {
    hits++
    if (request.url === '/redirect') response.writeHead(302, { Location: '/' }).end()
    else if (request.url === '/none') response.writeHead(204).end()
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

  it('ends when its signal says so', async () => {
    const signal = AbortSignal.abort()
    await expect(open(`http://127.0.0.1:${port}/`, { ...init(), signal })).rejects.toThrow()
  })
})
