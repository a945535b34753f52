// Identities of workloads without an agent: the gates are those of claims, the evidence is treated as at a login, and what
// comes out is one identity and never a session.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LOGIN_BODY_MAX_BYTES } from '../../../src/core/limits.ts'
import type { ServerlessRecord } from '../../../src/gateway/audit/audit.ts'
import { type Device, makeDevice } from '../../attest/made-up/agents.ts'
import { WITH_MADE_UP } from '../../attest/made-up/made-up.ts'
import { type Desk, startDesk } from '../../attest/made-up/webhook-server.ts'
import { type Answer, createWorld, ISSUER_URL, type World } from '../fixture.ts'
import { agentSessionOf, CLUSTER, put, putBaseline, resign, serverPolicy, sessionOf, WEB } from '../mapping-world.ts'

let world: World
let desk: Desk
let device: Device
beforeAll(async () => {
  ;[world, desk, device] = await Promise.all([
    createWorld({ stateless: true, attestors: WITH_MADE_UP }),
    startDesk(),
    makeDevice(),
  ])
})
afterAll(() => Promise.all([world.stop(), desk.stop()]))
beforeEach(() => {
  putBaseline(world)
  putPolicies(CLUSTER, [policy()])
  putPolicies(undefined, [policy({ svidPolicy: { pathTemplate: '/fn/{{k8s_token.namespace}}' } })])
  desk.answer({ allowed: true })
  desk.asked.length = 0
  world.issuer.setDown(false)
  world.store.readTrouble = 'none'
  world.replay.trouble = 'none'
  world.isTakingRecords = true
  world.records.length = 0
  world.restart()
})

const place = (clusterId: string | undefined): string =>
  clusterId === undefined ? 'trust-domain' : `clusters/${clusterId}`
const putPolicies = (clusterId: string | undefined, policies: readonly object[]): void =>
  put(world, `${place(clusterId)}/ServerlessAttestation`, { policies })
const token = (config: object = {}): object => ({
  type: 'k8s_token',
  config: { issuerURL: world.issuer.issuer, ...config },
})
const policy = (more: object = {}): object => ({
  name: 'functions',
  requiredAttestors: [token()],
  svidPolicy: { pathTemplate: '/fn/{{cluster.name}}/{{k8s_token.namespace}}/{{k8s_token.service_account.name}}' },
  ...more,
})
const evidence = async (change: Parameters<World['issuer']['mint']>[0] = {}): Promise<object> => ({
  type: 'k8s_token',
  evidence: { token: await world.issuer.mint(change) },
})

interface Asking {
  readonly clusterId?: string | undefined
  readonly attestations?: readonly object[]
  readonly session?: string
  readonly body?: string
}
async function ask(asking: Asking = {}): Promise<Answer> {
  const clusterId = 'clusterId' in asking ? asking.clusterId : CLUSTER
  const { attestations = [await evidence()], session = await sessionOf(world) } = asking
  return world.post(`/v1/${place(clusterId)}/serverless`, asking.body ?? JSON.stringify({ attestations }), {
    'Content-Type': 'application/json',
    ...(session === '' ? {} : { Authorization: `Bearer ${session}` }),
  })
}
const record = (): ServerlessRecord => {
  const last = world.records.at(-1)
  if (last?.event !== 'serverless') throw new Error(`the last record is of ${last?.event}`)
  return last
}

describe('an identity', () => {
  it('is what the policy says, of what the evidence proved', async () => {
    const svidPolicy = {
      pathTemplate: '/fn/{{cluster.name}}/{{k8s_token.namespace}}',
      jwt: { ttl: '30m', additionalClaims: { account: '{{k8s_token.service_account.name}}' } },
      x509: {
        ttl: '2h',
        subject: 'O=Acme,CN={{k8s_token.namespace}}',
        dnsNames: ['{{k8s_token.namespace}}.example.org'],
      },
    }
    putPolicies(CLUSTER, [policy({ svidPolicy })])
    put(world, `clusters/${CLUSTER}/Cluster`, { name: 'prod', platform: 'serverless' })
    const answer = await ask()
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        spiffeId: 'spiffe://example.org/fn/prod/spirl-system',
        policy: { source: 'policy', name: 'functions' },
        jwt: { ttlSeconds: 1800, claims: { account: 'spirl-agent' } },
        x509: { ttlSeconds: 7200, subject: 'O=Acme,CN=spirl-system', dnsNames: ['spirl-system.example.org'] },
        clusterId: CLUSTER,
        configuration: expect.objectContaining({
          ServerlessAttestation: { digest: expect.stringMatching(/^sha256:/), stale: false },
          Cluster: expect.anything(),
        }),
      },
    ])
    expect(record()).toMatchObject({
      outcome: 'granted',
      status: 200,
      clusterId: CLUSTER,
      policy: 'functions',
      spiffeId: 'spiffe://example.org/fn/prod/spirl-system',
      issuer: { subject: expect.stringContaining('/postern/issuer/') },
      evidence: [{ type: 'k8s_token', digest: expect.any(String) }],
      attributes: expect.arrayContaining([{ origin: 'k8s_token', name: 'k8s_token.namespace', value: 'spirl-system' }]),
    })
  })

  it('of the trust domain belongs to no cluster', async () => {
    const answer = await ask({ clusterId: undefined })
    expect(answer.body).toMatchObject({ spiffeId: 'spiffe://example.org/fn/spirl-system' })
    expect(Object.keys(answer.body)).not.toContain('clusterId')
    expect(Object.keys(answer.body['configuration'] as object)).toContain('trust-domain/ServerlessAttestation')
    expect(record()).not.toHaveProperty('clusterId')
  })

  it('is that of the first satisfied policy, by the evidence of that policy alone', async () => {
    putPolicies(CLUSTER, [
      policy({ name: 'other', requiredAttestors: [token({ serviceAccountName: 'other' })] }),
      policy(),
      policy({ name: 'late', svidPolicy: { pathTemplate: '/late' } }),
    ])
    expect((await ask()).body['policy']).toEqual({ source: 'policy', name: 'functions' })
  })

  it('never comes with a session, and no answer holds the evidence', async () => {
    const jwt = await world.issuer.mint()
    const attestations = [{ type: 'k8s_token', evidence: { token: jwt } }]
    const granted = await ask({ attestations })
    putPolicies(CLUSTER, [policy({ requiredAttestors: [token({ serviceAccountName: 'other' })] })])
    world.restart()
    for (const { status, text, body } of [granted, await ask({ attestations })]) {
      expect(Object.keys(body)).not.toContain('session')
      expect([status, text.includes('eyJ'), text.includes(jwt)]).toEqual([status, false, false])
    }
    expect(JSON.stringify(world.records)).not.toContain('eyJ')
  })
})

const EVERYWHERE = { until: '9999-01-01T00:00:00Z', reason: 'test' }

/** Each gate of the claims route: what closes it, and what both routes answer then. */
const GATES: readonly (readonly [gate: string, told: string, asking: () => Promise<Asking>])[] = [
  ['a malformed cluster id', '404 cluster_unknown', async () => ({ clusterId: 'a.b' })],
  ['no session', '401 session_missing', async () => ({ session: '' })],
  ['a session that is none', '401 session_malformed', async () => ({ session: 'x' })],
  [
    'a session that has expired',
    '401 session_expired',
    async () => ({ session: await sessionOf(world, { ageSeconds: 7200 }) }),
  ],
  ['the session of an agent', '403 session_role_forbidden', async () => ({ session: await agentSessionOf(world) })],
  [
    'a session without the scope',
    '403 session_scope_forbidden',
    async () => ({ session: await sessionOf(world, { scopes: ['status'] }) }),
  ],
  [
    'a scope that the document took away',
    '403 session_scope_forbidden',
    async () => {
      put(world, 'trust-domain/TrustDomainServerAttestation', {
        policies: [serverPolicy(world, 'issuer', { scopes: ['status'] })],
      })
      return {}
    },
  ],
  [
    'a session of other clusters',
    '403 session_cluster_forbidden',
    async () => ({ session: await sessionOf(world, { allowedClusters: ['c-2'] }) }),
  ],
  [
    'a policy that is gone',
    '401 session_revoked',
    async () => ({ session: await resign(world, await sessionOf(world), { policy: 'gone' }) }),
  ],
  [
    'sessionsNotBefore',
    '401 session_revoked',
    async () => {
      put(world, 'trust-domain/TrustDomain', { sessionsNotBefore: '9998-01-01T00:00:00Z' })
      return {}
    },
  ],
  [
    'a lock of the trust domain',
    '403 cluster_locked',
    async () => {
      put(world, 'trust-domain/Revocations', { lock: EVERYWHERE })
      return {}
    },
  ],
  [
    'a lock of the cluster',
    '403 cluster_locked',
    async () => {
      put(world, `clusters/${CLUSTER}/Revocations`, { lock: EVERYWHERE })
      return {}
    },
  ],
  ['a cluster that is not stored', '404 cluster_unknown', async () => ({ clusterId: 'c-9' })],
  [
    'a Cluster that never compiled',
    '503 configuration_invalid',
    async () => {
      put(world, `clusters/${CLUSTER}/Cluster`, { platform: 1 })
      return {}
    },
  ],
  [
    'a TrustDomain that never compiled',
    '503 configuration_invalid',
    async () => {
      put(world, 'trust-domain/TrustDomain', 1)
      return {}
    },
  ],
  [
    'Revocations that never compiled',
    '503 configuration_invalid',
    async () => {
      put(world, `clusters/${CLUSTER}/Revocations`, 1)
      return {}
    },
  ],
  [
    'a store that cannot be read',
    '503 store_unavailable',
    async () => {
      world.store.readTrouble = 'error'
      return {}
    },
  ],
  [
    'a cluster that is not listed',
    '403 cluster_unlisted',
    async () => {
      put(world, 'trust-domain/TrustDomain', { clusters: { 'c-2': { name: 'two', pathPrefixes: ['/two'] } } })
      return {}
    },
  ],
  [
    'the name of a listed cluster',
    '403 cluster_name_taken',
    async () => {
      put(world, 'trust-domain/TrustDomain', {
        unlisted: 'warn',
        clusters: { 'c-2': { name: 'two', pathPrefixes: ['/two'] } },
      })
      put(world, `clusters/${CLUSTER}/Cluster`, { name: 'two' })
      return {}
    },
  ],
  [
    'an agent that is required',
    '422 agent_session_required',
    async () => {
      put(world, `clusters/${CLUSTER}/Cluster`, { requireAgentSession: true })
      return {}
    },
  ],
  [
    'a node that is required',
    '422 node_required',
    async () => {
      put(world, `clusters/${CLUSTER}/Cluster`, { requireNode: true })
      return {}
    },
  ],
  ['a body that is malformed', '400 request_malformed', async () => ({ body: '{}' })],
  ['a body of another type', '415 content_type_unsupported', async () => ({})],
  [
    'an audit stream that takes nothing',
    '503 audit_unavailable',
    async () => {
      world.isTakingRecords = false
      return {}
    },
  ],
]

describe('a gate of claims', () => {
  it.each(GATES)('holds here too: %s', async (gate, told, asking) => {
    const asked = await asking()
    world.restart()
    const { clusterId = CLUSTER, session = await sessionOf(world), body } = asked
    const type = gate === 'a body of another type' ? 'text/plain' : 'application/json'
    const headers = { 'Content-Type': type, ...(session === '' ? {} : { Authorization: `Bearer ${session}` }) }
    const send = async (route: string, sent: object): Promise<string> => {
      const path = `/v1/clusters/${clusterId}/${route}`
      const answer = await world.post(path, body ?? JSON.stringify(sent), headers)
      return `${answer.status} ${answer.body.code}`
    }
    const answered = [
      await send('claims', { workloads: [{ id: 'w', attributes: WEB }] }),
      await send('serverless', { attestations: [await evidence()] }),
    ]
    expect(answered).toEqual([told, told])
    if (world.isTakingRecords) expect(record()).toMatchObject({ outcome: 'refused', code: told.split(' ')[1] })
    // No gate was passed by a part of the way: nothing was verified, and nobody was asked.
    expect(world.records.filter((one) => one.event === 'serverless').every((one) => !('policy' in one))).toBe(true)
  })

  it('holds a body over the limit', async () => {
    const answer = await ask({ body: ' '.repeat(LOGIN_BODY_MAX_BYTES + 1) })
    expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large'])
    const padded = JSON.stringify({ attestations: [await evidence()] }).padEnd(LOGIN_BODY_MAX_BYTES)
    expect((await ask({ body: padded })).status).toBe(200)
  })

  it.each([
    ['by its own list', async () => sessionOf(world, { allowedClusters: [CLUSTER] })],
    [
      'by the document',
      async () => {
        put(world, 'trust-domain/TrustDomainServerAttestation', {
          policies: [serverPolicy(world, 'issuer', { allowedClusters: [CLUSTER] })],
        })
        return sessionOf(world)
      },
    ],
  ])('keeps an issuer of some clusters from the trust domain, %s', async (_what, session) => {
    const narrow = await session()
    const answer = await ask({ clusterId: undefined, session: narrow })
    expect([answer.status, answer.body.code]).toEqual([403, 'session_cluster_forbidden'])
    expect(answer.headers.get('WWW-Authenticate')).toContain('insufficient_scope')
    expect((await ask({ session: narrow })).status).toBe(200)
  })
})

describe('a path', () => {
  const LISTED = { [CLUSTER]: { name: 'one', pathPrefixes: ['/one'] }, 'c-2': { name: 'two', pathPrefixes: ['/two'] } }
  it.each<[string, string | undefined, string, string]>([
    ['inside the prefixes of its cluster', CLUSTER, '/one/{{k8s_token.namespace}}', '200'],
    ['outside of them', CLUSTER, '/fn/{{k8s_token.namespace}}', '422 path_outside_cluster'],
    ['of another cluster', CLUSTER, '/two/{{k8s_token.namespace}}', '422 path_outside_cluster'],
    ['of the trust domain, outside every prefix', undefined, '/fn/{{k8s_token.namespace}}', '200'],
    ['of the trust domain, under a prefix of a cluster', undefined, '/two/x', '422 path_outside_cluster'],
    ['of the trust domain, which only begins as a prefix does', undefined, '/twofold/x', '200'],
  ])('%s', async (_what, clusterId, pathTemplate, told) => {
    put(world, 'trust-domain/TrustDomain', { clusters: LISTED })
    putPolicies(clusterId, [policy({ svidPolicy: { pathTemplate } })])
    const { status, body } = await ask({ clusterId })
    expect([status, body.code].filter((one) => one !== undefined).join(' ')).toBe(told)
  })

  it.each<[string, object, Readonly<Record<string, unknown>>, string]>([
    ['that is reserved', { pathTemplate: '/{{custom_jwt.claim.first}}/x' }, { first: 'spire' }, 'path_reserved'],
    ['of a claim that is absent', { pathTemplate: '/{{custom_jwt.claim.first}}' }, {}, 'attribute_missing'],
    [
      'of a value that adds a segment',
      { pathTemplate: '/{{custom_jwt.claim.first}}' },
      { first: 'a/b' },
      'attribute_invalid',
    ],
    [
      'of what no attestor proves',
      { pathTemplate: '/{{aws_iid.account.id | default("x")}}' },
      {},
      'attribute_not_enabled',
    ],
  ])('%s is refused, and the record says by which policy', async (_what, svidPolicy, claims, code) => {
    const config = {
      oidcURI: world.issuer.issuer,
      audiences: ['spiffe://example.org'],
      requiredClaims: { sub: 'system:serviceaccount:spirl-system:spirl-agent' },
      attributeClaims: ['first'],
    }
    putPolicies(CLUSTER, [policy({ requiredAttestors: [{ type: 'custom_jwt', config }], svidPolicy })])
    const jwt = await world.issuer.mint({ claims })
    const answer = await ask({ attestations: [{ type: 'custom_jwt', evidence: { token: jwt } }] })
    expect([answer.status, answer.body.code]).toEqual([422, code])
    expect(record()).toMatchObject({
      outcome: 'refused',
      status: 422,
      code,
      policy: 'functions',
      attributes: expect.anything(),
    })
    expect(record()).not.toHaveProperty('spiffeId')
  })

  it('with claims that the upstream server is too old for is refused', async () => {
    const jwt = { additionalClaims: { ns: '{{k8s_token.namespace}}' } }
    putPolicies(CLUSTER, [policy({ svidPolicy: { pathTemplate: '/x/{{k8s_token.namespace}}', jwt } })])
    put(world, `clusters/${CLUSTER}/Cluster`, { serverVersion: '0.35.0' })
    expect((await ask()).body.code).toBe('version_required')
    put(world, `clusters/${CLUSTER}/Cluster`, { serverVersion: '0.36.0' })
    world.restart()
    expect((await ask()).status).toBe(200)
  })
})

describe('evidence', () => {
  it.each<[string, () => Promise<Asking>, string, readonly string[]]>([
    [
      'that does not verify',
      async () => ({ attestations: [await evidence({ claims: { aud: ['x'] } })] }),
      'nothing_verified',
      ['audience_mismatch'],
    ],
    [
      'that nobody asks for',
      async () => ({ attestations: [{ type: 'ssh_pop', evidence: { signature: 'x' } }] }),
      'nothing_verified',
      ['evidence_not_required'],
    ],
    [
      'that a pin refuses',
      async () => {
        putPolicies(CLUSTER, [policy({ requiredAttestors: [token({ serviceAccountName: 'other' })] })])
        return {}
      },
      'no_policy_satisfied',
      ['service_account_not_allowed'],
    ],
    [
      'that a condition refuses',
      async () => {
        putPolicies(CLUSTER, [
          policy({ conditions: [{ expression: 'k8s_token.namespace == "other"', message: 'not here' }] }),
        ])
        return {}
      },
      'no_policy_satisfied',
      ['condition_failed'],
    ],
    [
      'that is revoked',
      async () => {
        const revoked = { serviceAccount: { namespace: 'spirl-system', name: 'spirl-agent' }, ...EVERYWHERE }
        put(world, `clusters/${CLUSTER}/Revocations`, { entries: [revoked] })
        return {}
      },
      'no_policy_satisfied',
      ['evidence_revoked'],
    ],
    [
      'for which there is no document',
      async () => {
        world.store.values.delete(`clusters/${CLUSTER}/ServerlessAttestation`)
        return {}
      },
      'no_policy',
      [],
    ],
  ])('%s is refused with the codes of a login, and never with 401', async (_what, asking, reason, codes) => {
    const asked = await asking()
    world.restart()
    const { status, body, headers } = await ask(asked)
    expect([status, body.code, body['reason'], body.refusals?.map(({ code }) => code)]).toEqual([
      403,
      'login_refused',
      reason,
      codes,
    ])
    // The session of the issuer is good: nothing may make it log in again.
    expect(headers.get('WWW-Authenticate')).toBeNull()
    expect(record()).toMatchObject({ outcome: 'refused', status: 403, code: 'login_refused', reason })
  })

  it('is told apart from what the policy expects: that is in the record alone', async () => {
    putPolicies(CLUSTER, [policy({ requiredAttestors: [token({ serviceAccountName: 'secret-name' })] })])
    const answer = await ask()
    expect(answer.text).not.toContain('secret-name')
    expect(record().refusals?.[0]?.expected).toEqual({ serviceAccountName: 'secret-name' })
  })

  it('waits for an issuer that does not answer', async () => {
    world.issuer.setDown(true)
    const { status, body, headers } = await ask()
    expect([status, body.code, headers.has('Retry-After')]).toEqual([503, 'signing_key_unavailable', true])
  })

  it('does not count for the login of an agent, nor the other way round', async () => {
    world.store.values.delete(`clusters/${CLUSTER}/AgentAttestation`)
    world.restart()
    expect((await world.login(CLUSTER, await world.issuer.mint())).status).toBe(403)
    putBaseline(world)
    world.restart()
    expect((await ask()).body['reason']).toBe('no_policy')
  })

  it('of single use is used once, at a login as well', async () => {
    putPolicies(CLUSTER, [policy({ singleUse: true })])
    const jwt = await world.issuer.mint({ claims: { jti: crypto.randomUUID() } })
    const attestations = [{ type: 'k8s_token', evidence: { token: jwt } }]
    expect((await ask({ attestations })).status).toBe(200)
    expect((await ask({ attestations })).body.refusals?.[0]?.code).toBe('evidence_replayed')
    world.store.put(
      `clusters/${CLUSTER}/AgentAttestation`,
      JSON.stringify({
        section: 'AgentAttestation',
        schema: 'v1',
        spec: { policies: [{ name: 'once', requiredAttestors: [token()], singleUse: true }] },
      }),
    )
    world.restart()
    expect((await world.login(CLUSTER, jwt)).body.refusals?.[0]?.code).toBe('evidence_replayed')
  })

  it('of single use is refused while the store of used evidence is down', async () => {
    putPolicies(CLUSTER, [policy({ singleUse: true })])
    world.replay.trouble = 'error'
    const { status, body } = await ask()
    expect([status, body.code]).toEqual([503, 'replay_unavailable'])
  })
})

describe('a challenge', () => {
  const challenge = async (clusterId: string | undefined, more: object): Promise<Answer> =>
    world.post(
      `/v1/${place(clusterId)}/challenge`,
      JSON.stringify({ type: 'key_proof', request: device.asks(), ...more }),
    )
  const proving = (more: object = {}): object =>
    policy({
      requiredAttestors: [{ type: 'key_proof', config: { key: device.key } }],
      svidPolicy: { pathTemplate: '/device/{{key_proof.thumbprint}}' },
      ...more,
    })
  type Role = 'agent' | 'issuer' | 'serverless'
  const prove = async (given: Answer, role: Role, clusterId: string | undefined): Promise<object> =>
    device.proves(given.body as never, {
      issuerUrl: ISSUER_URL,
      role,
      ...(clusterId === undefined ? {} : { clusterId }),
    })

  beforeEach(() => {
    for (const clusterId of [CLUSTER, undefined]) putPolicies(clusterId, [proving()])
    put(world, 'clusters/c-2/ServerlessAttestation', { policies: [proving()] })
    world.restart()
  })

  it.each([CLUSTER, undefined])('is given for what only ServerlessAttestation requires: %s', async (clusterId) => {
    const login = await challenge(clusterId, {})
    expect([login.status, login.body.code]).toEqual([403, 'challenge_not_required'])
    const given = await challenge(clusterId, { role: 'serverless' })
    expect(given.status).toBe(200)
    const attestations = [await prove(given, 'serverless', clusterId)]
    const answer = await ask({ clusterId, attestations })
    expect([answer.status, answer.body['spiffeId']]).toEqual([200, `spiffe://example.org/device/${device.thumbprint}`])
    expect((await ask({ clusterId, attestations })).body.refusals?.[0]?.code).toBe('evidence_replayed')
  })

  it('is not given where ServerlessAttestation requires nothing of the kind', async () => {
    putPolicies(CLUSTER, [policy()])
    world.restart()
    const answer = await challenge(CLUSTER, { role: 'serverless' })
    expect([answer.status, answer.body.code]).toEqual([403, 'challenge_not_required'])
  })

  it.each<[string, Role | undefined, Role, string | undefined, string]>([
    ['of a login is not for an identity', undefined, 'agent', CLUSTER, 'challenge_mismatch'],
    ['of a login, signed for an identity, is not either', undefined, 'serverless', CLUSTER, 'challenge_mismatch'],
    ['for an identity, signed as for a login, is not', 'serverless', 'agent', CLUSTER, 'signature_invalid'],
    ['of another cluster is not', 'serverless', 'serverless', 'c-2', 'challenge_mismatch'],
    ['of the trust domain is not', 'serverless', 'serverless', undefined, 'challenge_mismatch'],
  ])('%s', async (_what, asked, signed, from, code) => {
    put(world, `clusters/${CLUSTER}/AgentAttestation`, {
      policies: [{ name: 'keys', requiredAttestors: [{ type: 'key_proof', config: { key: device.key } }] }],
    })
    world.restart()
    const given = await challenge(from, asked === undefined ? {} : { role: asked })
    expect(given.status).toBe(200)
    const { body } = await ask({ attestations: [await prove(given, signed, from)] })
    expect(body.refusals?.map((refusal) => refusal.code)).toEqual([code])
  })

  it('for an identity is not for a login', async () => {
    put(world, `clusters/${CLUSTER}/AgentAttestation`, {
      policies: [{ name: 'keys', requiredAttestors: [{ type: 'key_proof', config: { key: device.key } }] }],
    })
    world.restart()
    const given = await challenge(CLUSTER, { role: 'serverless' })
    for (const role of ['serverless', 'agent'] as const) {
      const attestations = [await prove(given, role, CLUSTER)]
      const { body } = await world.post(`/v1/clusters/${CLUSTER}/login`, JSON.stringify({ attestations }))
      expect(body.refusals?.map(({ code }) => code)).toEqual(['challenge_mismatch'])
    }
  })
})

describe('a call-out alone', () => {
  const ticket = { type: 'webhook', evidence: { desk: 'changes', ticket: 'T-1' } }
  beforeEach(() => {
    const webhook = { type: 'webhook', config: { desk: 'changes', url: desk.url } }
    putPolicies(CLUSTER, [
      policy({ requiredAttestors: [webhook], svidPolicy: { pathTemplate: '/c/{{webhook.change}}' } }),
    ])
    world.restart()
  })

  it('gives what the service vouches for', async () => {
    desk.answer({ allowed: true, attributes: [{ name: 'webhook.change', value: 'CHG-7' }] })
    expect((await ask({ attestations: [ticket] })).body['spiffeId']).toBe('spiffe://example.org/c/CHG-7')
  })

  it('gives nothing if the service refuses, is silent on what is needed, or does not answer', async () => {
    desk.answer({ allowed: false })
    const refused = await ask({ attestations: [ticket] })
    expect([refused.status, refused.body.refusals?.[0]?.code]).toEqual([403, 'condition_failed'])
    desk.answer({ allowed: true })
    expect((await ask({ attestations: [ticket] })).body.code).toBe('attribute_missing')
    desk.answer((_request, response) => response.writeHead(500).end())
    const unanswered = await ask({ attestations: [ticket] })
    expect([unanswered.status, unanswered.body.code]).toEqual([503, 'call_out_unavailable'])
  })

  it('is not made without its evidence', async () => {
    const answer = await ask()
    expect([answer.status, answer.body['reason'], desk.asked]).toEqual([403, 'nothing_verified', []])
  })

  it('is refused once what it answers is revoked', async () => {
    const entry = { attribute: { name: 'webhook.change', value: 'CHG-7' }, ...EVERYWHERE }
    put(world, `clusters/${CLUSTER}/Revocations`, { entries: [entry] })
    world.restart()
    desk.answer({ allowed: true, attributes: [{ name: 'webhook.change', value: 'CHG-7' }] })
    expect((await ask({ attestations: [ticket] })).body.refusals?.[0]?.code).toBe('evidence_revoked')
  })
})

describe('the status', () => {
  it('has the section, and what is wrong with it', async () => {
    putPolicies(CLUSTER, [policy({ svidPolicy: { pathTemplate: '/{{aws_iid.account.id}}' } })])
    world.restart()
    const answer = await world.get(`/v1/clusters/${CLUSTER}/status`, {
      Authorization: `Bearer ${await sessionOf(world)}`,
    })
    const sections = answer.body['sections'] as readonly {
      readonly section: string
      readonly issues: readonly { code: string }[]
    }[]
    const own = sections.find(({ section }) => section === 'ServerlessAttestation')
    expect(own).toMatchObject({ health: 'UNHEALTHY', issues: [{ code: 'attribute_not_enabled' }] })
  })
})
