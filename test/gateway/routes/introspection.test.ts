// RFC 7662: who may ask, about which sessions, and what is answered of all others.
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { INTROSPECTION_BODY_MAX_BYTES } from '../../../src/core/limits.ts'
import { type Answer, createWorld, type World } from '../fixture.ts'
import {
  agentSessionOf,
  askClaims,
  CLUSTER,
  NODE,
  put,
  putBaseline,
  resign,
  serverPolicy,
  sessionOf,
} from '../mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
beforeEach(() => {
  putBaseline(world)
  world.store.readTrouble = 'none'
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

const FORM = 'application/x-www-form-urlencoded'
async function introspect(
  token: string,
  change: { session?: string; body?: string; type?: string } = {},
): Promise<Answer> {
  const { session = await sessionOf(world), body = new URLSearchParams({ token }).toString(), type = FORM } = change
  return world.post('/v1/sessions/introspect', body, { Authorization: `Bearer ${session}`, 'Content-Type': type })
}
function servers(more: object): void {
  put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer', more)] })
}

describe('a session that may be used', () => {
  it('is active, with its claims under the names of RFC 7662', async () => {
    const session = await agentSessionOf(world)
    const { iss, sub, aud, jti, iat, exp } = decodeJwt(session)
    const { status, body, headers } = await introspect(session)
    expect(status).toBe(200)
    expect(headers.get('Cache-Control')).toBe('no-store')
    expect(body).toEqual({
      active: true,
      token_type: 'Bearer',
      ...{ iss, sub, aud, jti, iat, exp },
      role: 'agent',
      cluster_id: CLUSTER,
      policy: 'k8s_policy',
      attributes: [{ origin: 'k8s_token', name: 'k8s_token.node.name', value: NODE }],
    })
    expect(world.records).toMatchObject([
      { event: 'introspection', status: 200, outcome: 'answered', active: true, session: { id: jti, subject: sub } },
    ])
  })

  it('may be asked about with a hint, which is ignored', async () => {
    const token = await agentSessionOf(world)
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
    expect((await introspect(token, { body })).body).toMatchObject({ active: true })
  })
})

describe('everything else', () => {
  it.each<[string, () => Promise<string>, string]>([
    ['no token', async () => 'x', 'session_malformed'],
    ['evidence', () => world.issuer.mint(), 'session_malformed'],
    ['an expired session', () => agentSessionOf(world, { ageSeconds: 7200 }), 'session_expired'],
    ['a session of an issuer', () => sessionOf(world), 'session_role_forbidden'],
    ['a session of a policy that is gone', () => agentSessionOf(world, { policy: 'gone' }), 'session_revoked'],
    ['a session of a cluster that is gone', () => agentSessionOf(world, { clusterId: 'c-9' }), 'session_revoked'],
    [
      'a session with another signature',
      async () => `${(await agentSessionOf(world)).slice(0, -8)}AAAAAAAA`,
      'session_invalid',
    ],
    [
      'a session of another version',
      async () => resign(world, await agentSessionOf(world), { ver: 2 }),
      'session_malformed',
    ],
    ['a token that is too long', async () => 'x'.repeat(9000), 'session_too_large'],
  ])('is not active, and nothing more is said: %s', async (_what, make, code) => {
    const { status, body } = await introspect(await make())
    expect([status, body]).toEqual([200, { active: false }])
    expect(world.records).toMatchObject([{ event: 'introspection', outcome: 'answered', active: false, code }])
  })

  it.each([
    ['by the session', async () => sessionOf(world, { allowedClusters: ['c-2'] })],
    [
      'by the document in force',
      async () => {
        const session = await sessionOf(world)
        servers({ allowedClusters: ['c-2'] })
        return session
      },
    ],
  ])('includes the sessions of clusters that the issuer may not act for, %s', async (_by, issuer) => {
    const [agent, session] = [await agentSessionOf(world), await issuer()]
    world.store.reads.length = 0
    expect((await introspect(agent, { session })).body).toEqual({ active: false })
    expect(world.records).toMatchObject([{ active: false, code: 'session_cluster_forbidden' }])
    // No document of that cluster was read for it.
    expect(world.store.reads.filter((key) => key.startsWith('clusters/'))).toEqual([])
  })

  it.each(['TrustDomain', 'Cluster'])('ends with sessionsNotBefore of %s', async (section) => {
    const session = await agentSessionOf(world, { ageSeconds: 60 })
    const key = section === 'Cluster' ? `clusters/${CLUSTER}/Cluster` : 'trust-domain/TrustDomain'
    const now = new Date().toISOString().replace(/\.\d+Z/, 'Z')
    put(world, key, { sessionsNotBefore: now })
    const issuer = await sessionOf(world, { ageSeconds: -1 })
    expect((await introspect(session, { session: issuer })).body).toEqual({ active: false })
  })
})

describe('what cannot be found out', () => {
  it('is 503 while the store is down, never inactive', async () => {
    const [agent, session] = [await agentSessionOf(world), await sessionOf(world)]
    world.store.readTrouble = 'error'
    expect(await introspect(agent, { session })).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
  })

  it('is 503 if the policies of the cluster never compiled', async () => {
    const agent = await agentSessionOf(world)
    put(world, `clusters/${CLUSTER}/AgentAttestation`, { polices: [] })
    expect(await introspect(agent)).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
    expect(world.records).toMatchObject([{ outcome: 'refused', code: 'configuration_invalid' }])
  })

  it('is 503 if the record cannot be written', async () => {
    const [agent, session] = [await agentSessionOf(world), await sessionOf(world)]
    world.isTakingRecords = false
    const answer = await introspect(agent, { session })
    world.isTakingRecords = true
    expect(answer).toMatchObject({ status: 503, body: { code: 'audit_unavailable' } })
  })
})

describe('a request', () => {
  it.each<[string, { body?: string; type?: string; session?: string }, number, string]>([
    ['JSON', { body: '{"token":"x"}', type: 'application/json' }, 415, 'content_type_unsupported'],
    ['no token', { body: '' }, 400, 'request_malformed'],
    ['an empty token', { body: 'token=' }, 400, 'request_malformed'],
    ['two tokens', { body: 'token=a&token=b' }, 400, 'request_malformed'],
    ['an unknown field', { body: 'token=a&x=b' }, 400, 'request_malformed'],
    ['a byte that is no UTF-8', { body: 'token=\ud800' }, 200, ''],
    ['a long body', { body: `token=${'x'.repeat(INTROSPECTION_BODY_MAX_BYTES)}` }, 413, 'body_too_large'],
    ['a body as long as may be', { body: `token=${'x'.repeat(INTROSPECTION_BODY_MAX_BYTES - 6)}` }, 200, ''],
    ['no session', { session: '' }, 401, 'session_missing'],
    ['evidence in place of a session', { session: 'x.y.z' }, 401, 'session_malformed'],
  ])('with %s', async (_what, change, status, code) => {
    const answer = await introspect('x', change)
    expect([answer.status, answer.body.code ?? '']).toEqual([status, code])
    expect(world.records).toHaveLength(1)
  })

  it('of an agent is refused: it must not learn of others', async () => {
    const answer = await introspect('x', { session: await agentSessionOf(world) })
    expect(answer).toMatchObject({ status: 403, body: { code: 'session_role_forbidden' } })
  })
})

describe('scopes', () => {
  const ROUTES: Readonly<Record<string, (session: string) => Promise<Answer>>> = {
    claims: (session) => askClaims(world, { workloads: [{ id: 'a', attributes: {} }] }, { session }),
    status: (session) => world.get(`/v1/clusters/${CLUSTER}/status`, { Authorization: `Bearer ${session}` }),
    introspect: (session) => introspect('x', { session }),
  }

  it.each(Object.keys(ROUTES))('of a policy open %s and nothing else', async (scope) => {
    servers({ scopes: [scope] })
    const attestations = [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }]
    const { body } = await world.post('/v1/trust-domain/login', JSON.stringify({ attestations }))
    const session = (body as unknown as { session: { token: string } }).session.token
    expect(decodeJwt(session)['scope']).toBe(scope)
    for (const [name, ask] of Object.entries(ROUTES)) {
      const answer = await ask(session)
      expect([name, answer.status]).toEqual([name, name === scope ? 200 : 403])
      if (name === scope) continue
      expect(answer.body.code).toBe('session_scope_forbidden')
      expect(answer.headers.get('WWW-Authenticate')).toContain('insufficient_scope')
    }
  })

  it('that the document takes away end before the next login', async () => {
    const session = await sessionOf(world)
    servers({ scopes: ['claims'] })
    expect((await introspect('x', { session })).body.code).toBe('session_scope_forbidden')
  })

  it('that the document adds come with the next login', async () => {
    servers({ scopes: ['claims', 'introspect'] })
    const session = await sessionOf(world, { scopes: ['claims'] })
    expect((await introspect('x', { session })).body.code).toBe('session_scope_forbidden')
  })

  it.each([
    ['all, where none are written', {}, 200],
    ['not empty', { scopes: [] }, 503],
    ['known', { scopes: ['everything'] }, 503],
  ])('are %s', async (_what, more, status) => {
    const session = await sessionOf(world)
    servers(more)
    expect((await introspect('x', { session })).status).toBe(status)
  })
})
