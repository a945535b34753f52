// Who may open the claims endpoint, and when a session is good no more.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SESSION_MAX_BYTES } from '../../src/core/limits.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import {
  agentSessionOf,
  askClaims,
  CLUSTER,
  NODE,
  put,
  putBaseline,
  type SessionChange,
  serverPolicy,
  sessionOf,
  WEB,
} from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

const path = `/v1/clusters/${CLUSTER}/claims`
const workloads = [{ id: 'w1', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }]
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString().replace(/\.\d+/, '')

/** The endpoints that an issuer's session opens. */
const ENDPOINTS: readonly [string, (headers: Record<string, string>) => Promise<Answer>][] = [
  [
    'claims',
    (headers) => world.post(path, JSON.stringify({ workloads }), { 'Content-Type': 'application/json', ...headers }),
  ],
  [
    'status',
    async (headers) => {
      const response = await world.app.request(`/v1/clusters/${CLUSTER}/status`, { headers })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) }
    },
  ],
]

describe.each(ENDPOINTS)('the session that opens the %s of a cluster', (_endpoint, ask) => {
  const withSession = async (change: SessionChange): Promise<Answer> =>
    ask({ Authorization: `Bearer ${await sessionOf(world, change)}` })

  it('is the session of an issuer', async () => {
    expect((await withSession({})).status).toBe(200)
  })

  it.each<[string, Record<string, string>]>([
    ['no header', {}],
    ['another scheme', { Authorization: 'Basic eHg6eXk=' }],
    ['a bearer without a token', { Authorization: 'Bearer ' }],
    ['a token with a space', { Authorization: 'Bearer a b' }],
  ])('is missing with %s', async (_what, headers) => {
    const { status, body, headers: answered } = await ask(headers)
    expect([status, body.code]).toEqual([401, 'session_missing'])
    expect(answered.get('WWW-Authenticate')).toBe('Bearer realm="example.org"')
  })

  it.each<[string, string]>([
    ['no JWT', 'abc'],
    ['a token of an unknown key', 'eyJhbGciOiJFUzI1NiIsImtpZCI6IngiLCJ0eXAiOiJwb3N0ZXJuLXNlc3Npb24rand0In0.e30.AA'],
  ])('is not well-formed with %s', async (_what, token) => {
    const { status, body, headers } = await ask({ Authorization: `Bearer ${token}` })
    expect([status, body.code]).toEqual([401, 'session_malformed'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="example.org", error="invalid_token"')
  })

  it('does not verify with an edited signature', async () => {
    const token = await sessionOf(world)
    const at = token.length - 20
    const edited = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
    expect(await ask({ Authorization: `Bearer ${edited}` })).toMatchObject({
      status: 401,
      body: { code: 'session_invalid' },
    })
  })

  it('is evidence of no cluster: a service account token opens nothing', async () => {
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    expect((await ask({ Authorization: `Bearer ${token}` })).status).toBe(401)
  })

  it("is not an agent's, though it is of this very cluster", async () => {
    const { status, body, headers } = await ask({ Authorization: `Bearer ${await agentSessionOf(world)}` })
    expect([status, body.code]).toEqual([403, 'session_role_forbidden'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="example.org", error="insufficient_scope"')
  })

  it('is refused for its size before it is looked at', async () => {
    const token = 'a'.repeat(SESSION_MAX_BYTES + 1)
    expect(await ask({ Authorization: `Bearer ${token}` })).toMatchObject({ body: { code: 'session_too_large' } })
    expect(await ask({ Authorization: `Bearer ${token.slice(1)}` })).toMatchObject({
      body: { code: 'session_malformed' },
    })
  })

  it('expires, after the skew', async () => {
    expect((await withSession({ ageSeconds: 620, ttlSeconds: 600 })).status).toBe(200)
    const { status, body, headers } = await withSession({ ageSeconds: 640, ttlSeconds: 600 })
    expect([status, body.code]).toEqual([401, 'session_expired'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="example.org", error="invalid_token"')
  })

  it('is good for the clusters that it names alone, and for all if it names none', async () => {
    expect((await withSession({ allowedClusters: ['c-2', CLUSTER] })).status).toBe(200)
    expect(await withSession({ allowedClusters: ['c-2'] })).toMatchObject({
      status: 403,
      body: { code: 'session_cluster_forbidden' },
    })
    expect((await withSession({ allowedClusters: [] })).status).toBe(403)
  })

  it('is revoked when its policy leaves the document in force', async () => {
    const session = { Authorization: `Bearer ${await sessionOf(world)}` }
    expect((await ask(session)).status).toBe(200)
    put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'renamed')] })
    world.restart()
    expect(await ask(session)).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
    world.store.values.delete('trust-domain/TrustDomainServerAttestation')
    world.restart()
    expect(await ask(session)).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
  })

  it('is revoked when it is older than sessionsNotBefore of TrustDomain, and not by that of the cluster', async () => {
    put(world, 'trust-domain/TrustDomain', { sessionsNotBefore: inSeconds(-100) })
    expect((await withSession({ ageSeconds: 90 })).status).toBe(200)
    const { status, body, headers } = await withSession({ ageSeconds: 110 })
    expect([status, body.code]).toEqual([401, 'session_revoked'])
    expect(headers.get('WWW-Authenticate')).toBe('Bearer realm="example.org", error="invalid_token"')
    world.store.values.delete('trust-domain/TrustDomain')
    put(world, `clusters/${CLUSTER}/Cluster`, { sessionsNotBefore: inSeconds(-100) })
    world.restart()
    expect((await withSession({ ageSeconds: 110 })).status).toBe(200)
  })

  it('is asked for before anything of the cluster is read or told', async () => {
    put(world, `clusters/${CLUSTER}/Cluster`, { unknownField: 1 })
    world.store.reads.length = 0
    for (const headers of [{}, { Authorization: `Bearer ${await agentSessionOf(world)}` }]) {
      const { status, text } = await ask(headers)
      expect([401, 403]).toContain(status)
      expect(text).not.toMatch(/configuration|sha256/)
    }
    expect(world.store.reads).toEqual([])
  })

  it('cannot be judged while the documents cannot be read, and is not called revoked', async () => {
    const session = { Authorization: `Bearer ${await sessionOf(world)}` }
    world.store.readTrouble = 'error'
    const { status, body, headers } = await ask(session)
    world.store.readTrouble = 'none'
    expect([status, body.code]).toEqual([503, 'store_unavailable'])
    expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0)
  })
})

describe('the session of an agent that comes along', () => {
  const withAgent = async (agentSession: unknown): Promise<Answer> => askClaims(world, { agentSession, workloads })

  it('is good on its cluster', async () => {
    expect(await withAgent(await agentSessionOf(world))).toMatchObject({
      status: 200,
      body: { results: [{ id: 'w1', spiffeId: 'spiffe://example.org/c-1/ns/default/sa/web' }] },
    })
  })

  it.each<[string, () => Promise<string>, number, string]>([
    ['is bad', async () => 'abc', 401, 'session_malformed'],
    ['is edited', async () => `${(await agentSessionOf(world)).slice(0, -8)}AAAAAAAA`, 401, 'session_invalid'],
    ['has expired', () => agentSessionOf(world, { ageSeconds: 640, ttlSeconds: 600 }), 401, 'session_expired'],
    ['is of an issuer', () => sessionOf(world), 403, 'session_role_forbidden'],
    ['is of another cluster', () => agentSessionOf(world, { clusterId: 'c-2' }), 403, 'session_cluster_forbidden'],
    ['is of a policy that is gone', () => agentSessionOf(world, { policy: 'gone' }), 401, 'session_revoked'],
    ['is too large', async () => 'a'.repeat(SESSION_MAX_BYTES + 1), 403, 'session_too_large'],
  ])('fails the whole request when it %s, and is named', async (_what, make, status, code) => {
    const answer = await withAgent(await make())
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([status, code, 'agentSession'])
    expect(answer.body).not.toHaveProperty('results')
    expect(world.records).toMatchObject([{ event: 'mapping', status, code }])
  })

  it.each([
    ['Cluster', `clusters/${CLUSTER}/Cluster`],
    ['TrustDomain', 'trust-domain/TrustDomain'],
  ])('is revoked by sessionsNotBefore of %s', async (_section, key) => {
    put(world, key, { sessionsNotBefore: inSeconds(-100) })
    expect((await withAgent(await agentSessionOf(world, { ageSeconds: 90 }))).status).toBe(200)
    expect(await withAgent(await agentSessionOf(world, { ageSeconds: 110 }))).toMatchObject({
      status: 401,
      body: { code: 'session_revoked', where: 'agentSession' },
    })
  })

  it('is revoked when the agents of the cluster have no policy at all', async () => {
    const agentSession = await agentSessionOf(world)
    world.store.values.delete(`clusters/${CLUSTER}/AgentAttestation`)
    put(world, `clusters/${CLUSTER}/Cluster`, {})
    expect(await withAgent(agentSession)).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
  })

  it.each<[string, unknown]>([
    ['empty', ''],
    ['null', null],
    ['an object', {}],
  ])('is malformed when it is %s', async (_what, agentSession) => {
    expect(await withAgent(agentSession)).toMatchObject({ status: 400, body: { where: 'agentSession' } })
  })

  it('is what a login of this gateway yields', async () => {
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    const { body } = await world.login(CLUSTER, token)
    const agentSession = (body as unknown as { session: { token: string } }).session.token
    const answer = await withAgent(agentSession)
    expect(answer.status).toBe(200)
    expect(answer.text).not.toContain('node_unproven')
  })
})

describe('what a cluster requires of agents', () => {
  const cluster = (spec: object): void => put(world, `clusters/${CLUSTER}/Cluster`, spec)
  const unproven = () => agentSessionOf(world, { attributes: [] })
  const ask = async (agentSession?: string, node: string | undefined = NODE) =>
    askClaims(world, {
      ...(agentSession === undefined ? {} : { agentSession }),
      workloads: [{ id: 'w1', attributes: { ...WEB, ...(node === '' ? {} : { 'kubernetes.pod.node.name': node }) } }],
    })
  const resultOf = ({ body }: Answer) => (body['results'] as Record<string, unknown>[])[0]

  it('is nothing by default', async () => {
    expect(resultOf(await ask())).toHaveProperty('spiffeId')
    expect(resultOf(await ask())).not.toHaveProperty('warnings')
  })

  it('is a session, if requireAgentSession says so', async () => {
    cluster({ requireAgentSession: true })
    expect(await ask()).toMatchObject({ status: 422, body: { code: 'agent_session_required' } })
    expect((await ask(await agentSessionOf(world))).status).toBe(200)
    expect((await ask(await unproven())).status).toBe(200)
  })

  it('is a node, if requireNode says so', async () => {
    cluster({ requireNode: true })
    expect(await ask()).toMatchObject({ status: 422, body: { code: 'node_required' } })
    expect(await ask(await unproven())).toMatchObject({ status: 422, body: { code: 'node_required' } })
    expect((await ask(await agentSessionOf(world))).status).toBe(200)
  })

  it('warns of a session that proves no node', async () => {
    expect(resultOf(await ask(await unproven()))).toMatchObject({
      spiffeId: expect.any(String),
      warnings: [{ code: 'node_unproven' }],
    })
  })

  it('refuses a workload of another node, and one of no node', async () => {
    const agentSession = await agentSessionOf(world)
    expect(resultOf(await ask(agentSession, 'ip-10-0-1-2.ec2.internal'))).toMatchObject({
      error: { code: 'node_mismatch', attribute: 'kubernetes.pod.node.name' },
    })
    expect(resultOf(await ask(agentSession, `${NODE}.`))).toMatchObject({ error: { code: 'node_mismatch' } })
    expect(resultOf(await ask(agentSession, ''))).toMatchObject({ error: { code: 'node_missing' } })
  })

  it('does not take a node from an attribute that no agent attests', async () => {
    const attributes = [{ origin: 'kubernetes', name: 'kubernetes.pod.node.name', value: NODE }]
    const answer = await ask(await agentSessionOf(world, { attributes }))
    expect(resultOf(answer)).toMatchObject({ warnings: [{ code: 'node_unproven' }] })
  })
})
