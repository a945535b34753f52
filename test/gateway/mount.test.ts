// A larger app mounts the gateway: its routes, its errors and its well-known documents lie under the prefix.
import { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorld, type World } from './fixture.ts'

let world: World
let app: Hono
beforeAll(async () => {
  world = await createWorld()
  app = new Hono()
  app.get('/login/early', (c) => c.text('mine'))
  app.route('/login', world.app)
  app.get('/', (c) => c.text('mine'))
  app.get('/login/late', (c) => c.text('mine'))
  app.get('/login/late/missing', (c) => c.text('not mine', 404))
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
  it.each([
    ['GET', '/login/nothing'],
    ['GET', '/login/'],
    ['GET', '/login/v1/clusters/m-1'],
    ['POST', '/login/nothing'],
    ['DELETE', '/login/v1'],
  ])('answers %s %s, which it does not know, as a problem', async (method, path) => {
    const answer = await app.request(path, { method })
    expect([answer.status, answer.headers.get('Content-Type')]).toEqual([404, 'application/problem+json'])
    const body = (await answer.json()) as Record<string, unknown>
    expect(body).toMatchObject({ code: 'route_unknown', requestId: answer.headers.get('X-Request-Id') })
  })

  it.each(['/login/early', '/login/late'])('leaves %s to its host', async (path) => {
    const answer = await app.request(path)
    expect([answer.status, await answer.text()]).toEqual([200, 'mine'])
  })

  it('leaves an answer of its host as it is', async () => {
    const answer = await app.request('/login/late/missing')
    expect([answer.status, await answer.text()]).toEqual([404, 'not mine'])
  })

  it('answers an unknown route of its host by its host', async () => {
    expect((await app.request('/nothing')).headers.get('Content-Type')).toMatch(/^text\/plain/)
  })

  it('challenges, and publishes by ETag', async () => {
    const refused = await app.request('/login/v1/clusters/m-1/claims', { method: 'POST' })
    expect([refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([401, 'Bearer realm="example.org"'])
    const tag = (await app.request('/login/.well-known/jwks.json')).headers.get('ETag') ?? ''
    const again = await app.request('/login/.well-known/jwks.json', { headers: { 'If-None-Match': tag } })
    expect([again.status, tag]).toEqual([304, expect.stringMatching(/^".+"$/)])
  })
})
