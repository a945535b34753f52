// A larger app mounts the gateway: its routes, its errors and its well-known documents lie under the prefix.
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from './fixture.ts'

let world: World
let app: Hono
beforeAll(async () => {
  world = await createWorld()
  app = new Hono().route('/login', world.app)
  app.get('/', (c) => c.text('mine'))
})
afterAll(() => world.stop())

describe('a mounted gateway', () => {
  it('answers under its prefix and leaves the rest to its host', async () => {
    expect((await app.request('/login/healthz')).status).toBe(200)
    expect(await (await app.request('/')).text()).toBe('mine')
    expect((await app.request('/healthz')).status).toBe(404)
  })

  it('takes a login', async () => {
    world.putPolicy('m-1')
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    const response = await app.request('/login/v1/clusters/m-1/login', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
    expect(response.status).toBe(200)
  })

  it('answers its own faults as problems', async () => {
    const answer = await app.request('/login/v1/clusters/m-1/login', {
      method: 'POST',
      body: '{',
      headers: { 'Content-Type': 'application/json' },
    })
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  })
})
