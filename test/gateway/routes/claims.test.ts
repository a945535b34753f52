import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { CATALOGUE } from '../../../src/attribute/catalogue.ts'
import {
  AUDITED_WORKLOADS_MAX,
  CLAIMS_BODY_MAX_BYTES,
  CLAIMS_WORKLOADS_MAX,
  JSON_DEPTH_MAX,
  WORKLOAD_ATTRIBUTES_MAX,
  WORKLOAD_ID_MAX_LENGTH,
} from '../../../src/core/limits.ts'
import type { MappingRecord } from '../../../src/gateway/audit/audit.ts'
import { type Answer, createWorld, type World } from '../fixture.ts'
import {
  agentSessionOf,
  askClaims,
  CLUSTER,
  mapOne,
  NODE,
  pod,
  put,
  putBaseline,
  type Result,
  resultsOf,
  sessionOf,
  WEB,
} from '../mapping-world.ts'

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

const policy = (spec: object): void => put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, spec)
const cluster = (spec: object): void => put(world, `clusters/${CLUSTER}/Cluster`, spec)
const attestation = (spec: object): void => put(world, `clusters/${CLUSTER}/WorkloadAttestation`, spec)
const trustDomain = (clusters: object): void => put(world, 'trust-domain/TrustDomain', { clusters })

const FULL = {
  policy: {
    pathTemplate: '/{{cluster.name}}/ns/{{kubernetes.pod.namespace}}/sa/{{kubernetes.pod.service_account}}',
    x509: {
      ttl: '24h',
      subject: 'O=Acme Corp,OU={{kubernetes.pod.namespace}}',
      dnsNames: ['{{kubernetes.pod.service_account}}.example.org'],
    },
    jwt: { ttl: '12h', additionalClaims: { namespace: '{{kubernetes.pod.namespace}}' } },
  },
}

describe('POST /v1/clusters/{clusterId}/claims', () => {
  it('answers with an identity for each workload, and the configuration that made it', async () => {
    policy(FULL)
    const answer = await askClaims(world, { workloads: [{ id: 'w1', attributes: WEB }] })
    expect(answer.status).toBe(200)
    expect(answer.body).toEqual({
      results: [
        {
          id: 'w1',
          spiffeId: 'spiffe://example.org/c-1/ns/default/sa/web',
          policy: { source: 'policy' },
          jwt: { ttlSeconds: 43_200, claims: { namespace: 'default' } },
          x509: { ttlSeconds: 86_400, subject: 'O=Acme Corp,OU=default', dnsNames: ['web.example.org'] },
        },
      ],
      configuration: {
        TrustDomainServerAttestation: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), stale: false },
        SVIDIssuancePolicy: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), stale: false },
      },
    })
    expect(answer.headers.get('Content-Type')).toBe('application/json')
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
  })

  it('names every section that was used, those that the sessions were checked against among them', async () => {
    policy(FULL)
    cluster({})
    attestation({})
    trustDomain({})
    const workloads = [{ id: 'w1', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }]
    const alone = [
      'Cluster',
      'SVIDIssuancePolicy',
      'TrustDomain',
      'TrustDomainServerAttestation',
      'WorkloadAttestation',
    ]
    const { body } = await askClaims(world, { workloads })
    expect(Object.keys(body['configuration'] as object).sort()).toEqual(alone)
    const withAgent = await askClaims(world, { workloads, agentSession: await agentSessionOf(world) })
    expect(Object.keys(withAgent.body['configuration'] as object).sort()).toEqual(['AgentAttestation', ...alone])
  })

  it.each<[string, object, Record<string, string>, string]>([
    ['k8s', {}, WEB, '/c-1/ns/default/sa/web'],
    ['eks', {}, WEB, '/c-1/ns/default/sa/web'],
    ['istio', {}, WEB, '/ns/default/sa/web'],
    ['eks-istio', {}, WEB, '/ns/default/sa/web'],
    ['linux', { name: 'vms' }, { 'linux.user.name': 'www' }, '/vms/www'],
  ])('knows the default path of the platform %s', async (platform, more, attributes, path) => {
    cluster({ platform, ...more })
    expect(await mapOne(world, attributes)).toMatchObject({
      spiffeId: `spiffe://example.org${path}`,
      policy: { source: 'default' },
      jwt: { ttlSeconds: 3600, claims: {} },
      x509: { ttlSeconds: 86_400, dnsNames: [] },
    })
  })

  it('gives one result for each workload, in order, and lets none spoil another', async () => {
    const workloads = [
      { id: 'b', attributes: WEB },
      { id: 'no-account', attributes: { 'kubernetes.pod.namespace': 'default' } },
      { id: 'unknown', attributes: { 'kubernetes.pod.nmae': 'x' } },
      { id: 'bad-pod', pod: { metadata: {} } },
      { id: 'no-container', pod: pod(), container: 'none' },
      { id: 'a', pod: pod() },
    ]
    const results = resultsOf(await askClaims(world, { workloads }))
    expect(results.map(({ id, error }) => [id, error?.code])).toEqual([
      ['b', undefined],
      ['no-account', 'attribute_missing'],
      ['unknown', 'attribute_unknown'],
      ['bad-pod', 'request_malformed'],
      ['no-container', 'container_unknown'],
      ['a', undefined],
    ])
    expect(results[1]?.error).toEqual({
      code: 'attribute_missing',
      attribute: 'kubernetes.pod.service_account',
      surface: 'pathTemplate',
      detail: expect.stringContaining('default('),
    })
    expect(results[2]?.error?.detail).toContain('kubernetes.pod.name')
  })

  it.each<[string, unknown, string]>([
    ['no workloads', {}, 'workloads'],
    ['an empty list', { workloads: [] }, 'workloads'],
    ['an unknown field', { workloads: [{ id: 'a', attributes: WEB }], more: 1 }, 'more'],
    ['an unknown field of a workload', { workloads: [{ id: 'a', attributes: WEB, more: 1 }] }, 'workloads[0].more'],
    ['a workload without an id', { workloads: [{ attributes: WEB }] }, 'workloads[0].id'],
    ['an empty id', { workloads: [{ id: '', attributes: WEB }] }, 'workloads[0].id'],
    ['neither attributes nor a pod', { workloads: [{ id: 'a' }] }, 'workloads[0]'],
    ['both attributes and a pod', { workloads: [{ id: 'a', attributes: WEB, pod: pod() }] }, 'workloads[0]'],
    [
      'a container without a pod',
      { workloads: [{ id: 'a', attributes: WEB, container: 'app' }] },
      'workloads[0].container',
    ],
    ['attributes that are a list', { workloads: [{ id: 'a', attributes: [] }] }, 'workloads[0].attributes'],
    ['a pod that is null', { workloads: [{ id: 'a', pod: null }] }, 'workloads[0].pod'],
    [
      'an id twice',
      {
        workloads: [
          { id: 'a', attributes: WEB },
          { id: 'b', attributes: WEB },
          { id: 'a', pod: pod() },
        ],
      },
      'workloads[2].id',
    ],
  ])('refuses %s', async (_what, body, where) => {
    const answer = await askClaims(world, body)
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([400, 'request_malformed', where])
    expect(answer.body['detail']).toContain(where)
    expect(answer.body['detail']).not.toContain('unknown')
  })

  it('refuses what is not JSON, a duplicate member, and another content type', async () => {
    expect((await askClaims(world, '{')).status).toBe(400)
    expect((await askClaims(world, '{"workloads":[],"workloads":[]}')).status).toBe(400)
    const headers = { 'Content-Type': 'text/plain', Authorization: `Bearer ${await sessionOf(world)}` }
    expect((await world.post(`/v1/clusters/${CLUSTER}/claims`, '{}', headers)).status).toBe(415)
  })

  it('does not know a cluster without documents, nor an id that is none', async () => {
    const body = { workloads: [{ id: 'a', attributes: WEB }] }
    expect(await askClaims(world, body, { clusterId: 'c-9' })).toMatchObject({
      status: 404,
      body: { code: 'cluster_unknown' },
    })
    world.store.reads.length = 0
    expect((await askClaims(world, body, { clusterId: '..%2Fx' })).status).toBe(404)
    expect(world.store.reads).toEqual([])
  })

  it.each(['SVIDIssuancePolicy', 'WorkloadAttestation', 'Cluster'])(
    'maps nothing by guess while %s has never compiled',
    async (section) => {
      put(world, `clusters/${CLUSTER}/${section}`, { nonsense: 1 })
      expect(await askClaims(world, { workloads: [{ id: 'a', attributes: WEB }] })).toMatchObject({
        status: 503,
        body: { code: 'configuration_invalid' },
      })
    },
  )
})

describe('what one request may bring', () => {
  const many = (count: number) => ({
    workloads: Array.from({ length: count }, (_, index) => ({ id: `w${index}`, attributes: WEB })),
  })

  it(`is ${CLAIMS_WORKLOADS_MAX} workloads and not one more`, async () => {
    const results = resultsOf(await askClaims(world, many(CLAIMS_WORKLOADS_MAX)))
    expect(results).toHaveLength(CLAIMS_WORKLOADS_MAX)
    expect(results.every(({ spiffeId }) => spiffeId !== undefined)).toBe(true)
    expect(await askClaims(world, many(CLAIMS_WORKLOADS_MAX + 1))).toMatchObject({
      status: 400,
      body: { where: 'workloads' },
    })
  })

  it('is a body up to its limit', async () => {
    const text = JSON.stringify(many(1))
    expect((await askClaims(world, text.padEnd(CLAIMS_BODY_MAX_BYTES))).status).toBe(200)
    expect(await askClaims(world, text.padEnd(CLAIMS_BODY_MAX_BYTES + 1))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    })
  })

  it('is nested up to its limit', async () => {
    // body > workloads > workload > pod > deep
    const deep = (depth: number): string => {
      const nested = `${'['.repeat(depth)}${']'.repeat(depth)}`
      return JSON.stringify({ workloads: [{ id: 'a', pod: { ...pod(), deep: '@' } }] }).replace('"@"', nested)
    }
    expect((await askClaims(world, deep(JSON_DEPTH_MAX - 4))).status).toBe(200)
    expect((await askClaims(world, deep(JSON_DEPTH_MAX - 3))).status).toBe(400)
  })

  it('is an id up to its limit', async () => {
    const withId = (id: string) => askClaims(world, { workloads: [{ id, attributes: WEB }] })
    const id = '🚪'.repeat(WORKLOAD_ID_MAX_LENGTH / 2)
    expect(resultsOf(await withId(id))[0]?.id).toBe(id)
    expect((await withId(`${id}x`)).status).toBe(400)
  })

  it('is so many attributes of a workload', async () => {
    const labels = (count: number) =>
      Object.fromEntries(Array.from({ length: count - 2 }, (_, index) => [`kubernetes.pod.label[l${index}]`, 'x']))
    expect(await mapOne(world, { ...WEB, ...labels(WORKLOAD_ATTRIBUTES_MAX) })).toHaveProperty('spiffeId')
    expect((await mapOne(world, { ...WEB, ...labels(WORKLOAD_ATTRIBUTES_MAX + 1) })).error?.code).toBe(
      'request_malformed',
    )
  })
})

describe('whom an attribute may come from', () => {
  it.each(
    CATALOGUE.filter((row) => row.side !== 'workload' && row.alsoWorkload !== true).map((row) =>
      row.name.replace(/<.*>/, 'x'),
    ),
  )('is not the workload for %s', async (name) => {
    expect((await mapOne(world, { ...WEB, [name]: 'x' })).error).toMatchObject({
      code: 'attribute_origin_forbidden',
      attribute: name,
    })
  })

  it('is not the workload by another spelling', async () => {
    expect((await mapOne(world, { ...WEB, 'spirl.realm': 'x' })).error?.code).toBe('attribute_origin_forbidden')
    expect((await mapOne(world, { ...WEB, 'aws_iid.ec2.instance.tag[a]': 'x' })).error?.code).toBe(
      'attribute_origin_forbidden',
    )
  })

  it.each([
    ['kubernetes.pod.label[app]', 'kubernetes.pod.label.app'],
    ['kubernetes.pod.label[a.b/c]', "kubernetes.pod.label.'a.b/c'"],
    ['kubernetes.pod.container.app.image.name', 'kubernetes.pod.container[app].image.name'],
    ['jwt.claim.x', 'jwt.claim[x]'],
  ])('is one spelling: %s and %s are one attribute', async (first, second) => {
    expect((await mapOne(world, { ...WEB, [first]: 'a', [second]: 'b' })).error).toMatchObject({
      code: 'attribute_duplicate',
      attribute: first,
    })
  })

  it('is the agent for its own, mixed with the workload in one template', async () => {
    policy({ policy: { pathTemplate: '/{{k8s_token.node.name}}/{{kubernetes.pod.service_account}}' } })
    const agentSession = await agentSessionOf(world)
    const own = { ...WEB, 'kubernetes.pod.node.name': NODE }
    expect((await mapOne(world, { attributes: own }, { agentSession })).spiffeId).toBe(
      `spiffe://example.org/${NODE}/web`,
    )
    expect((await mapOne(world, own)).error).toMatchObject({
      code: 'attribute_missing',
      attribute: 'k8s_token.node.name',
    })
  })

  it('is one side, for what both may supply', async () => {
    policy({ policy: { jwt: { additionalClaims: { team: '{{custom.team}}' } } } })
    const attributes = [
      { origin: 'extension', name: 'custom.team', value: 'blue' },
      { origin: 'k8s_token', name: 'k8s_token.node.name', value: NODE },
    ]
    const agentSession = await agentSessionOf(world, { attributes })
    const own = { ...WEB, 'kubernetes.pod.node.name': NODE }
    expect((await mapOne(world, own, { agentSession })).jwt?.claims).toEqual({ team: 'blue' })
    expect((await mapOne(world, { ...own, 'custom.team': 'red' })).jwt?.claims).toEqual({ team: 'red' })
    for (const name of ['custom.team', 'custom[team]', "custom.'team'"]) {
      expect((await mapOne(world, { ...own, [name]: 'red' }, { agentSession })).error).toMatchObject({
        code: 'attribute_conflict',
        attribute: 'custom.team',
      })
    }
  })
})

describe('a cluster speaks only for itself', () => {
  const BY_NAMESPACE = { policy: { pathTemplate: '/{{kubernetes.pod.namespace}}/{{kubernetes.pod.service_account}}' } }
  const inNamespace = (namespace: string) => mapOne(world, { ...WEB, 'kubernetes.pod.namespace': namespace })

  it('and renders paths under its prefixes, by whole segments', async () => {
    policy(BY_NAMESPACE)
    trustDomain({ [CLUSTER]: { name: 'one', pathPrefixes: ['/prod', '/eu/web'] } })
    expect((await inNamespace('prod')).spiffeId).toBe('spiffe://example.org/prod/web')
    expect((await inNamespace('eu')).spiffeId).toBe('spiffe://example.org/eu/web')
    for (const namespace of ['production', 'pro', 'dev']) {
      expect((await inNamespace(namespace)).error).toMatchObject({
        code: 'path_outside_cluster',
        surface: 'pathTemplate',
      })
    }
    expect(
      (await mapOne(world, { ...WEB, 'kubernetes.pod.namespace': 'eu', 'kubernetes.pod.service_account': 'db' })).error
        ?.code,
    ).toBe('path_outside_cluster')
  })

  it('and is called what TrustDomain calls it, whatever it says itself', async () => {
    cluster({ name: 'other' })
    expect((await mapOne(world, WEB)).spiffeId).toBe('spiffe://example.org/other/ns/default/sa/web')
    trustDomain({ [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] } })
    world.restart()
    expect((await mapOne(world, WEB)).spiffeId).toBe('spiffe://example.org/one/ns/default/sa/web')
  })

  it('so that two clusters never get each other’s paths', async () => {
    trustDomain({
      [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] },
      'c-2': { name: 'two', pathPrefixes: ['/two'] },
    })
    world.putPolicy('c-2')
    const template = { policy: { pathTemplate: '/{{kubernetes.pod.label[cluster]}}/{{kubernetes.pod.namespace}}' } }
    policy(template)
    put(world, 'clusters/c-2/SVIDIssuancePolicy', template)
    for (const [clusterId, own] of [
      [CLUSTER, 'one'],
      ['c-2', 'two'],
    ] as const) {
      for (const label of ['one', 'two']) {
        const result = await mapOne(world, { ...WEB, 'kubernetes.pod.label[cluster]': label }, { clusterId })
        if (label === own) expect(result.spiffeId).toBe(`spiffe://example.org/${own}/default`)
        else expect(result.error?.code).toBe('path_outside_cluster')
      }
    }
  })

  it.each(['spire', 'postern'])('and no value leads under /%s', async (reserved) => {
    policy(BY_NAMESPACE)
    expect((await inNamespace(reserved)).error).toMatchObject({
      code: 'path_reserved',
      attribute: 'kubernetes.pod.namespace',
    })
    policy({ policy: { pathTemplate: '/{{jwt.claim.path | segments}}' } })
    attestation({ jwt: { enabled: true, allowedIssuers: [{ issuer: 'https://issuer.example' }] } })
    world.restart()
    expect((await mapOne(world, { 'jwt.claim.path': `${reserved}/server` })).error?.code).toBe('path_reserved')
    expect((await mapOne(world, { 'jwt.claim.path': `x/${reserved}` })).spiffeId).toBe(
      `spiffe://example.org/x/${reserved}`,
    )
    cluster({ name: reserved })
    world.store.values.delete(`clusters/${CLUSTER}/SVIDIssuancePolicy`)
    world.restart()
    expect((await mapOne(world, WEB)).error?.code).toBe('path_reserved')
  })
})

describe('names that are special to JavaScript', () => {
  it.each(['__proto__', 'constructor', 'toString', 'prototype', 'hasOwnProperty'])(
    '%s is a name like any other',
    async (name) => {
      // As text: `__proto__` in an object literal is no member.
      world.store.put(
        `clusters/${CLUSTER}/SVIDIssuancePolicy`,
        `section: SVIDIssuancePolicy\nschema: v1\nspec:\n  policy:\n    jwt:\n      additionalClaims:\n        ${name}: "{{kubernetes.pod.label[${name}]}}"\n`,
      )
      const labels = `"kubernetes.pod.namespace":"default","kubernetes.pod.service_account":"web","kubernetes.pod.label[${name}]":"v"`
      const answer = await askClaims(world, `{"workloads":[{"id":"${name}","attributes":{${labels}}}]}`)
      expect(answer.text).toContain(`"claims":{"${name}":"v"}`)
      expect(answer.text).toContain(`{"id":"${name}","spiffeId":`)

      const withLabel = JSON.stringify({ workloads: [{ id: 'w', pod: pod() }] }).replace(
        '"labels":{',
        `"labels":{"${name}":"v",`,
      )
      expect((await askClaims(world, withLabel)).text).toContain(`"claims":{"${name}":"v"}`)

      const asAttribute = await askClaims(world, `{"workloads":[{"id":"w","attributes":{"${name}":"v"}}]}`)
      expect(resultsOf(asAttribute)[0]?.error).toMatchObject({ code: 'attribute_unknown', attribute: name })
      for (const body of [`{"${name}":1,"workloads":[]}`, `{"workloads":[{"id":"w","attributes":{},"${name}":{}}]}`]) {
        expect(await askClaims(world, body)).toMatchObject({ status: 400 })
      }
      expect(({} as Record<string, unknown>)['v']).toBeUndefined()
    },
  )
})

describe('overrides', () => {
  const when = (condition: object, path: string, more: object = {}) => ({
    when: condition,
    policy: { pathTemplate: path, ...more },
  })

  it('replace the policy as a whole; the first that matches wins', async () => {
    policy({
      ...FULL,
      policyOverrides: [
        when(
          { 'kubernetes.pod.namespace': 'prod', 'kubernetes.pod.label.tier': ['gold', 'silver'] },
          '/both/{{kubernetes.pod.service_account}}',
          { x509: { ttl: '4h' } },
        ),
        when({ 'kubernetes.pod.namespace': 'prod' }, '/prod/{{kubernetes.pod.service_account}}'),
        when({ 'kubernetes.pod.namespace': ['prod', 'dev'] }, '/late/{{kubernetes.pod.service_account}}'),
      ],
    })
    const of = (namespace: string, labels: object = {}) =>
      mapOne(world, { ...WEB, 'kubernetes.pod.namespace': namespace, ...labels })
    expect(await of('prod', { 'kubernetes.pod.label[tier]': 'silver' })).toEqual({
      id: 'w1',
      spiffeId: 'spiffe://example.org/both/web',
      policy: { source: 'override', index: 0 },
      // Nothing of the policy is left: claims, subject and names are those of nobody.
      jwt: { ttlSeconds: 3600, claims: {} },
      x509: { ttlSeconds: 14_400, dnsNames: [] },
    })
    expect((await of('prod', { 'kubernetes.pod.label[tier]': 'bronze' })).policy).toEqual({
      source: 'override',
      index: 1,
    })
    expect((await of('prod')).policy).toEqual({ source: 'override', index: 1 })
    expect((await of('dev')).policy).toEqual({ source: 'override', index: 2 })
    expect((await of('production')).policy).toEqual({ source: 'policy' })
  })

  it('match a multi-valued attribute by any of its values, and never an absent one', async () => {
    attestation({ linux: { enabled: true } })
    policy({
      policyOverrides: [when({ 'linux.supp_group.name': 'wheel' }, '/admin/{{linux.user.name}}')],
      policy: { pathTemplate: '/{{linux.user.name}}' },
    })
    const of = (more: object) => mapOne(world, { 'linux.user.name': 'www', ...more })
    expect((await of({ 'linux.supp_group.name': ['users', 'wheel'] })).policy?.index).toBe(0)
    expect((await of({ 'linux.supp_group.name': 'wheel' })).policy?.index).toBe(0)
    expect((await of({ 'linux.supp_group.name': ['users'] })).policy?.source).toBe('policy')
    expect((await of({ 'linux.supp_group.name': [] })).policy?.source).toBe('policy')
    expect((await of({})).policy?.source).toBe('policy')
  })

  it('match what the agent proves', async () => {
    policy({ policyOverrides: [when({ 'k8s_token.node.name': NODE }, '/on/{{k8s_token.node.name}}')] })
    const workload = { attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }
    expect((await mapOne(world, workload, { agentSession: await agentSessionOf(world) })).policy?.index).toBe(0)
    expect((await mapOne(world, workload)).policy?.source).toBe('policy')
  })

  it('that ask for an attribute nobody sends refuse whoever they are not decided for', async () => {
    policy({
      policyOverrides: [
        when({ 'kubernetes.pod.namespace': 'early' }, '/early/x'),
        when({ 'kubernetes.container.name': 'app' }, '/container/x'),
        when({ 'kubernetes.pod.namespace': 'late' }, '/late/x'),
      ],
    })
    const of = (namespace: string) => mapOne(world, { ...WEB, 'kubernetes.pod.namespace': namespace })
    expect((await of('early')).spiffeId).toBe('spiffe://example.org/early/x')
    for (const namespace of ['late', 'default']) {
      expect((await of(namespace)).error).toMatchObject({
        code: 'attribute_not_enabled',
        attribute: 'kubernetes.container.name',
        detail: expect.stringContaining('includeContainerAttributes'),
      })
    }
  })
})

describe('conditions of overrides', () => {
  const conditional = (condition: string, more: object = {}): void =>
    policy({
      policyOverrides: [
        { ...more, condition, policy: { pathTemplate: '/special/{{kubernetes.pod.service_account}}' } },
      ],
    })

  it('hold beside when, and refuse by themselves alone where they cannot be told', async () => {
    conditional('kubernetes.pod.label["tier"] == "gold"', { when: { 'kubernetes.pod.namespace': 'prod' } })
    const of = (namespace: string, labels: object = {}) =>
      mapOne(world, { ...WEB, 'kubernetes.pod.namespace': namespace, ...labels })
    expect((await of('prod', { 'kubernetes.pod.label[tier]': 'gold' })).policy).toEqual({
      source: 'override',
      index: 0,
    })
    expect((await of('prod', { 'kubernetes.pod.label[tier]': 'iron' })).policy).toEqual({ source: 'policy' })
    expect((await of('dev')).policy).toEqual({ source: 'policy' })
    world.records.length = 0
    expect((await of('prod')).error?.code).toBe('condition_fault')
    // The expression is the operator's to see, and not the issuer's.
    expect(world.records).toMatchObject([
      {
        refusals: [
          { id: 'w1', code: 'condition_fault', expected: { fault: 'no_such_key', condition: expect.any(String) } },
        ],
      },
    ])
    expect((await of('prod')).error?.detail).not.toContain('gold')
  })

  it('that read what agents of the cluster do not send refuse, lest they be passed over', async () => {
    conditional('has(kubernetes.container.name) && kubernetes.container.name == "app"')
    expect((await mapOne(world, WEB)).error).toMatchObject({
      code: 'attribute_not_enabled',
      attribute: 'kubernetes.container.name',
    })
    cluster({ includeContainerAttributes: true })
    world.restart()
    expect((await mapOne(world, { ...WEB, 'kubernetes.container.name': 'app' })).policy?.index).toBe(0)
    expect((await mapOne(world, WEB)).policy?.source).toBe('policy')
  })
})

describe('what a cluster has to enable', () => {
  const NOT_ENABLED: readonly [string, object, object][] = [
    ['kubernetes.container.name', { Cluster: { includeContainerAttributes: true } }, {}],
    [
      'kubernetes.pod.annotation[example.com/team]',
      { WorkloadAttestation: { kubernetes: { includeAnnotationPrefixes: ['example.com/'] } } },
      { WorkloadAttestation: { kubernetes: { includeAnnotationPrefixes: ['other.io/'] } } },
    ],
    ['docker.container.label[a]', { WorkloadAttestation: { docker: { enabled: true } } }, {}],
    ['systemd.id', { WorkloadAttestation: { systemd: { enabled: true } } }, {}],
  ]

  it.each(NOT_ENABLED)('is asked for %s, and nothing else is refused for it', async (name, enabled, not) => {
    const claim = { jwt: { additionalClaims: { a: `{{${name} | default("none")}}` } } }
    policy({ policy: claim, policyOverrides: [{ when: { 'kubernetes.pod.namespace': 'plain' }, policy: {} }] })
    for (const [section, spec] of Object.entries(not)) put(world, `clusters/${CLUSTER}/${section}`, spec)
    expect((await mapOne(world, WEB)).error).toMatchObject({ code: 'attribute_not_enabled', attribute: name })
    expect(await mapOne(world, { ...WEB, 'kubernetes.pod.namespace': 'plain' })).toHaveProperty('spiffeId')
    for (const [section, spec] of Object.entries(enabled)) put(world, `clusters/${CLUSTER}/${section}`, spec)
    world.restart()
    expect((await mapOne(world, WEB)).jwt?.claims).toEqual({ a: 'none' })
  })

  it.each<[string, object]>([
    ['a template', { policy: { pathTemplate: '/x/{{aws_iid.account.id}}' } }],
    ['an override', { policyOverrides: [{ when: { 'aws_iid.account.id': '1' }, policy: {} }] }],
    ['a condition', { policyOverrides: [{ condition: 'has(aws_iid.account.id)', policy: {} }] }],
  ])('is an attestor, where %s waits for what no agent of it proves', async (_what, spec) => {
    policy({ policy: {}, ...spec })
    const agentSession = await agentSessionOf(world)
    const workload = { ...WEB, 'kubernetes.pod.node.name': NODE }
    expect((await mapOne(world, workload, { agentSession })).error).toMatchObject({
      code: 'attribute_not_enabled',
      attribute: 'aws_iid.account.id',
    })
  })

  it('is asked for by the default path as well', async () => {
    attestation({ kubernetes: { enabled: false } })
    expect((await mapOne(world, WEB)).error?.code).toBe('attribute_not_enabled')
  })

  it('warns of attributes that came and were not used', async () => {
    const { warnings } = await mapOne(world, { ...WEB, 'kubernetes.container.name': 'app' })
    expect(warnings).toEqual([
      { code: 'attribute_dropped', detail: expect.stringContaining('kubernetes.container.name') },
    ])
  })

  it.each<[string, object, string, number | undefined]>([
    ['a key with a slash', { pathTemplate: '/{{kubernetes.pod.label[a/b]}}' }, '0.28.0', undefined],
    ['additionalClaims', { jwt: { additionalClaims: { a: '{{kubernetes.pod.name}}' } } }, '0.36.0', undefined],
  ])('is a server new enough for %s', async (_what, spec, version) => {
    policy({ policy: spec, policyOverrides: [{ when: { 'kubernetes.pod.namespace': 'plain' }, policy: {} }] })
    const attributes = { ...WEB, 'kubernetes.pod.name': 'p', 'kubernetes.pod.label[a/b]': 'x' }
    cluster({ serverVersion: '0.27.9' })
    const { error } = await mapOne(world, attributes)
    expect(error).toMatchObject({ code: 'version_required', detail: expect.stringContaining(version) })
    expect(await mapOne(world, { ...attributes, 'kubernetes.pod.namespace': 'plain' })).toHaveProperty('spiffeId')
    cluster({ serverVersion: version })
    world.restart()
    expect(await mapOne(world, attributes)).toHaveProperty('spiffeId')
  })
})

describe('templates from before managed configuration', () => {
  const legacy = {
    pathTemplate: '/old/{{kubernetes.pod.namespace}}',
    jwtCustomizationTemplate: 'ns={{kubernetes.pod.namespace}},sa={{kubernetes.pod.service_account}}',
    x509CustomizationTemplate:
      'CN={{kubernetes.pod.service_account}},O=Acme\\, Inc,SAN.DNS={{kubernetes.pod.service_account}}.svc',
  }

  it('hold where the policy says nothing', async () => {
    policy({ legacy })
    expect(await mapOne(world, WEB)).toMatchObject({
      spiffeId: 'spiffe://example.org/old/default',
      jwt: { claims: { ns: 'default', sa: 'web' } },
      x509: { subject: 'CN=web,O=Acme\\, Inc', dnsNames: ['web.svc'] },
    })
  })

  it('give way to the policy, but for names of certificates', async () => {
    policy({ ...FULL, legacy })
    expect(await mapOne(world, WEB)).toMatchObject({
      spiffeId: 'spiffe://example.org/c-1/ns/default/sa/web',
      jwt: { claims: { namespace: 'default' } },
      x509: { subject: 'O=Acme Corp,OU=default', dnsNames: ['web.example.org', 'web.svc'] },
    })
  })

  it('refuse nobody for an attribute that the policy does not take from them', async () => {
    policy({
      policy: { pathTemplate: '/new/{{kubernetes.pod.namespace}}' },
      legacy: { pathTemplate: '/{{kubernetes.container.name}}' },
    })
    expect((await mapOne(world, WEB)).spiffeId).toBe('spiffe://example.org/new/default')
  })
})

describe('the table of the documentation, through the endpoint with a pod', () => {
  const SEED: readonly [name: string, value: string, mend?: string][] = [
    ['kubernetes.pod.image_count', '2'],
    ['kubernetes.pod.init_image_count', '1'],
    ['kubernetes.pod.name', 'web-1-x7'],
    ['kubernetes.pod.namespace', 'default'],
    ['kubernetes.pod.uid', '316ea285-b878-4d20-a9fe-2e1c79b0f083'],
    ['kubernetes.pod.node.name', NODE],
    ['kubernetes.pod.owner', 'ReplicaSet:web-1', 'replace(":", "-")'],
    ['kubernetes.pod.owner_uid', '00000000-1111-2222-3333-444444444444'],
    ['kubernetes.pod.service_account', 'web'],
    ['kubernetes.pod.label[app]', 'web'],
    ['kubernetes.pod.label[app.kubernetes.io/name]', 'shop'],
    ['kubernetes.pod.annotation[example.com/team]', 'Blue Team', 'replace(" ", "-")'],
    ['kubernetes.container.name', 'app'],
    ['kubernetes.container.image.name', 'registry.example.com/web:1.2', 'replace("/", "-") | replace(":", "-")'],
    [
      'kubernetes.container.image.id',
      'registry.example.com/web@sha256:abc',
      'replace("/", "-") | replace("@", "-") | replace(":", "-")',
    ],
  ]
  const NOT_IN_PATHS: readonly [name: string, value: string][] = [
    ['kubernetes.pod.container.app.image.name', 'registry.example.com/web:1.2'],
    ['kubernetes.pod.container.app.image.id', 'registry.example.com/web@sha256:abc'],
    ['kubernetes.pod.init_container.init.image.name', 'busybox:1'],
    ['kubernetes.pod.init_container.init.image.id', 'busybox@sha256:def'],
  ]
  const mapPod = (): Promise<Result> => mapOne(world, { pod: pod(), container: 'app' })

  beforeEach(() => {
    cluster({ includeContainerAttributes: true })
    attestation({ kubernetes: { includeAnnotationPrefixes: ['example.com/'] } })
  })

  it.each([...SEED, ...NOT_IN_PATHS])('has %s in a claim and in a subject', async (name, value) => {
    policy({ policy: { jwt: { additionalClaims: { a: `{{${name}}}` } }, x509: { subject: `L={{${name}}}` } } })
    const { jwt, x509 } = await mapPod()
    expect(jwt?.claims).toEqual({ a: value })
    expect(x509?.subject).toBe(`L=${value}`)
  })

  it.each(SEED)('has %s in a path, or says which filter it takes', async (name, value, mend) => {
    policy({ policy: { pathTemplate: `/x/{{${name}}}` } })
    const plain = await mapPod()
    if (mend === undefined) {
      expect(plain.spiffeId).toBe(`spiffe://example.org/x/${value}`)
      return
    }
    expect(plain.error).toMatchObject({ code: 'attribute_invalid', attribute: name, surface: 'pathTemplate' })
    expect(plain.error?.detail).toContain(`use the filter ${mend.split(' | ')[0]}`)
    policy({ policy: { pathTemplate: `/x/{{${name} | ${mend}}}` } })
    world.restart()
    expect((await mapPod()).spiffeId).toBe(`spiffe://example.org/x/${value.replaceAll(/[^A-Za-z0-9._-]/g, '-')}`)
  })

  it.each(NOT_IN_PATHS)('does not let %s into a path: the document does not compile', async (name) => {
    policy({ policy: { pathTemplate: `/x/{{${name} | replace("/", "-")}}` } })
    expect(await askClaims(world, { workloads: [{ id: 'a', pod: pod() }] })).toMatchObject({
      status: 503,
      body: { code: 'configuration_invalid' },
    })
    expect(JSON.stringify(world.records)).toContain('attribute_surface_forbidden')
  })

  it('leaves annotations and the container out until they are enabled', async () => {
    cluster({})
    attestation({})
    for (const name of ['kubernetes.pod.annotation[example.com/team]', 'kubernetes.container.name']) {
      policy({ policy: { jwt: { additionalClaims: { a: `{{${name}}}` } } } })
      world.restart()
      expect((await mapPod()).error).toMatchObject({ code: 'attribute_not_enabled', attribute: name })
    }
  })

  it('takes an empty label into a claim and never into a path', async () => {
    policy({ policy: { jwt: { additionalClaims: { a: '{{kubernetes.pod.label[empty]}}' } } } })
    expect((await mapPod()).jwt?.claims).toEqual({ a: '' })
    policy({ policy: { pathTemplate: '/{{kubernetes.pod.label[empty] | default("x")}}' } })
    world.restart()
    expect((await mapPod()).error).toMatchObject({
      code: 'attribute_invalid',
      attribute: 'kubernetes.pod.label[empty]',
    })
  })
})

describe('the audit record', () => {
  it('is one for a request in which all was granted, and counts', async () => {
    policy(FULL)
    const agentSession = await agentSessionOf(world)
    const attributes = { ...WEB, 'kubernetes.pod.node.name': NODE }
    const workloads = ['a', 'b'].map((id) => ({ id, attributes }))
    const answer = await askClaims(world, { agentSession, workloads })
    expect(answer.status).toBe(200)
    expect(world.records).toEqual([
      {
        v: 1,
        event: 'mapping',
        time: expect.any(String),
        durationMs: expect.any(Number),
        requestId: answer.headers.get('X-Request-Id'),
        clusterId: CLUSTER,
        outcome: 'granted',
        status: 200,
        configuration: ['TrustDomainServerAttestation', 'SVIDIssuancePolicy', 'AgentAttestation'].map((section) => ({
          section,
          digest: expect.any(String),
          stale: false,
        })),
        issuer: { id: expect.any(String), subject: expect.stringContaining('/postern/issuer/') },
        agent: { id: expect.any(String), subject: expect.stringContaining('/postern/agent/c-1/') },
        workloads: 2,
        granted: 2,
        refused: 0,
      },
    ])
  })

  it('is one for a request in which something was refused, and tells which workloads', async () => {
    policy(FULL)
    const agentSession = await agentSessionOf(world)
    const session = await sessionOf(world)
    const workloads = [
      { id: 'good', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } },
      { id: 'bad', attributes: { 'kubernetes.pod.node.name': NODE } },
      { id: 'elsewhere', attributes: { ...WEB, 'kubernetes.pod.node.name': 'other' } },
    ]
    const answer = await askClaims(world, { agentSession, workloads }, { session })
    expect(world.records).toEqual([
      {
        v: 1,
        event: 'mapping',
        time: expect.any(String),
        durationMs: expect.any(Number),
        requestId: answer.headers.get('X-Request-Id'),
        clusterId: CLUSTER,
        outcome: 'refused',
        status: 200,
        configuration: ['TrustDomainServerAttestation', 'SVIDIssuancePolicy', 'AgentAttestation'].map((section) => ({
          section,
          digest: expect.any(String),
          stale: false,
        })),
        issuer: { id: expect.any(String), subject: expect.stringContaining('/postern/issuer/') },
        agent: { id: expect.any(String), subject: expect.stringContaining('/postern/agent/c-1/') },
        workloads: 3,
        granted: 1,
        refused: 2,
        refusals: [
          { id: 'bad', code: 'attribute_missing', attribute: 'kubernetes.pod.namespace', surface: 'pathTemplate' },
          { id: 'elsewhere', code: 'node_mismatch', attribute: 'kubernetes.pod.node.name' },
        ],
      },
    ])
    for (const token of [session, agentSession]) {
      for (const part of token.split('.')) expect(JSON.stringify(world.records)).not.toContain(part)
      expect(answer.text).not.toContain(token)
    }
  })

  it('lists so many workloads and counts the rest', async () => {
    const count = AUDITED_WORKLOADS_MAX + 5
    const workloads = Array.from({ length: count }, (_, index) => ({ id: `w${index}`, attributes: {} }))
    expect(resultsOf(await askClaims(world, { workloads }))).toHaveLength(count)
    expect(world.records).toMatchObject([{ workloads: count, refusalsOmitted: 5 }])
    expect((world.records[0] as MappingRecord).refusals).toHaveLength(AUDITED_WORKLOADS_MAX)
  })

  it('tells why a request was refused whole, and holds no token of it', async () => {
    const token = await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) })
    const answers: Answer[] = [
      await askClaims(world, { workloads: [] }, { session: token }),
      await askClaims(world, { workloads: [], [token]: token }),
      await askClaims(world, { agentSession: token, workloads: [{ id: 'a', attributes: WEB }] }),
    ]
    expect(world.records.map((record) => ('code' in record ? record.code : undefined))).toEqual([
      'session_malformed',
      'request_malformed',
      'session_malformed',
    ])
    for (const part of token.split('.')) {
      expect(JSON.stringify(world.records)).not.toContain(part)
      for (const { text } of answers) expect(text).not.toContain(part)
    }
  })
})

describe('whatever the body is', () => {
  it('has one result for each workload or is refused, and never fails', async () => {
    const names = fc.constantFrom(
      'kubernetes.pod.namespace',
      'kubernetes.pod.service_account',
      'kubernetes.pod.name',
      '__proto__',
      'jwt.claim.x',
    )
    const workload = fc.record(
      {
        id: fc.string(),
        attributes: fc.oneof(
          fc.dictionary(names, fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue())),
          fc.jsonValue(),
        ),
        pod: fc.oneof(
          fc.jsonValue(),
          fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() }),
          fc.constant(pod()),
        ),
        container: fc.jsonValue(),
      },
      { requiredKeys: ['id'] },
    )
    const session = await sessionOf(world)
    await fc.assert(
      fc.asyncProperty(fc.array(workload, { maxLength: 4 }), async (workloads) => {
        const answer = await askClaims(world, { workloads }, { session })
        expect([200, 400]).toContain(answer.status)
        if (answer.status === 200) expect(resultsOf(answer).map(({ id }) => id)).toEqual(workloads.map(({ id }) => id))
      }),
      { numRuns: 200 },
    )
  })
})
