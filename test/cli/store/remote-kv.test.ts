// The account's KV, with the real wrangler and a stand-in for the API that it calls. Each call of wrangler takes more than
// a second, so this is one walk, and as short as it can be.
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { openRemoteKv } from '../../../src/cli/store/remote-kv.ts'

afterEach(() => vi.unstubAllEnvs())

const NAMESPACES = '/accounts/acc/storage/kv/namespaces/ns-1'
/** Neither UTF-8 nor anything that a line could end in. */
const BYTES = new Uint8Array([0xff, 0x00, 0x0d, 0x0a])

async function startApi(values: Map<string, Uint8Array>): Promise<string> {
  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request, values)
    response.statusCode = status
    const errors = status === 403 ? [{ code: 10000, message: 'Authentication error' }] : []
    const result = { success: status === 200, errors, messages: [], result: body }
    response.end(body instanceof Uint8Array ? body : JSON.stringify(result))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function answer(request: IncomingMessage, values: Map<string, Uint8Array>): Promise<[number, unknown]> {
  if (request.headers.authorization !== 'Bearer secret') return [403, null]
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://api')
  if (pathname === '/accounts/acc/workers/scripts/postern/settings')
    return [200, { bindings: [{ type: 'kv_namespace', name: 'POLICIES', namespace_id: 'ns-1' }] }]
  if (pathname === `${NAMESPACES}/keys`) {
    const prefix = searchParams.get('prefix') ?? ''
    return [200, Array.from(values.keys(), (name) => ({ name })).filter(({ name }) => name.startsWith(prefix))]
  }
  const key = decodeURIComponent(pathname.slice(`${NAMESPACES}/values/`.length))
  if (request.method === 'PUT') values.set(key, await buffer(request))
  if (request.method === 'DELETE') values.delete(key)
  const value = values.get(key)
  return request.method === 'GET' ? (value === undefined ? [404, null] : [200, value]) : [200, {}]
}

it('keeps bytes as they are, and tells absence from failure', { timeout: 120_000 }, async () => {
  const values = new Map([['clusters/c-1/ClusterX', BYTES]])
  vi.stubEnv('CLOUDFLARE_API_BASE_URL', await startApi(values))
  vi.stubEnv('CLOUDFLARE_ACCOUNT_ID', 'acc')
  vi.stubEnv('CLOUDFLARE_API_TOKEN', 'secret')
  const kv = openRemoteKv()
  expect(await kv.get('clusters/c-1/Cluster')).toBeUndefined()
  await kv.put('clusters/c-1/Cluster', BYTES)
  expect(values.get('clusters/c-1/Cluster')).toEqual(Buffer.from(BYTES))
  expect(await kv.get('clusters/c-1/Cluster')).toEqual(BYTES)
  await kv.delete('clusters/c-1/Cluster')
  expect(Array.from(values.keys())).toEqual(['clusters/c-1/ClusterX'])

  vi.stubEnv('CLOUDFLARE_API_TOKEN', 'wrong')
  await expect(kv.get('clusters/c-1/Cluster')).rejects.toMatchObject({
    name: 'Stop',
    exitCode: 4,
    message: expect.stringMatching(/^wrangler could not use Workers KV: .* Authentication error \[code: 10000\]$/),
  })
})
