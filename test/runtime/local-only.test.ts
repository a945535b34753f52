import { Hono } from 'hono'
import { expect, it } from 'vitest'
import type { GatewayEnv } from '../../src/gateway/services.ts'
import { refuseWhenDeployedAsLocal } from '../../src/runtime/local-only.ts'

const app = new Hono<GatewayEnv>().get('/healthz', (c) => c.text('ok'))
const context = { waitUntil: () => undefined, passThroughOnException: () => undefined, props: {} }

it.each([
  ['https://login.example.org', 'https://login.example.org', 200],
  ['https://login.example.org', 'http://127.0.0.1:8787', 200],
  ['http://127.0.0.1:8787', 'http://127.0.0.1:8787', 200],
  ['http://127.0.0.1:8787', 'http://localhost:1', 200],
  ['http://localhost:8787', 'https://login.example.org', 503],
  ['http://[::1]:8787', 'https://127.0.0.1.example.org', 503],
  ['https://127.0.0.1/prefix', 'https://login.example.org', 503],
])('with the issuer %s a request to %s gets %i', async (issuerUrl, origin, status) => {
  const response = await refuseWhenDeployedAsLocal(app, issuerUrl).fetch(
    new Request(`${origin}/healthz`),
    {},
    context as never,
  )
  expect(response.status).toBe(status)
  if (status !== 503) return
  const { requestId } = (await response.json()) as { readonly requestId: string }
  const headers = ['X-Request-Id', 'Cache-Control', 'X-Content-Type-Options'].map((name) => response.headers.get(name))
  expect(headers).toEqual([requestId, 'no-store', 'nosniff'])
})
