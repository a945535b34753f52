// The Worker of these tests has a loopback ISSUER_URL, as `npm start` has: it must not serve as a deployed one would.
import { exports } from 'cloudflare:workers'
import { expect, it } from 'vitest'

const worker = (
  exports as unknown as { readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> } }
).default

it.each(['http://127.0.0.1:8787', 'http://localhost:8787', 'http://[::1]:8787', 'http://postern.localhost'])(
  'serves at %s',
  async (origin) => {
    expect((await worker.fetch(`${origin}/healthz`)).status).toBe(200)
  },
)

it.each([
  'https://login.example.org',
  'https://postern.example.workers.dev',
  'http://localhost.example.org',
  'http://10.0.0.1:8787',
])('refuses every route at %s, and names the setting', async (origin) => {
  for (const path of ['/healthz', '/readyz', '/.well-known/jwks.json', '/v1/clusters/c-1/login', '/nothing']) {
    const response = await worker.fetch(origin + path, { method: path.endsWith('login') ? 'POST' : 'GET' })
    const body = await response.json<{ code: string; detail: string; requestId: string }>()
    expect([response.status, body.code]).toEqual([503, 'settings_invalid'])
    expect(body.detail).toContain('ISSUER_URL')
    expect(body.requestId).toMatch(/^[0-9a-f-]{36}$/)
  }
})
