// What one request reads of the configuration: each document once, whatever asks for it, and nothing of another request.
import { Hono } from 'hono'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { clusterKey, parseClusterId, trustDomainKey } from '../../src/config/document-key.ts'
import type { ConfigCache } from '../../src/config/live/cache.ts'
import { LEASE_POLL_MILLIS } from '../../src/core/limits.ts'
import type { AuditRecord } from '../../src/gateway/audit/audit.ts'
import { createLoginReport } from '../../src/gateway/reports/login-report.ts'
import { createSnapshot, listConfiguration, policiesKey } from '../../src/gateway/request-snapshot.ts'
import { addClaimsRoute } from '../../src/gateway/routes/claims.ts'
import { addLoginRoutes } from '../../src/gateway/routes/login.ts'
import { addServerlessRoutes } from '../../src/gateway/routes/serverless.ts'
import { addStatusRoute } from '../../src/gateway/routes/status.ts'
import { createServices, type GatewayApp, type GatewayEnv } from '../../src/gateway/services.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createWorld, type World } from './fixture.ts'
import { agentSessionOf, CLUSTER, NODE, put, putBaseline, serverPolicy, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
beforeEach(() => {
  putBaseline(world)
  for (const section of ['Cluster', 'WorkloadAttestation', 'SVIDIssuancePolicy'])
    put(world, keyIn(CLUSTER, section), {})
  const svidPolicy = { pathTemplate: '/{{k8s_token.namespace}}' }
  put(world, keyIn(CLUSTER, 'ServerlessAttestation'), { policies: [{ ...serverPolicy(world, 'fn'), svidPolicy }] })
  put(world, 'trust-domain/TrustDomain', {})
  world.store.readTrouble = 'none'
  world.store.gate = undefined
  world.store.reads.length = 0
})
afterAll(() => world.stop())

const keyIn = (cluster: string, section: string): string => `clusters/${cluster}/${section}`
const SESSION_CHECK = [
  'trust-domain/TrustDomain',
  'trust-domain/TrustDomainServerAttestation',
  'trust-domain/Revocations',
]
const OF_CLUSTER = [
  'AgentAttestation',
  'Cluster',
  'WorkloadAttestation',
  'SVIDIssuancePolicy',
  'ServerlessAttestation',
  'Revocations',
]
const sorted = (list: Iterable<string>): readonly string[] => [...list].sort()

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

interface Counting {
  readonly app: GatewayApp
  readonly configs: ConfigCache
  /** Keys that were asked of the cache, in order. */
  readonly asked: string[]
}

/** A cold isolate with the routes over a cache that counts what is asked of it. */
function createCounting(): Counting {
  const { settings, store } = world
  const parts = createServices({
    settings,
    source: store,
    module: loadPolicyVm(),
    fetch: (url, init) => fetch(url, init),
    clock: Date.now,
    // A request looks again at once whether another one has read; no time-out fires, for no test waits for one.
    sleep: (millis) => (millis === LEASE_POLL_MILLIS ? tick() : new Promise(() => {})),
    audit: () => true,
  })
  const asked: string[] = []
  const configs: ConfigCache = {
    ...parts.configs,
    get(key, background) {
      asked.push(key.text)
      return parts.configs.get(key, background)
    },
    recall(key) {
      const found = parts.configs.recall(key)
      if (found !== undefined) asked.push(key.text)
      return found
    },
  }
  const app: GatewayApp = new Hono<GatewayEnv>()
  app.use((c, next) => {
    c.set('startedMillis', Date.now())
    c.set('requestId', 'r')
    c.set('realm', 'example.org')
    return next()
  })
  for (const add of [addLoginRoutes, addClaimsRoute, addServerlessRoutes, addStatusRoute])
    add(app, { ...parts, configs })
  return { app, configs, asked }
}

type Body = Readonly<Record<string, unknown>> & { readonly configuration?: Readonly<Record<string, unknown>> }

async function ask(app: GatewayApp, path: string, init: RequestInit): Promise<{ status: number; body: Body }> {
  const response = await app.request(path, init)
  return { status: response.status, body: (await response.json()) as Body }
}

async function askClaims({ app }: Counting, cluster: string, agentSession?: string) {
  const workloads = [{ id: 'w1', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }]
  return ask(app, `/v1/clusters/${cluster}/claims`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${await sessionOf(world)}` },
    body: JSON.stringify({ workloads, ...(agentSession === undefined ? {} : { agentSession }) }),
  })
}

async function askServerless({ app }: Counting) {
  const attestations = [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }]
  return ask(app, `/v1/clusters/${CLUSTER}/serverless`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${await sessionOf(world)}` },
    body: JSON.stringify({ attestations }),
  })
}

async function askStatus({ app }: Counting) {
  const headers = { Authorization: `Bearer ${await sessionOf(world)}` }
  return ask(app, `/v1/clusters/${CLUSTER}/status`, { headers })
}

async function askLogin({ app }: Counting, path: string) {
  const attestations = [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }]
  return ask(app, `${path}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attestations }),
  })
}

function clusterId(text: string) {
  const id = parseClusterId(text)
  if (id === undefined) throw new Error(`${text} is no cluster id`)
  return id
}

describe('one request', () => {
  const AGENTS = keyIn(CLUSTER, 'AgentAttestation')
  const LISTS = ['trust-domain/Revocations', keyIn(CLUSTER, 'Revocations')]
  const ALL = [...SESSION_CHECK, ...OF_CLUSTER.map((section) => keyIn(CLUSTER, section))]
  const FOR_CLAIMS = ALL.filter((key) => !key.endsWith('/ServerlessAttestation'))
  const FOR_SERVERLESS = [
    ...SESSION_CHECK,
    ...['AgentAttestation', 'Cluster', 'ServerlessAttestation', 'Revocations'].map((name) => keyIn(CLUSTER, name)),
  ]

  it.each<[string, (counting: Counting) => Promise<{ status: number; body: Body }>, readonly string[]]>([
    ['for claims with an agent session', async (it) => askClaims(it, CLUSTER, await agentSessionOf(world)), FOR_CLAIMS],
    ['for claims without one', (it) => askClaims(it, CLUSTER), FOR_CLAIMS],
    ['for the identity of a workload without an agent', askServerless, FOR_SERVERLESS],
    ['for a status', askStatus, ALL],
    ["of an agent's login", (it) => askLogin(it, `/v1/clusters/${CLUSTER}`), [AGENTS, ...LISTS]],
    [
      "of an issuer's login",
      (it) => askLogin(it, '/v1/trust-domain'),
      ['trust-domain/TrustDomainServerAttestation', 'trust-domain/Revocations'],
    ],
  ])('%s asks for each section once, cold and warm', async (_what, request, keys) => {
    const counting = createCounting()
    expect((await request(counting)).status).toBe(200)
    expect(sorted(counting.asked)).toEqual(sorted(keys))
    expect(sorted(world.store.reads)).toEqual(sorted(keys))
    counting.asked.length = 0
    expect((await request(counting)).status).toBe(200)
    expect(sorted(counting.asked)).toEqual(sorted(keys))
    expect(world.store.reads).toHaveLength(keys.length)
  })

  it.each([
    ['claims', (it: Counting) => askClaims(it, CLUSTER)],
    ['a status', askStatus],
  ])('for %s of a cluster without AgentAttestation reads each section once', async (_what, request) => {
    world.store.values.delete(AGENTS)
    const counting = createCounting()
    expect((await request(counting)).status).toBe(200)
    expect(sorted(world.store.reads)).toEqual(sorted(ALL))
  })

  it('of a login without AgentAttestation looks for each other section of the cluster once', async () => {
    world.store.values.delete(AGENTS)
    const counting = createCounting()
    expect((await askLogin(counting, `/v1/clusters/${CLUSTER}`)).body).toMatchObject({ reason: 'no_policy' })
    expect(sorted(counting.asked)).toEqual(sorted([AGENTS, ...LISTS]))
    // A cluster without policies is looked for by its other sections, of which the list is one.
    const reads = [LISTS[0] ?? '', ...OF_CLUSTER.map((section) => keyIn(CLUSTER, section))]
    expect(sorted(new Set(world.store.reads))).toEqual(sorted(reads))
  })

  it('for claims of an unknown cluster looks for each section of it once', async () => {
    const counting = createCounting()
    expect(await askClaims(counting, 'c-404')).toMatchObject({ status: 404, body: { code: 'cluster_unknown' } })
    const keys = [...SESSION_CHECK, ...OF_CLUSTER.map((section) => keyIn('c-404', section))]
    expect(sorted(world.store.reads)).toEqual(sorted(keys))
  })
})

describe('two requests at once', () => {
  it('share no read and no promise, and record only what each used itself', async () => {
    const other = 'c-2'
    world.putPolicy(other)
    put(world, keyIn(other, 'Cluster'), { platform: 'eks' })
    const counting = createCounting()
    let open = () => {}
    world.store.gate = new Promise((resolve) => {
      open = resolve
    })
    const agentSession = await agentSessionOf(world)
    const both = Promise.all([askClaims(counting, CLUSTER, agentSession), askClaims(counting, other)])
    // Both are under way before the store answers either.
    while (counting.asked.length < 2) await tick()
    open()
    const [first, second] = await both
    expect([first.status, second.status]).toEqual([200, 200])
    expect(Object.keys(first.body.configuration ?? {})).toEqual([
      'TrustDomain',
      'TrustDomainServerAttestation',
      'Cluster',
      'WorkloadAttestation',
      'SVIDIssuancePolicy',
      'AgentAttestation',
    ])
    expect(Object.keys(second.body.configuration ?? {})).toEqual([
      'TrustDomain',
      'TrustDomainServerAttestation',
      'Cluster',
    ])
    expect(first.body.configuration?.['Cluster']).not.toEqual(second.body.configuration?.['Cluster'])
    for (const key of SESSION_CHECK) expect(counting.asked.filter((asked) => asked === key)).toHaveLength(2)
  })

  it('each decide by one version, though the document changes between them', async () => {
    const { configs, asked } = createCounting()
    const key = clusterKey(clusterId(CLUSTER), 'Cluster')
    const before = createSnapshot(configs, () => {})
    expect(await before.readSection(key)).toMatchObject({ ok: true, value: { platform: 'k8s' } })
    // A cold isolate beside it stands for a copy that has come of age.
    put(world, key.text, { platform: 'eks' })
    const after = createSnapshot(createCounting().configs, () => {})
    expect(await after.readSection(key)).toMatchObject({ ok: true, value: { platform: 'eks' } })
    expect(await before.readSection(key)).toMatchObject({ ok: true, value: { platform: 'k8s' } })
    expect(before.listUsed()).not.toEqual(after.listUsed())
    expect(asked).toEqual([key.text])
  })
})

describe('a snapshot', () => {
  const id = clusterId(CLUSTER)

  it('makes one read of what is asked for twice at once, by whatever way', async () => {
    const { configs, asked } = createCounting()
    const snapshot = createSnapshot(configs, () => {})
    const key = policiesKey(id)
    await Promise.all([
      snapshot.readSection(key),
      snapshot.read(key),
      snapshot.readPolicies(id),
      snapshot.readPolicies(id),
      snapshot.lendSection(id, 'AgentAttestation'),
      snapshot.requireCluster(id, 'issuer'),
    ])
    expect(asked).toEqual([key.text])
  })

  it('lists what was used in the order of first use, and once', async () => {
    const { configs } = createCounting()
    const snapshot = createSnapshot(configs, () => {})
    expect(snapshot.listUsed()).toEqual([])
    await Promise.all([snapshot.lendSection(undefined, 'TrustDomain'), snapshot.lendSection(id, 'Cluster')])
    await snapshot.lendSection(undefined, 'TrustDomain')
    await snapshot.readPolicies(undefined)
    const sections = ['TrustDomain', 'Cluster', 'TrustDomainServerAttestation']
    const digest = expect.stringMatching(/^sha256:/)
    expect(snapshot.listUsed()).toEqual(sections.map((section) => ({ section, digest, stale: false })))
    expect(snapshot.listUsedDigests(id, ['Cluster', 'SVIDIssuancePolicy'])).toEqual({
      Cluster: snapshot.listUsed()[1]?.digest,
      SVIDIssuancePolicy: undefined,
    })
  })

  it('lists what was asked for first before what was read first', async () => {
    const { configs } = createCounting()
    const late: ConfigCache = {
      ...configs,
      recall: () => undefined,
      get: async (key, background) => {
        if (key.text.startsWith('trust-domain/')) for (let turn = 0; turn < 3; turn++) await tick()
        return configs.get(key, background)
      },
    }
    put(world, 'trust-domain/Revocations', {})
    put(world, keyIn(CLUSTER, 'Revocations'), {})
    const snapshot = createSnapshot(late, () => {})
    await Promise.all([snapshot.lendSection(undefined, 'TrustDomain'), snapshot.lendSection(id, 'Cluster')])
    expect(snapshot.listUsed().map(({ section }) => section)).toEqual(['TrustDomain', 'Cluster'])
    const other = createSnapshot(late, () => {})
    await Promise.all([other.readRevocations(id), other.lendSection(id, 'Cluster')])
    const sections = ['trust-domain/Revocations', 'Revocations', 'Cluster']
    expect(other.listUsed().map(({ section }) => section)).toEqual(sections)
    await other.readRevocations(id)
    expect(other.listUsed().map(({ section }) => section)).toEqual(sections)
  })

  it('hands out the revocations that apply, each by its key', async () => {
    put(world, 'trust-domain/Revocations', {})
    put(world, keyIn(CLUSTER, 'Revocations'), {})
    const snapshot = createSnapshot(createCounting().configs, () => {})
    const documentsOf = async (cluster: typeof id | undefined) => {
      const read = await snapshot.readRevocations(cluster)
      return read.ok ? read.value.map(({ document, set }) => [document, set !== undefined]) : read.refusal.code
    }
    const ofDomain = ['trust-domain/Revocations', true]
    expect(await documentsOf(undefined)).toEqual([ofDomain])
    expect(await documentsOf(id)).toEqual([ofDomain, [keyIn(CLUSTER, 'Revocations'), true]])
  })

  it('proves the policies of a login and the revocations of its cluster', () => {
    const proved: string[] = []
    const configs: ConfigCache = { ...createCounting().configs, prove: (key) => void proved.push(key.text) }
    createSnapshot(configs, () => {}).proveLogin(id)
    createSnapshot(configs, () => {}).proveLogin(undefined)
    expect(proved).toEqual([
      keyIn(CLUSTER, 'AgentAttestation'),
      keyIn(CLUSTER, 'Revocations'),
      'trust-domain/TrustDomainServerAttestation',
    ])
  })

  it('has no policies of a trust domain without such a document, and refuses nothing', async () => {
    world.store.values.delete('trust-domain/TrustDomainServerAttestation')
    const snapshot = createSnapshot(createCounting().configs, () => {})
    expect(await snapshot.readPolicies(undefined)).toMatchObject({ ok: true, value: { policies: [] } })
    expect(await snapshot.readServerless(undefined)).toMatchObject({ ok: true })
  })

  it('records neither what is absent or bad, nor what was looked for alone', async () => {
    put(world, keyIn(CLUSTER, 'Cluster'), { nmae: 'x' })
    const snapshot = createSnapshot(createCounting().configs, () => {})
    expect(await snapshot.requireCluster(id, 'issuer')).toEqual({ ok: true, value: true })
    expect(await snapshot.lendSection(id, 'Cluster')).toMatchObject({ refusal: { code: 'configuration_invalid' } })
    expect(await snapshot.lendSection(undefined, 'AWSCertificates')).toEqual({ ok: true, value: undefined })
    expect(snapshot.listUsed()).toEqual([])
  })

  it("calls the trust domain's document by its key where clusters have a section of that name, and loses neither", async () => {
    put(world, 'trust-domain/Cluster', { name: 'x' })
    const snapshot = createSnapshot(createCounting().configs, () => {})
    await snapshot.readSection(trustDomainKey('Cluster'))
    await snapshot.readSection(clusterKey(id, 'Cluster'))
    expect(snapshot.listUsed().map(({ section }) => section)).toEqual(['trust-domain/Cluster', 'Cluster'])
    expect(Object.keys(listConfiguration(snapshot.listUsed()))).toEqual(['trust-domain/Cluster', 'Cluster'])
  })

  it('gives the same refusal twice if a read has failed, though the store has recovered', async () => {
    const { configs, asked } = createCounting()
    const snapshot = createSnapshot(configs, () => {})
    const key = clusterKey(id, 'Cluster')
    world.store.readTrouble = 'error'
    const refused = await snapshot.readSection(key)
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'store_unavailable' } })
    const policies = await snapshot.readPolicies(id)
    const unknown = await snapshot.requireCluster(clusterId('c-404'), 'issuer')
    world.store.readTrouble = 'none'
    expect(await snapshot.readSection(key)).toEqual(refused)
    expect(await snapshot.readPolicies(id)).toEqual(policies)
    expect(await snapshot.requireCluster(clusterId('c-404'), 'issuer')).toEqual(unknown)
    expect(asked.filter((text) => text === key.text)).toHaveLength(1)
    expect(snapshot.listUsed()).toEqual([])
  })

  it('does not forget a document that was deleted meanwhile, and knows a cluster by any section', async () => {
    const snapshot = createSnapshot(createCounting().configs, () => {})
    world.store.values.delete(keyIn(CLUSTER, 'AgentAttestation'))
    expect(await snapshot.readPolicies(id)).toMatchObject({ ok: true, value: { policies: [] } })
    world.store.values.clear()
    expect(await snapshot.readPolicies(id)).toMatchObject({ ok: true, value: { policies: [] } })
    expect(await createSnapshot(createCounting().configs, () => {}).readPolicies(id)).toMatchObject({
      refusal: { code: 'cluster_unknown' },
    })
  })
})

describe('a login that uses more than its policies', () => {
  it('names all of it in the answer, and in the record the policies apart', async () => {
    const { app, configs } = createCounting()
    const records: AuditRecord[] = []
    const parts = { clock: Date.now, audit: (record: AuditRecord) => records.push(record) > 0 }
    app.get('/login', async (c) => {
      const snapshot = createSnapshot(configs, () => {})
      await snapshot.readPolicies(clusterId(CLUSTER))
      await snapshot.lendSection(undefined, 'TrustDomain')
      return createLoginReport(c, CLUSTER, parts, snapshot).refuse({ code: 'session_too_large', detail: 'x' })
    })
    const { body } = await ask(app, '/login', {})
    expect(Object.keys(body.configuration ?? {})).toEqual(['AgentAttestation', 'TrustDomain'])
    expect(records).toMatchObject([
      { configuration: { section: 'AgentAttestation' }, otherConfiguration: [{ section: 'TrustDomain' }] },
    ])
  })
})

describe('what is refused before a session has verified', () => {
  it('tells the caller nothing of the configuration, and the operator what it was decided by', async () => {
    put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'renamed')] })
    world.restart()
    world.records.length = 0
    const session = await sessionOf(world)
    const answer = await world.post(`/v1/clusters/${CLUSTER}/claims`, '{}', { Authorization: `Bearer ${session}` })
    expect(answer).toMatchObject({ status: 401, body: { code: 'session_revoked' } })
    expect(answer.text).not.toMatch(/configuration|sha256/)
    expect(world.records).toMatchObject([
      { configuration: [{ section: 'TrustDomain' }, { section: 'TrustDomainServerAttestation' }] },
    ])
  })
})
