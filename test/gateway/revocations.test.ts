// What is revoked is refused wherever it is used: at a login, as a session, as a workload, at introspection; in an isolate
// that is cold, and in a warm one within the bound on the age of a copy.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CONFIG_REVALIDATE_MILLIS, CONFIG_STALE_MAX_MILLIS } from '../../src/core/limits.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { askClaims, CLUSTER, NODE, put, putBaseline, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.store.readTrouble = 'none'
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

const OF_CLUSTER = `clusters/${CLUSTER}/Revocations`
const OF_TRUST_DOMAIN = 'trust-domain/Revocations'
const DOCUMENTS = [OF_CLUSTER, OF_TRUST_DOMAIN]

const later = (seconds: number): string =>
  new Date(Date.now() + world.ahead + seconds * 1000).toISOString().replace(/\.\d+Z/, 'Z')
function revoke(document: string, fact: object, seconds = 86_400): void {
  put(world, document, { entries: [{ ...fact, until: later(seconds), reason: 'stolen' }] })
}
const passBound = (): void => {
  world.ahead += CONFIG_REVALIDATE_MILLIS + 1000
}
const mint = (): Promise<string> => world.issuer.mint({ nowSeconds: Math.floor((Date.now() + world.ahead) / 1000) })

async function logIn(path: string): Promise<Answer> {
  const attestations = [{ type: 'k8s_token', evidence: { token: await mint() } }]
  return world.post(`${path}/login`, JSON.stringify({ attestations }))
}
async function sessionFrom(path: string): Promise<string> {
  const { body, status, text } = await logIn(path)
  if (status !== 200) throw new Error(text)
  return (body as unknown as { session: { token: string } }).session.token
}
const introspect = async (token: string): Promise<Answer> =>
  world.post('/v1/sessions/introspect', new URLSearchParams({ token }), {
    Authorization: `Bearer ${await sessionOf(world)}`,
  })
const agentLogin = (): Promise<Answer> => logIn(`/v1/clusters/${CLUSTER}`)
const agentSession = (): Promise<string> => sessionFrom(`/v1/clusters/${CLUSTER}`)
const idOf = (session: string): string =>
  JSON.parse(Buffer.from(session.split('.')[1] ?? '', 'base64url').toString()).jti

const POD = '778a530c-b3f4-47c0-9cd5-ab018fb64f33'
const TOKEN = 'ea28ed49-2e11-4280-9ec5-bc3d1d84661a'
const FACTS: readonly [string, () => object][] = [
  ['pod', () => ({ pod: { namespace: 'spirl-system', uid: POD } })],
  ['account', () => ({ serviceAccount: { namespace: 'spirl-system', name: 'spirl-agent' } })],
  ['node', () => ({ node: NODE })],
  ['attribute', () => ({ attribute: { name: 'k8s_token.pod.name', value: 'spirl-agent-jv9gn' } })],
  ['token', () => ({ tokenId: { issuer: world.issuer.issuer, jti: TOKEN } })],
]
const workload = { id: 'w1', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }

describe.each(DOCUMENTS)('an entry of %s', (document) => {
  describe.each(FACTS)('for a %s', (_kind, fact) => {
    it('refuses the login, cold and warm, and names the entry to the operator alone', async () => {
      expect((await agentLogin()).status).toBe(200)
      revoke(document, fact())
      passBound()
      const warm = await agentLogin()
      world.restart()
      const cold = await agentLogin()
      for (const answer of [warm, cold]) {
        expect(answer).toMatchObject({ status: 403, body: { code: 'login_refused', reason: 'no_policy_satisfied' } })
        expect(answer.body.refusals).toMatchObject([{ code: 'evidence_revoked', reason: 'not_accepted' }])
        expect(answer.text).not.toMatch(/stolen|entries/)
      }
      expect(world.records.at(-1)).toMatchObject({
        refusals: [{ expected: { revokedBy: `${document} spec.entries[0]`, revocationReason: 'stolen' } }],
      })
    })

    it('revokes the session that was opened before, for claims and for introspection', async () => {
      const session = await agentSession()
      expect((await askClaims(world, { agentSession: session, workloads: [workload] })).status).toBe(200)
      expect((await introspect(session)).body).toMatchObject({ active: true })
      revoke(document, fact())
      passBound()
      for (const restart of [() => undefined, world.restart]) {
        restart()
        const claims = await askClaims(world, { agentSession: session, workloads: [workload] })
        expect(claims).toMatchObject({ status: 401, body: { code: 'session_revoked', where: 'agentSession' } })
        expect((await introspect(session)).body).toEqual({ active: false })
      }
      expect(world.records.at(-1)).toMatchObject({
        event: 'introspection',
        active: false,
        code: 'session_revoked',
        session: { id: idOf(session), clusterId: CLUSTER },
        expected: { revokedBy: `${document} spec.entries[0]`, revocationReason: 'stolen' },
      })
    })
  })

  it('for a session revokes that session alone', async () => {
    const [session, other] = [await agentSession(), await agentSession()]
    revoke(document, { session: idOf(session) })
    passBound()
    const active = [await introspect(session), await introspect(other)].map(({ body }) => body['active'])
    expect(active).toEqual([false, true])
    expect((await agentLogin()).status).toBe(200)
  })

  it.each<[string, object]>([
    ['pod', { pod: { namespace: 'default', uid: 'u-1' } }],
    ['account', { serviceAccount: { namespace: 'default', name: 'web' } }],
    ['node', { node: NODE }],
    ['attribute', { attribute: { name: 'kubernetes.pod.label[app]', value: 'web' } }],
  ])('for a %s refuses the workload, and no other, with and without a session of the agent', async (_kind, fact) => {
    const revoked = {
      id: 'w1',
      attributes: {
        'kubernetes.pod.namespace': 'default',
        'kubernetes.pod.service_account': 'web',
        'kubernetes.pod.uid': 'u-1',
        'kubernetes.pod.node.name': NODE,
        'kubernetes.pod.label[app]': 'web',
      },
    }
    const other = {
      id: 'w2',
      attributes: {
        'kubernetes.pod.namespace': 'other',
        'kubernetes.pod.service_account': 'web',
        'kubernetes.pod.uid': 'u-1',
        'kubernetes.pod.node.name': 'other',
      },
    }
    const isNode = 'node' in fact
    const ask = async (more: object): Promise<unknown> =>
      (await askClaims(world, { workloads: [revoked, other], ...more })).body['results']
    revoke(document, fact)
    const refused = { error: { code: 'workload_revoked' } }
    expect(await ask({})).toMatchObject([refused, { spiffeId: expect.any(String) }])
    expect(world.records.at(-1)).toMatchObject({
      event: 'mapping',
      refusals: [{ code: 'workload_revoked', expected: { revokedBy: `${document} spec.entries[0]` } }],
    })
    // A session of an agent on that node is itself revoked.
    if (!isNode) expect(await ask({ agentSession: await agentSession() })).toMatchObject([refused, {}])
  })

  it('admits again when its until passes', async () => {
    revoke(document, { node: NODE }, 30)
    expect((await agentLogin()).status).toBe(403)
    world.ahead += 31_000
    expect((await agentLogin()).status).toBe(200)
  })

  it('stays in force while a later version does not compile, also in a cold isolate', async () => {
    revoke(document, { node: NODE })
    expect((await agentLogin()).status).toBe(403)
    put(world, document, { entries: [{ node: NODE, reason: 'no end' }] })
    for (const restart of [() => undefined, world.restart]) {
      restart()
      passBound()
      expect((await agentLogin()).body).toMatchObject({ refusals: [{ code: 'evidence_revoked' }] })
    }
  })

  it('refuses its scope with 503 if no version has ever compiled', async () => {
    const session = await agentSession()
    put(world, document, { entries: [{ node: NODE }] })
    world.restart()
    expect(await agentLogin()).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
    const claims = await askClaims(world, { agentSession: session, workloads: [workload] })
    expect(claims).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
    expect(await introspect(session)).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
  })

  it('goes on revoking from its copy while the store is down, and ends with 503 when that is too old', async () => {
    const session = await agentSession()
    revoke(document, { node: NODE })
    world.restart()
    expect((await agentLogin()).status).toBe(403)
    world.store.readTrouble = 'error'
    world.ahead += CONFIG_STALE_MAX_MILLIS - 60_000
    expect(await agentLogin()).toMatchObject({ status: 403, body: { refusals: [{ code: 'evidence_revoked' }] } })
    world.ahead += 120_000
    expect(await agentLogin()).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    expect(await introspect(session)).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
  })
})

describe('an issuer', () => {
  it('is refused by a list of the trust domain, and not by that of a cluster', async () => {
    const session = await sessionFrom('/v1/trust-domain')
    revoke(OF_CLUSTER, { pod: { namespace: 'spirl-system', uid: POD } })
    expect((await logIn('/v1/trust-domain')).status).toBe(200)
    expect((await askClaims(world, { workloads: [workload] }, { session })).status).toBe(200)
    revoke(OF_TRUST_DOMAIN, { pod: { namespace: 'spirl-system', uid: POD } })
    passBound()
    expect(await logIn('/v1/trust-domain')).toMatchObject({ body: { refusals: [{ code: 'evidence_revoked' }] } })
    expect(await askClaims(world, { workloads: [workload] }, { session })).toMatchObject({
      status: 401,
      body: { code: 'session_revoked' },
    })
  })
})

describe('a policy whose evidence is revoked', () => {
  it('lets a later policy admit with evidence that is not', async () => {
    const config = { issuerURL: world.issuer.issuer }
    const policies = ['first', 'second'].map((name) => ({
      name,
      requiredAttestors: [{ type: 'k8s_token', config }],
      ...(name === 'first' ? {} : { conditions: [{ expression: 'k8s_token.namespace != ""' }] }),
    }))
    put(world, `clusters/${CLUSTER}/AgentAttestation`, { policies })
    expect((await agentLogin()).body).toMatchObject({ policy: 'first' })
    // The evidence is the same, so what it proves is revoked for both.
    revoke(OF_CLUSTER, { node: NODE })
    passBound()
    expect((await agentLogin()).status).toBe(403)
  })
})

describe.each(DOCUMENTS)('a lock in %s', (document) => {
  const lock = (seconds = 3600): void => put(world, document, { lock: { until: later(seconds), reason: 'incident' } })

  it('shuts logins, sessions and mappings, and opens them again as they were', async () => {
    const session = await agentSession()
    lock()
    passBound()
    const locked = { status: 403, body: { code: 'cluster_locked' } }
    const login = await agentLogin()
    expect(login).toMatchObject(locked)
    expect(login.text).not.toContain('incident')
    expect(world.records.at(-1)).toMatchObject({
      code: 'cluster_locked',
      expected: { lockedBy: `${document} spec.lock`, lockReason: 'incident' },
    })
    expect(await askClaims(world, { workloads: [workload] })).toMatchObject(locked)
    expect(await askClaims(world, { agentSession: session, workloads: [workload] })).toMatchObject(locked)
    const introspection = await introspect(session)
    if (document === OF_CLUSTER) expect(introspection.body).toEqual({ active: false })
    else expect(introspection).toMatchObject(locked)
    world.store.values.delete(document)
    passBound()
    expect((await askClaims(world, { agentSession: session, workloads: [workload] })).status).toBe(200)
    expect((await introspect(session)).body).toMatchObject({ active: true })
    expect((await agentLogin()).status).toBe(200)
  })

  it('ends at its until', async () => {
    lock(30)
    expect((await agentLogin()).status).toBe(403)
    world.ahead += 31_000
    expect((await agentLogin()).status).toBe(200)
  })

  it('of a cluster does not shut others, and that of the trust domain shuts issuers too', async () => {
    lock()
    world.putPolicy('c-2')
    const isAll = document === OF_TRUST_DOMAIN
    expect((await logIn('/v1/clusters/c-2')).status).toBe(isAll ? 403 : 200)
    expect((await logIn('/v1/trust-domain')).status).toBe(isAll ? 403 : 200)
  })
})
