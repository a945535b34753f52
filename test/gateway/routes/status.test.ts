import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { SectionStatus } from '../../../src/config/live/status.ts'
import { FETCH_CAUSES } from '../../../src/net/fetch-causes.ts'
import { createWorld, policyText, type World } from '../fixture.ts'
import { agentSessionOf, CLUSTER, put, putBaseline, sessionOf } from '../mapping-world.ts'

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

interface Status {
  readonly status: number
  readonly code?: string
  readonly health?: string
  readonly section: (name: string) => SectionStatus
}

async function ask(clusterId = CLUSTER): Promise<Status> {
  const headers = { Authorization: `Bearer ${await sessionOf(world)}` }
  const response = await world.app.request(`/v1/clusters/${clusterId}/status`, { headers })
  const body = (await response.json()) as { sections?: SectionStatus[]; health?: string; code?: string }
  return {
    status: response.status,
    ...(body.code === undefined ? {} : { code: body.code }),
    ...(body.health === undefined ? {} : { health: body.health }),
    section(name) {
      const found = body.sections?.find(({ section }) => section === name)
      if (found === undefined) throw new Error(`no section ${name} in ${JSON.stringify(body)}`)
      return found
    },
  }
}

const DIGEST = /^sha256:[0-9a-f]{64}$/

describe('GET /v1/clusters/{clusterId}/status', () => {
  it('tells of every section of a cluster what is stored and what is in force', async () => {
    const { status, health, section } = await ask()
    expect([status, health]).toEqual([200, 'HEALTHY'])
    const agents = section('AgentAttestation')
    expect(agents).toMatchObject({
      health: 'HEALTHY',
      stored: 'present',
      desiredDigest: expect.stringMatching(DIGEST),
      appliedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      attemptedAt: expect.any(String),
      stale: false,
      issues: [],
    })
    expect(agents.appliedDigest).toBe(agents.desiredDigest)
    for (const name of ['Cluster', 'WorkloadAttestation', 'SVIDIssuancePolicy']) {
      expect(section(name)).toMatchObject({ health: 'HEALTHY', stored: 'absent' })
    }
    expect(() => section('TrustDomain')).toThrow('no section')
  })

  it('names what it was computed from: all that is in force, of the trust domain as well', async () => {
    put(world, 'trust-domain/TrustDomain', {})
    put(world, `clusters/${CLUSTER}/Cluster`, { nmae: 'blue' })
    const { body } = await world.get(`/v1/clusters/${CLUSTER}/status`, {
      Authorization: `Bearer ${await sessionOf(world)}`,
    })
    const digest = expect.stringMatching(DIGEST)
    expect(body['configuration']).toEqual({
      TrustDomain: { digest, stale: false },
      TrustDomainServerAttestation: { digest, stale: false },
      AgentAttestation: { digest, stale: false },
    })
  })

  it('tells why a document that was stored is not in force, line and column', async () => {
    world.store.put(
      `clusters/${CLUSTER}/SVIDIssuancePolicy`,
      'section: SVIDIssuancePolicy\nschema: v1\nspec:\n  policy:\n    pathTemplate: "/{{kubernetes.pod.nmae}}"\n    x509: {ttl: 1m}\n',
    )
    const { health, section } = await ask()
    expect(health).toBe('UNHEALTHY')
    const policy = section('SVIDIssuancePolicy')
    expect(policy).toMatchObject({
      health: 'UNHEALTHY',
      stored: 'present',
      desiredDigest: expect.stringMatching(DIGEST),
    })
    expect(policy).not.toHaveProperty('appliedDigest')
    expect(policy.issues.map(({ code, line, path }) => [code, line, path])).toEqual([
      ['attribute_unknown', 5, 'spec.policy.pathTemplate'],
      ['value_out_of_range', 6, 'spec.policy.x509.ttl'],
    ])
    expect(policy.issues[0]?.message).toContain('kubernetes.pod.name')
    expect(section('AgentAttestation').health).toBe('HEALTHY')
  })

  it('goes on with the last good version of a document, and tells both digests', async () => {
    put(world, `clusters/${CLUSTER}/Cluster`, { name: 'blue' })
    const before = (await ask()).section('Cluster')
    put(world, `clusters/${CLUSTER}/Cluster`, { nmae: 'blue' })
    world.ahead = 120_000
    const after = (await ask()).section('Cluster')
    expect(after).toMatchObject({ health: 'UNHEALTHY', appliedDigest: before.appliedDigest })
    expect(after.desiredDigest).not.toBe(before.desiredDigest)
    expect(after.issues.map(({ code }) => code)).toEqual(['field_unknown'])
  })

  it('tells what is wrong between sections', async () => {
    put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, {
      policy: { pathTemplate: '/x/{{kubernetes.container.name}}' },
    })
    const { health, section } = await ask()
    expect(health).toBe('UNHEALTHY')
    const policy = section('SVIDIssuancePolicy')
    expect(policy.appliedDigest).toBe(policy.desiredDigest)
    expect(policy.issues).toMatchObject([{ code: 'attribute_not_enabled', path: 'spec.policy.pathTemplate' }])
    put(world, `clusters/${CLUSTER}/Cluster`, { includeContainerAttributes: true })
    world.restart()
    expect((await ask()).health).toBe('HEALTHY')
  })

  it('is unhealthy where the issuance policy waits for what no agent proves', async () => {
    put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, { policy: { pathTemplate: '/x/{{aws_iid.account.id}}' } })
    const { health, section } = await ask()
    expect(health).toBe('UNHEALTHY')
    expect(section('SVIDIssuancePolicy').issues).toMatchObject([{ code: 'attribute_not_enabled' }])
  })

  it('warns until TrustDomain lists the cluster, and of sessions that prove no node', async () => {
    const codes = async () => (await ask()).section('Cluster').warnings.map(({ code }) => code)
    expect(await codes()).toEqual(['cluster_unlisted'])
    put(world, `clusters/${CLUSTER}/Cluster`, {})
    put(world, 'trust-domain/TrustDomain', { clusters: { 'c-9': { name: 'other', pathPrefixes: ['/other'] } } })
    world.restart()
    expect(await codes()).toEqual(['node_unproven', 'cluster_unlisted'])
    put(world, `clusters/${CLUSTER}/Cluster`, { requireAgentSession: true, requireNode: true })
    put(world, 'trust-domain/TrustDomain', { clusters: { [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] } } })
    world.restart()
    expect(await codes()).toEqual([])
  })

  it('warns of an issuer whose keys cannot be fetched, with the cause, until they can', async () => {
    const token = await world.issuer.mint()
    world.store.put(`clusters/${CLUSTER}/AgentAttestation`, policyText(`${world.issuer.origin}/nowhere`))
    const forged = await world.issuer.mint({ claims: { iss: `${world.issuer.origin}/nowhere` } })
    const warningsOf = async () =>
      (await ask()).section('AgentAttestation').warnings.filter(({ code }) => code === 'keys_unavailable')
    expect(await warningsOf()).toEqual([])
    expect((await world.login(CLUSTER, forged)).status).toBe(503)
    const { health, section } = await ask()
    expect([health, section('AgentAttestation').health]).toEqual(['HEALTHY', 'HEALTHY'])
    const [warning, ...others] = await warningsOf()
    expect(others).toEqual([])
    expect(warning?.path).toBe('spec.policies[0].requiredAttestors[0]')
    expect(warning?.message).toContain('answered 404')
    expect(warning?.message).toContain(FETCH_CAUSES.not_found.next)

    world.putPolicy(CLUSTER)
    world.restart()
    await world.login(CLUSTER, token)
    expect(await warningsOf()).toEqual([])
  })

  it('says unknown where the store does not answer, and never absent', async () => {
    await ask()
    world.ahead = 3_600_000 + 61_000
    world.store.readTrouble = 'error'
    const { status, code } = await ask()
    world.store.readTrouble = 'none'
    expect([status, code]).toEqual([503, 'store_unavailable'])
  })

  it('does not know a cluster of which nothing is stored, nor an id that is none', async () => {
    expect(await ask('c-9')).toMatchObject({ status: 404, code: 'cluster_unknown' })
    expect(await ask('..%2Fx')).toMatchObject({ status: 404, code: 'cluster_unknown' })
  })

  it('leaves a record of who was refused and why, and none of an answer', async () => {
    await ask()
    expect(world.records).toEqual([])
    await ask('c-9')
    const asks = async (session: string | undefined) =>
      world.app.request(
        `/v1/clusters/${CLUSTER}/status`,
        session === undefined ? {} : { headers: { Authorization: `Bearer ${session}` } },
      )
    const answers = [await asks(undefined), await asks(await agentSessionOf(world)), await asks('x.y.z')]
    await ask('..%2Fx')
    const common = {
      v: 1,
      event: 'status',
      time: expect.any(String),
      durationMs: expect.any(Number),
      requestId: expect.any(String),
      outcome: 'refused',
      detail: expect.any(String),
    }
    expect(world.records).toEqual([
      {
        ...common,
        clusterId: 'c-9',
        status: 404,
        code: 'cluster_unknown',
        configuration: [{ section: 'TrustDomainServerAttestation', digest: expect.any(String), stale: false }],
        issuer: { id: expect.any(String), subject: expect.stringContaining('/postern/issuer/') },
      },
      { ...common, clusterId: CLUSTER, status: 401, code: 'session_missing' },
      { ...common, clusterId: CLUSTER, status: 403, code: 'session_role_forbidden' },
      { ...common, clusterId: CLUSTER, status: 401, code: 'session_malformed' },
      { ...common, clusterId: '../x', status: 404, code: 'cluster_unknown' },
    ])
    expect(world.records.slice(1, 4)).toMatchObject(
      answers.map(({ headers }) => ({ requestId: headers.get('X-Request-Id') })),
    )
  })

  it('records what the store said of a failure, which the issuer is not told', async () => {
    world.store.readTrouble = 'error'
    expect((await ask()).code).toBe('store_unavailable')
    world.store.readTrouble = 'none'
    expect(world.records).toMatchObject([{ event: 'status', status: 503, failure: { store: expect.any(String) } }])
  })

  it('is not for agents', async () => {
    const headers = { Authorization: `Bearer ${await agentSessionOf(world)}` }
    const response = await world.app.request(`/v1/clusters/${CLUSTER}/status`, { headers })
    expect(response.status).toBe(403)
    expect(await response.text()).not.toContain('sha256:')
  })
})
