// Whoever asks by curl gets the next prompt on a line of its own.
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createWorld, type World } from './fixture.ts'
import { CLUSTER, putBaseline, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
  putBaseline(world)
})
afterAll(() => world.stop())

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

it.each<[string, number, () => Promise<RequestInit>]>([
  ['/healthz', 200, async () => ({})],
  ['/readyz', 200, async () => ({})],
  ['/openapi.json', 200, async () => ({})],
  ['/schemas/Cluster.json', 200, async () => ({})],
  ['/.well-known/openid-configuration', 200, async () => ({})],
  ['/.well-known/jwks.json', 200, async () => ({})],
  ['/nowhere', 404, async () => ({})],
  [`/v1/clusters/${CLUSTER}/login`, 400, async () => post({})],
  [
    `/v1/clusters/${CLUSTER}/login`,
    200,
    async () => post({ attestations: [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }] }),
  ],
  [
    `/v1/clusters/${CLUSTER}/status`,
    200,
    async () => ({ headers: { Authorization: `Bearer ${await sessionOf(world)}` } }),
  ],
  [
    `/v1/clusters/${CLUSTER}/claims`,
    200,
    async () => {
      const request = post({ workloads: [{ id: 'w1', attributes: WEB }] })
      return { ...request, headers: { ...request.headers, Authorization: `Bearer ${await sessionOf(world)}` } }
    },
  ],
])('%s answers %i with one newline at the end', async (path, status, init) => {
  const response = await world.app.request(path, await init())
  expect(response.status).toBe(status)
  expect(await response.text()).toMatch(/^\{.*\}\n$/)
})
