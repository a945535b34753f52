// Each operation, answered and refused, is what its description says; and a request is what its description says where
// the gateway takes it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Liveness } from '../../../src/gateway/answers/health-answers.ts'
import type { LoginAnswer } from '../../../src/gateway/answers/login-answer.ts'
import { OPERATIONS } from '../../../src/gateway/openapi/operations.ts'
import { answerJson } from '../../../src/gateway/problem.ts'
import { makeDevice } from '../../attest/made-up/agents.ts'
import { WITH_MADE_UP } from '../../attest/made-up/made-up.ts'
import { checkValue, findUndescribed, type OpenApi } from '../../openapi-answer.ts'
import { createWorld, type World } from '../fixture.ts'
import { agentSessionOf, CLUSTER, put, putBaseline, serverPolicy, sessionOf, WEB } from '../mapping-world.ts'

let world: World
let api: OpenApi
beforeAll(async () => {
  world = await createWorld({ attestors: WITH_MADE_UP })
  await putDocuments()
  api = (await (await world.app.request('/openapi.json')).json()) as OpenApi
})
afterAll(() => world.stop())

/** A cluster, and the trust domain, where a key has to be proved. */
const PROVING = 'c-9'
async function putDocuments(): Promise<void> {
  putBaseline(world)
  const { key } = await makeDevice()
  const policy = { name: 'keys', requiredAttestors: [{ type: 'key_proof', config: { key } }] }
  put(world, `clusters/${PROVING}/AgentAttestation`, { policies: [policy] })
  put(world, 'trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer'), policy] })
  const serverless = { ...serverPolicy(world, 'function'), svidPolicy: { pathTemplate: '/f/{{k8s_token.namespace}}' } }
  for (const scope of [`clusters/${CLUSTER}`, 'trust-domain'])
    put(world, `${scope}/ServerlessAttestation`, { policies: [serverless] })
}

interface Asked {
  readonly path: string
  readonly status: number
  readonly init?: () => Promise<RequestInit>
}

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body),
})
const form = (fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>): RequestInit => ({
  method: 'POST',
  headers,
  body: new URLSearchParams(fields),
})
const asIssuer = async (): Promise<Readonly<Record<string, string>>> => ({
  Authorization: `Bearer ${await sessionOf(world)}`,
})
const logInBody = async (): Promise<object> => ({
  attestations: [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }],
})
const BAD_LOGIN = { attestations: [{ type: 'k8s_token', evidence: { token: 'e30.e30.AAAA' } }] }
const logIn = async (): Promise<RequestInit> => post(await logInBody())
const logInBadly = async (): Promise<RequestInit> => post(BAD_LOGIN)
const CHALLENGE = { type: 'key_proof', request: { thumbprint: 'A', purpose: 'test' } }

/** By `operationId`: requests that are answered in every shape that there is, and some that are refused. */
const ASKED: Readonly<Record<string, readonly Asked[]>> = {
  logInAgent: [
    { path: `/v1/clusters/${CLUSTER}/login`, status: 200, init: logIn },
    { path: `/v1/clusters/${CLUSTER}/login`, status: 401, init: logInBadly },
    { path: `/v1/clusters/${CLUSTER}/login`, status: 415, init: async () => ({ method: 'POST', body: 'x' }) },
  ],
  logInIssuer: [
    { path: '/v1/trust-domain/login', status: 200, init: logIn },
    { path: '/v1/trust-domain/login', status: 401, init: logInBadly },
  ],
  challengeAgent: [
    { path: `/v1/clusters/${PROVING}/challenge`, status: 200, init: async () => post(CHALLENGE) },
    { path: `/v1/clusters/${CLUSTER}/challenge`, status: 403, init: async () => post(CHALLENGE) },
    { path: '/v1/clusters/c-2/challenge', status: 404, init: async () => post(CHALLENGE) },
    { path: `/v1/clusters/${PROVING}/challenge`, status: 415, init: async () => ({ method: 'POST', body: 'x' }) },
  ],
  challengeIssuer: [
    { path: '/v1/trust-domain/challenge', status: 200, init: async () => post(CHALLENGE) },
    { path: '/v1/trust-domain/challenge', status: 400, init: async () => post({ type: 'k8s_token' }) },
  ],
  mapClaims: [
    {
      path: `/v1/clusters/${CLUSTER}/claims`,
      status: 200,
      // An identity, an error of one workload, and warnings of both.
      init: async () => {
        const unproven = await agentSessionOf(world, { attributes: [] })
        const workloads = [
          { id: 'a', attributes: WEB },
          { id: 'b', attributes: { 'kubernetes.pod.nothing': 'x' } },
        ]
        return post({ agentSession: unproven, workloads }, await asIssuer())
      },
    },
    { path: `/v1/clusters/${CLUSTER}/claims`, status: 401, init: async () => post({ workloads: [] }) },
    {
      path: `/v1/clusters/${CLUSTER}/claims`,
      status: 400,
      init: async () => post({ workloads: [] }, await asIssuer()),
    },
  ],
  ...Object.fromEntries(
    [
      ['mapServerless', `/v1/clusters/${CLUSTER}/serverless`],
      ['mapServerlessOfTrustDomain', '/v1/trust-domain/serverless'],
    ].map(([id = '', path = '']) => [
      id,
      [
        { path, status: 200, init: async () => post(await logInBody(), await asIssuer()) },
        { path, status: 403, init: async () => post(BAD_LOGIN, await asIssuer()) },
        { path, status: 400, init: async () => post({}, await asIssuer()) },
        { path, status: 401, init: async () => post(BAD_LOGIN) },
      ],
    ]),
  ),
  readClusterStatus: [
    { path: `/v1/clusters/${CLUSTER}/status`, status: 200, init: async () => ({ headers: await asIssuer() }) },
    { path: '/v1/clusters/c-2/status', status: 404, init: async () => ({ headers: await asIssuer() }) },
    { path: `/v1/clusters/${CLUSTER}/status`, status: 401 },
  ],
  readStatus: [
    { path: '/v1/status', status: 200, init: async () => ({ headers: await asIssuer() }) },
    { path: '/v1/status?limit=1', status: 200, init: async () => ({ headers: await asIssuer() }) },
    { path: '/v1/status?limit=0', status: 400, init: async () => ({ headers: await asIssuer() }) },
    { path: '/v1/status', status: 401 },
  ],
  introspectSession: [
    {
      path: '/v1/sessions/introspect',
      status: 200,
      init: async () => form({ token: await agentSessionOf(world) }, await asIssuer()),
    },
    { path: '/v1/sessions/introspect', status: 200, init: async () => form({ token: 'x' }, await asIssuer()) },
    { path: '/v1/sessions/introspect', status: 400, init: async () => form({}, await asIssuer()) },
    { path: '/v1/sessions/introspect', status: 415, init: async () => post({}, await asIssuer()) },
    { path: '/v1/sessions/introspect', status: 401, init: async () => form({ token: 'x' }, {}) },
  ],
  readDiscovery: [{ path: '/.well-known/openid-configuration', status: 200 }],
  readSessionKeys: [{ path: '/.well-known/jwks.json', status: 200 }],
  authorize: [{ path: '/authorize', status: 400 }],
  readSectionSchema: [
    { path: '/schemas/Cluster.json', status: 200 },
    { path: '/schemas/Nothing.json', status: 404 },
  ],
  readInterface: [{ path: '/openapi.json', status: 200 }],
  checkLiveness: [{ path: '/healthz', status: 200 }],
  checkReadiness: [{ path: '/readyz', status: 200 }],
}

async function findWrong({ path, status, init }: Asked): Promise<readonly string[]> {
  const request = (await init?.()) ?? {}
  const response = await world.app.request(path, request)
  const text = await response.text()
  expect([response.status, text.slice(0, 300)]).toEqual([status, text.slice(0, 300)])
  return findUndescribed(api, { method: request.method ?? 'GET', path }, { status, headers: response.headers, text })
}

describe('what is described', () => {
  it('is asked for here, operation by operation', () => {
    expect(Object.keys(ASKED).sort()).toEqual(OPERATIONS.map(({ id }) => id).sort())
    for (const { id, answer } of OPERATIONS)
      expect(ASKED[id]?.some(({ status }) => status === 200)).toBe(answer !== undefined)
  })

  it.each(Object.entries(ASKED).flatMap(([id, asked]) => asked.map((one) => [id, one.status, one] as const)))(
    '%s answers so by %i',
    async (_id, _status, asked) => {
      expect(await findWrong(asked)).toEqual([])
    },
  )
})

describe('a section that is bad', () => {
  it('has a status that is described, with its issues', async () => {
    world.store.put(`clusters/${CLUSTER}/Cluster`, 'section: Cluster\nschema: v1\nspec: { platform: 1, nmae: x }\n')
    world.restart()
    try {
      const [healthy] = ASKED['readClusterStatus'] ?? []
      expect(healthy === undefined ? ['nothing'] : await findWrong(healthy)).toEqual([])
    } finally {
      await putDocuments()
      world.restart()
    }
  })
})

const CLAIMS = { workloads: [{ id: 'a', attributes: WEB }] }

// The gateway's own verdict: whether the request is malformed.
describe.each<[string, string, readonly (readonly [what: string, body: unknown])[]]>([
  [
    'LoginRequest',
    `/v1/clusters/${CLUSTER}/login`,
    [
      ['a good one', BAD_LOGIN],
      ['evidence of a type that nobody knows', { attestations: [{ type: 'other', evidence: {} }] }],
      ['no member', {}],
      ['a member more', { ...BAD_LOGIN, more: 1 }],
      ['no list', { attestations: {} }],
      ['an empty list', { attestations: [] }],
      ['a type that is none', { attestations: [{ type: 'K8s', evidence: {} }] }],
      ['no evidence', { attestations: [{ type: 'k8s_token' }] }],
      ['too much', { attestations: Array.from({ length: 9 }, (_, at) => ({ type: `t${at}`, evidence: {} })) }],
    ],
  ],
  [
    'ChallengeRequest',
    `/v1/clusters/${PROVING}/challenge`,
    [
      ['a good one', CHALLENGE],
      ['no member', {}],
      ['a member more', { ...CHALLENGE, more: 1 }],
      ['a type that is none', { ...CHALLENGE, type: 'Key' }],
      ['a request that is none', { ...CHALLENGE, request: 'x' }],
      ['evidence for another use', { ...CHALLENGE, role: 'serverless' }],
      ['a use that is none', { ...CHALLENGE, role: 'agent' }],
      ['null', { ...CHALLENGE, request: null }],
    ],
  ],
  [
    'ClaimsRequest',
    `/v1/clusters/${CLUSTER}/claims`,
    [
      ['a good one', CLAIMS],
      ['a pod', { workloads: [{ id: 'a', pod: { metadata: {} }, container: 'app' }] }],
      ['no member', {}],
      ['a member more', { ...CLAIMS, more: 1 }],
      ['an empty list', { workloads: [] }],
      ['an empty id', { workloads: [{ id: '', attributes: WEB }] }],
      ['a long id', { workloads: [{ id: 'x'.repeat(129), attributes: WEB }] }],
      ['attributes that are a list', { workloads: [{ id: 'a', attributes: [] }] }],
      ['a container of no name', { workloads: [{ id: 'a', pod: {}, container: '' }] }],
      ['an empty session', { ...CLAIMS, agentSession: '' }],
      ['null', { ...CLAIMS, agentSession: null }],
    ],
  ],
])('%s', (name, path, bodies) => {
  it.each(bodies)('is described as it is taken: %s', async (_what, body) => {
    const described = checkValue(
      api,
      { $ref: `#/components/schemas/${name}` },
      JSON.parse(JSON.stringify(body)),
      'body',
    )
    const response = await world.app.request(path, post(body, name === 'ClaimsRequest' ? await asIssuer() : {}))
    const { code } = (await response.json()) as { readonly code?: string }
    expect(code === 'request_malformed').toBe(described.length > 0)
  })
})

describe('an answer that is not described', () => {
  it('does not compile', () => {
    const unused = (c: Parameters<typeof answerJson>[0]): void => {
      answerJson<Liveness>(c, { status: 'ok' })
      // @ts-expect-error: no such status
      answerJson<Liveness>(c, { status: 'dead' })
      // @ts-expect-error: a member more
      answerJson<Liveness>(c, { status: 'ok', more: 1 })
      // @ts-expect-error: a member less
      answerJson<LoginAnswer>(c, { policy: 'p', attributes: [], configuration: {} })
      // @ts-expect-error: of no name
      answerJson(c, { status: 'ok' })
      // @ts-expect-error: not published
      answerJson<{ readonly secret: string }>(c, { secret: 'x' })
    }
    expect(unused).toBeTypeOf('function')
  })
})
