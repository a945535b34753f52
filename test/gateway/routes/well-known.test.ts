// OpenID Connect Discovery 1.0 section 3, as far as it concerns a provider whose tokens no browser flow yields.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createWorld, ISSUER_URL, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const REQUIRED = [
  'issuer',
  'authorization_endpoint',
  'jwks_uri',
  'response_types_supported',
  'subject_types_supported',
  'id_token_signing_alg_values_supported',
] as const

describe('the discovery document', () => {
  it.each(REQUIRED)('has the required member %s', async (name) => {
    const { body } = await world.get('/.well-known/openid-configuration')
    expect(body[name] ?? '').not.toHaveLength(0)
  })

  it('names endpoints below the issuer', async () => {
    const { body } = await world.get('/.well-known/openid-configuration')
    expect(body['issuer']).toBe(ISSUER_URL)
    for (const name of ['authorization_endpoint', 'jwks_uri'])
      expect(String(body[name]).startsWith(`${ISSUER_URL}/`)).toBe(true)
  })

  it('names the algorithms of the published keys, and no other', async () => {
    const { body } = await world.get('/.well-known/openid-configuration')
    const published = await world.get('/.well-known/jwks.json')
    const algorithms = (published.body['keys'] as { alg: string }[]).map(({ alg }) => alg)
    expect(body['id_token_signing_alg_values_supported']).toEqual([...new Set(algorithms)])
  })

  it('names claims that sessions have', async () => {
    world.putPolicy('c-1')
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    const { session } = (await world.login('c-1', token)).body as unknown as { session: { token: string } }
    const claims = JSON.parse(Buffer.from(session.token.split('.')[1] ?? '', 'base64url').toString()) as object
    const { body } = await world.get('/.well-known/openid-configuration')
    expect([...(body['claims_supported'] as string[])].sort()).toEqual(
      [...Object.keys(claims), 'allowed_clusters'].sort(),
    )
  })

  it('names an authorization endpoint that says how a session is got instead', async () => {
    const { body } = await world.get('/.well-known/openid-configuration')
    const path = String(body['authorization_endpoint']).slice(ISSUER_URL.length)
    const answer = await world.get(`${path}?response_type=id_token&client_id=x&redirect_uri=https://evil.example`)
    expect(answer).toMatchObject({ status: 400, body: { code: 'authorization_unsupported' } })
    // RFC 6749 section 4.1.2.1: nothing is registered, so no redirect may be followed.
    expect(answer.headers.get('Location')).toBeNull()
    expect(answer.text).not.toContain('evil')
  })
})
