// What a relying party gets: sessions of the gateway pass, all others do not; a revocation is seen where it asks.
import { Hono } from 'hono'
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createClient } from '../../src/client/client.ts'
import { requireSession, verifyRequest } from '../../src/verify/require-session.ts'
import {
  createSessionVerifier,
  type Requirement,
  type SessionVerifierOptions,
} from '../../src/verify/session-verifier.ts'
import { createWorld, ISSUER_URL as ISSUER, type World } from '../gateway/fixture.ts'
import { agentSessionOf, CLUSTER, put, putBaseline, sessionOf } from '../gateway/mapping-world.ts'

let world: World
let isDown = false
let fetched = 0
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  isDown = false
  fetched = 0
})
afterAll(() => world.stop())

const fetch = async (url: string, init: RequestInit): Promise<Response> => {
  fetched++
  if (isDown) throw new TypeError('fetch failed')
  return world.app.request(new URL(url).pathname, init)
}
const verifier = (more: Partial<SessionVerifierOptions> = {}) =>
  createSessionVerifier({ issuer: ISSUER, trustDomain: 'example.org', fetch, ...more })
const AGENT: Requirement = { role: 'agent' }

/** An agent's session, signed again by the gateway's key with one thing changed. */
async function changed(claims: object, header: object = {}): Promise<string> {
  const session = await agentSessionOf(world)
  const { signer } = world.settings.sessionKeys
  return new SignJWT({ ...decodeJwt(session), ...claims })
    .setProtectedHeader({ ...decodeProtectedHeader(session), alg: signer.alg, ...header })
    .sign(await signer.key())
}

describe('a session verifier', () => {
  it('reads an agent, and an issuer', async () => {
    const sessions = verifier()
    const verdict = await sessions.verify(await agentSessionOf(world), {
      ...AGENT,
      clusterId: CLUSTER,
      policy: 'k8s_policy',
    })
    expect(verdict).toMatchObject({
      ok: true,
      session: {
        role: 'agent',
        clusterId: CLUSTER,
        policy: 'k8s_policy',
        subject: expect.stringMatching(/^spiffe:\/\/example\.org\/postern\/agent\//),
        attributes: expect.arrayContaining([expect.objectContaining({ name: 'k8s_token.node.name' })]),
      },
    })
    expect(await sessions.verify(await sessionOf(world), { role: 'issuer' })).toMatchObject({ ok: true })
    // The keys are kept.
    expect(fetched).toBe(1)
  })

  it.each<[string, () => Promise<string>, Requirement, string]>([
    ['of an issuer, for an agent', () => sessionOf(world), AGENT, 'invalid'],
    ['of an agent, for an issuer', () => agentSessionOf(world), { role: 'issuer' }, 'invalid'],
    ['of another cluster', () => agentSessionOf(world), { ...AGENT, clusterId: 'c-2' }, 'forbidden'],
    ['of another policy', () => agentSessionOf(world), { ...AGENT, policy: 'other' }, 'forbidden'],
    ['that has expired', () => agentSessionOf(world, { ageSeconds: 7200 }), AGENT, 'invalid'],
    ['of another issuer', () => changed({ iss: 'https://other.example' }), AGENT, 'invalid'],
    ['of another trust domain', () => changed({ aud: 'spiffe://example.net' }), AGENT, 'invalid'],
    ['of another type', () => changed({}, { typ: 'JWT' }), AGENT, 'invalid'],
    ['of no type', () => changed({}, { typ: undefined }), AGENT, 'invalid'],
    ['of a later version', () => changed({ ver: 2 }), AGENT, 'invalid'],
    ['of an unknown key', () => changed({}, { kid: 'nobodys' }), AGENT, 'invalid'],
    ['that was cut', async () => (await agentSessionOf(world)).slice(0, -2), AGENT, 'invalid'],
    ['that is too large', async () => 'x'.repeat(9000), AGENT, 'invalid'],
  ])('refuses one %s', async (_what, make, requirement, why) => {
    expect(await verifier().verify(await make(), requirement)).toMatchObject({ ok: false, why })
  })

  it('does not decide while the keys cannot be fetched', async () => {
    isDown = true
    const sessions = verifier()
    const token = await agentSessionOf(world)
    expect(await sessions.verify(token, AGENT)).toMatchObject({ ok: false, why: 'unavailable' })
    isDown = false
    expect(await sessions.verify(token, AGENT)).toMatchObject({ ok: true })
  })

  it('sees a revocation only where it asks the gateway', async () => {
    const token = await agentSessionOf(world)
    const client = createClient({
      url: ISSUER,
      fetch: async (url, init) => world.app.request(url.slice(ISSUER.length), init),
    })
    const [blind, seeing] = [verifier(), verifier({ introspection: { client, session: () => sessionOf(world) } })]
    expect([await blind.verify(token, AGENT), await seeing.verify(token, AGENT)]).toMatchObject([
      { ok: true },
      { ok: true },
    ])
    put(world, `clusters/${CLUSTER}/Revocations`, {
      entries: [{ session: decodeJwt(token).jti, until: '2099-01-01T00:00:00Z', reason: 'test' }],
    })
    world.restart()
    expect(await blind.verify(token, AGENT)).toMatchObject({ ok: true })
    expect(await seeing.verify(token, AGENT)).toMatchObject({ ok: false, why: 'invalid' })
    const lost = verifier({ introspection: { client, session: () => 'no session' } })
    expect(await lost.verify(token, AGENT)).toMatchObject({ ok: false, why: 'unavailable' })
  })
})

describe('what would let more pass than its author means', () => {
  it.each([Number.NaN, -1, 61, Number.POSITIVE_INFINITY])('takes no skew of %s seconds', (skewSeconds) => {
    expect(() => verifier({ skewSeconds })).toThrow(RangeError)
  })
  it.each([0, 60])('takes a skew of %s seconds', (skewSeconds) => {
    expect(() => verifier({ skewSeconds })).not.toThrow()
  })

  it.each<[string, object]>([
    ['no role', {}],
    ['another role', { role: 'admin' }],
    ['a cluster that is not set', { role: 'agent', clusterId: undefined }],
    ['an empty cluster', { role: 'agent', clusterId: '' }],
    ['a policy that is not set', { role: 'agent', policy: undefined }],
  ])('takes no requirement with %s', async (_what, requirement) => {
    expect(() => requireSession(verifier(), requirement as Requirement)).toThrow(TypeError)
    const verdict = verifier().verify(await agentSessionOf(world), requirement as Requirement)
    await expect(verdict).rejects.toThrow(TypeError)
  })
})

it('does not decide where there is no session to ask the gateway with', async () => {
  const client = createClient({ url: ISSUER, fetch: () => Promise.reject(new Error('is not asked')) })
  const session = () => Promise.reject(new Error('the issuer is refused'))
  const verdict = await verifier({ introspection: { client, session } }).verify(await agentSessionOf(world), AGENT)
  expect(verdict).toMatchObject({
    ok: false,
    why: 'unavailable',
    detail: 'there is no session to ask the gateway with',
  })
})

describe('requireSession() and verifyRequest()', () => {
  const app = () => {
    const made = new Hono()
    made.use('/api/*', requireSession(verifier(), { ...AGENT, clusterId: CLUSTER }))
    return made.get('/api/whoami', (c) => c.text((c.get('session' as never) as { subject: string }).subject))
  }
  const asking = (token: string | undefined): RequestInit =>
    token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }

  it('let a good session pass', async () => {
    const token = await agentSessionOf(world)
    const response = await app().request('/api/whoami', asking(token))
    expect([response.status, await response.text()]).toEqual([200, decodeJwt(token).sub])
    const checked = await verifyRequest(new Request('https://rp.example', asking(token)), verifier(), AGENT)
    expect(checked).toMatchObject({ subject: decodeJwt(token).sub })
  })

  it.each<[string, () => Promise<string | undefined>, number]>([
    ['without a session', async () => undefined, 401],
    ['with another session', () => sessionOf(world), 401],
    ['with a session of another cluster', () => agentSessionOf(world, { clusterId: 'c-2' as never }), 403],
  ])('answer %s', async (_what, make, status) => {
    const response = await app().request('/api/whoami', asking(await make()))
    expect([response.status, response.headers.get('Content-Type')]).toEqual([status, 'application/problem+json'])
    expect(response.headers.get('WWW-Authenticate')).toBe(status === 401 ? 'Bearer error="invalid_token"' : null)
  })

  it('answer 503 while the keys cannot be fetched', async () => {
    isDown = true
    const response = await app().request('/api/whoami', asking(await agentSessionOf(world)))
    expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
  })
})
