import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Answer, createWorld, ISSUER_URL, type World } from './fixture.ts'
import { askClaims, CLUSTER, put, putBaseline, serverPolicy, WEB } from './mapping-world.ts'

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

const DOCUMENT = 'trust-domain/TrustDomainServerAttestation'

async function logIn(claims: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
  const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000), claims })
  return world.post(
    '/v1/trust-domain/login',
    JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
  )
}

function sessionIn(answer: Answer): string {
  return (answer.body as unknown as { session: { token: string } }).session.token
}

describe('POST /v1/trust-domain/login', () => {
  it('gives an issuer a session of its role, for ISSUER_URL, and of no cluster', async () => {
    const answer = await logIn()
    expect(answer).toMatchObject({
      status: 200,
      body: {
        policy: 'issuer',
        configuration: { TrustDomainServerAttestation: { digest: expect.stringMatching(/^sha256:/), stale: false } },
      },
    })
    expect(answer.body).not.toHaveProperty('clusterId')
    const claims = decodeJwt(sessionIn(answer))
    expect(claims).toMatchObject({ role: 'issuer', aud: ISSUER_URL, iss: ISSUER_URL, policy: 'issuer' })
    expect(claims.sub).toMatch(/^spiffe:\/\/example\.org\/postern\/issuer\/issuer\/[\w-]{43}$/)
    expect(claims).not.toHaveProperty('cluster_id')
    expect(claims).not.toHaveProperty('allowed_clusters')
  })

  it('puts the clusters of the policy into the session, and holds it to them', async () => {
    put(world, DOCUMENT, { policies: [serverPolicy(world, 'issuer', { allowedClusters: [CLUSTER, 'c-9'] })] })
    world.putPolicy('c-2')
    const session = sessionIn(await logIn())
    expect(decodeJwt(session)).toMatchObject({ allowed_clusters: [CLUSTER, 'c-9'] })
    const workloads = [{ id: 'w1', attributes: WEB }]
    expect(await askClaims(world, { workloads }, { session })).toMatchObject({ status: 200 })
    expect(await askClaims(world, { workloads }, { session, clusterId: 'c-2' })).toMatchObject({
      status: 403,
      body: { code: 'session_cluster_forbidden' },
    })
  })

  it('takes the clusters of the policy that admitted, not of another one', async () => {
    const other = serverPolicy(world, 'other', { allowedClusters: ['c-9'] })
    put(world, DOCUMENT, { policies: [serverPolicy(world, 'issuer', { allowedClusters: [CLUSTER] }), other] })
    expect(decodeJwt(sessionIn(await logIn()))).toMatchObject({ policy: 'issuer', allowed_clusters: [CLUSTER] })
  })

  it('reads a document of requiredAttestors alone as one policy', async () => {
    const { requiredAttestors } = serverPolicy(world, 'x') as { requiredAttestors: unknown }
    put(world, DOCUMENT, { requiredAttestors })
    const answer = await logIn()
    expect(answer).toMatchObject({ status: 200, body: { policy: 'default' } })
    const workloads = [{ id: 'w1', attributes: WEB }]
    expect((await askClaims(world, { workloads }, { session: sessionIn(answer) })).status).toBe(200)
  })

  it('refuses another service account, and another cluster of the same pins', async () => {
    const sub = 'system:serviceaccount:spirl-system:other'
    const identity = { namespace: 'spirl-system', serviceaccount: { name: 'other', uid: 'u' } }
    expect(await logIn({ sub, 'kubernetes.io': identity })).toMatchObject({
      status: 403,
      body: { code: 'login_refused' },
    })
    expect(await logIn({ iss: 'https://other.example' })).toMatchObject({ status: 401 })
  })

  it.each<[string, unknown]>([
    ['there is no document', undefined],
    ['the document has no policy', { policies: [] }],
  ])('admits nobody when %s', async (_what, spec) => {
    world.store.values.delete(DOCUMENT)
    if (spec !== undefined) put(world, DOCUMENT, spec)
    expect(await logIn()).toMatchObject({ status: 403, body: { code: 'login_refused', reason: 'no_policy' } })
  })

  it('does not admit by a document without exact pins, for it does not compile', async () => {
    const config = { issuerURL: world.issuer.issuer, serviceAccountNamespace: 'spirl-system' }
    put(world, DOCUMENT, { requiredAttestors: [{ type: 'k8s_token', config }] })
    expect(await logIn()).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
  })

  it('is no login of agents, and theirs is none of issuers', async () => {
    world.store.values.delete(DOCUMENT)
    expect((await logIn()).status).toBe(403)
    putBaseline(world)
    world.store.values.delete(`clusters/${CLUSTER}/AgentAttestation`)
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    expect((await world.login(CLUSTER, token)).status).toBe(404)
  })

  it('records the login without a cluster', async () => {
    const answer = await logIn()
    expect(world.records).toMatchObject([{ event: 'login', outcome: 'admitted', policy: 'issuer' }])
    expect(world.records[0]).not.toHaveProperty('clusterId')
    expect(JSON.stringify(world.records)).not.toContain(sessionIn(answer))
  })
})
