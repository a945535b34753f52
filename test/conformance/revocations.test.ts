// What is revoked is refused on every host: by a process that starts with the list, of sessions that one before it gave.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { policyText } from '../gateway/fixture.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Host, startHost } from './hosts.ts'

const CLUSTER = 'c-1'
const UNTIL = '2099-01-01T00:00:00Z'

/** Agents that differ by one fact each. */
interface Agent {
  readonly name: string
  readonly bound: { namespace?: string; pod?: string; account?: string; node?: string; jti?: string }
}
const AGENTS: readonly Agent[] = [
  { name: 'pod', bound: { pod: 'pod-1' } },
  { name: 'account', bound: { account: 'account-1' } },
  { name: 'node', bound: { node: 'node-1' } },
  { name: 'attribute', bound: { namespace: 'namespace-1' } },
  { name: 'token', bound: { jti: 'token-1' } },
  { name: 'session', bound: {} },
  { name: 'nobody', bound: { node: 'node-2' } },
]

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer.stop())

function mint({ bound }: Agent): Promise<string> {
  const { namespace = 'agents', pod = 'pod-0', account = 'agent', node = 'node-0', jti = 'token-0' } = bound
  const claims = {
    jti,
    sub: `system:serviceaccount:${namespace}:${account}`,
    'kubernetes.io': {
      namespace,
      pod: { name: 'pod', uid: pod },
      node: { name: node, uid: 'n' },
      serviceaccount: { name: account, uid: 's' },
    },
  }
  return issuer.mint({ claims })
}

const servers = (): string => `section: TrustDomainServerAttestation
schema: v1
spec:
  requiredAttestors:
    - type: k8s_token
      config: {issuerURL: "${issuer.issuer}", serviceAccountNamespace: servers, serviceAccountName: server}
`
const documents = (): Record<string, string> => ({
  [`clusters/${CLUSTER}/AgentAttestation`]: policyText(issuer.issuer),
  'clusters/bad/AgentAttestation': policyText(issuer.issuer),
  'clusters/bad/Revocations': 'section: Revocations\nschema: v1\nspec: {entires: []}\n',
  'clusters/locked/AgentAttestation': policyText(issuer.issuer),
  'clusters/locked/Revocations': `section: Revocations\nschema: v1\nspec: {lock: {until: ${UNTIL}, reason: test}}\n`,
  'clusters/over/AgentAttestation': policyText(issuer.issuer),
  'clusters/over/Revocations': revocations(['{node: node-0', '2020-01-01T00:00:00Z']),
  'trust-domain/TrustDomainServerAttestation': servers(),
})

function revocations(...entries: readonly (readonly [string, string])[]): string {
  const lines = entries.map(([fact, until]) => `    - ${fact}, until: "${until}", reason: test}\n`)
  return `section: Revocations\nschema: v1\nspec:\n  entries:\n${lines.join('')}`
}

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  const sessions = new Map<string, string>()
  beforeAll(async () => {
    host = await startHost(name, documents())
    for (const agent of AGENTS) {
      const { status, body } = await logIn(agent)
      expect([agent.name, status]).toEqual([agent.name, 200])
      sessions.set(agent.name, body.session.token)
      expect(await introspect(agent.name)).toMatchObject({ active: true })
    }
    const id = JSON.parse(Buffer.from(sessionOf('session').split('.')[1] ?? '', 'base64url').toString()).jti
    await host.put(
      `clusters/${CLUSTER}/Revocations`,
      revocations(
        ['{pod: {namespace: agents, uid: pod-1}', UNTIL],
        ['{serviceAccount: {namespace: agents, name: account-1}', UNTIL],
        ['{node: node-1', UNTIL],
        ['{attribute: {name: k8s_token.namespace, value: namespace-1}', UNTIL],
        [`{tokenId: {issuer: "${issuer.issuer}", jti: token-1}`, UNTIL],
        [`{session: ${id}`, UNTIL],
        ['{attribute: {name: "kubernetes.pod.label[app]", value: bad}', UNTIL],
      ),
    )
    await host.restart()
  })
  afterAll(() => host?.stop())

  const sessionOf = (agent: string): string => sessions.get(agent) ?? ''

  async function logIn(agent: Agent, cluster = CLUSTER) {
    const attestations = [{ type: 'k8s_token', evidence: { token: await mint(agent) } }]
    return post(`/v1/clusters/${cluster}/login`, JSON.stringify({ attestations }))
  }
  async function post(path: string, body: BodyInit, headers: Readonly<Record<string, string>> = {}) {
    const type = typeof body === 'string' ? { 'Content-Type': 'application/json' } : {}
    const response = await fetch(host.url + path, { method: 'POST', body, headers: { ...type, ...headers } })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }
  async function asIssuer(): Promise<Readonly<Record<string, string>>> {
    const server: Agent = { name: 'server', bound: { namespace: 'servers', account: 'server' } }
    const attestations = [{ type: 'k8s_token', evidence: { token: await mint(server) } }]
    const { body } = await post('/v1/trust-domain/login', JSON.stringify({ attestations }))
    return { Authorization: `Bearer ${body.session.token}` }
  }
  async function introspect(agent: string) {
    return (await post('/v1/sessions/introspect', new URLSearchParams({ token: sessionOf(agent) }), await asIssuer()))
      .body
  }
  async function claims(more: object, attributes: object = {}) {
    const workload = {
      'kubernetes.pod.namespace': 'default',
      'kubernetes.pod.service_account': 'web',
      'kubernetes.pod.node.name': 'node-0',
    }
    const workloads = [{ id: 'w', attributes: { ...workload, ...attributes } }]
    return post(`/v1/clusters/${CLUSTER}/claims`, JSON.stringify({ workloads, ...more }), await asIssuer())
  }

  it.each(AGENTS)('holds the agent of which the $name is revoked against the list', async (agent) => {
    const isLogin = agent.name !== 'session' && agent.name !== 'nobody'
    const login = await logIn(agent)
    expect(login.status).toBe(isLogin ? 403 : 200)
    if (isLogin) expect(login.body.refusals).toMatchObject([{ code: 'evidence_revoked' }])
    const answer = await claims(
      { agentSession: sessionOf(agent.name) },
      { 'kubernetes.pod.node.name': agent.bound.node ?? 'node-0' },
    )
    const isUsed = agent.name !== 'nobody'
    expect([answer.status, answer.body.code]).toEqual(isUsed ? [401, 'session_revoked'] : [200, undefined])
    expect(await introspect(agent.name)).toEqual(isUsed ? { active: false } : expect.objectContaining({ active: true }))
  })

  it.each([
    ['its node', { 'kubernetes.pod.node.name': 'node-1' }],
    ['its pod', { 'kubernetes.pod.namespace': 'agents', 'kubernetes.pod.uid': 'pod-1' }],
    ['its account', { 'kubernetes.pod.namespace': 'agents', 'kubernetes.pod.service_account': 'account-1' }],
    ['a label', { 'kubernetes.pod.label[app]': 'bad' }],
  ])('refuses a workload by %s, without the session of an agent', async (_what, attributes) => {
    expect((await claims({})).body.results).toMatchObject([{ spiffeId: expect.any(String) }])
    expect((await claims({}, attributes)).body.results).toMatchObject([{ error: { code: 'workload_revoked' } }])
  })

  it('answers 503 where no version of the list has compiled, and 403 where it locks', async () => {
    const [agent] = AGENTS
    if (agent === undefined) throw new Error('no agent')
    expect(await logIn(agent, 'bad')).toMatchObject({ status: 503, body: { code: 'configuration_invalid' } })
    expect(await logIn(agent, 'locked')).toMatchObject({ status: 403, body: { code: 'cluster_locked' } })
    expect((await logIn(agent, 'over')).status).toBe(200)
  })
})
