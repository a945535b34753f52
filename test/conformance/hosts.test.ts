// What the hosts do besides answering the conformance list: keys, discovery, records, publication.
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createLocalJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { serviceAccountClaims } from '../token/issuer.ts'
import { type Host, startHost } from './hosts.ts'
import { asAgent, asIssuer, CLUSTER } from './mapping-scenarios.ts'
import type { Ask } from './scenario.ts'
import { documents, SCENARIOS } from './scenarios.ts'

const POD_ON_NODE = {
  'kubernetes.pod.namespace': 'default',
  'kubernetes.pod.service_account': 'web',
  'kubernetes.pod.node.name': 'node-1',
  'kubernetes.pod.label[app]': 'web',
  'kubernetes.pod.owner': 'ReplicaSet:web-1',
}

const PUBLISHED = [
  '/.well-known/openid-configuration',
  '/.well-known/jwks.json',
  '/openapi.json',
  '/schemas/AgentAttestation.json',
] as const

let cluster: StandInCluster
let large: { readonly privateKey: KeyObject; readonly publicKey: KeyObject }
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  large = generateKeyPairSync('rsa', { modulusLength: 4104 })
})
afterAll(() => cluster.close())

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    host = await startHost(name, { ...documents(cluster.issuer), ...(await inlineKeyDocument()) })
  })
  afterAll(() => host?.stop())

  const ask: Ask = async (path, init) => (await fetch(host.url + path, init)).json()

  /** A cluster with an inline key that is longer than Deno supports. */
  async function inlineKeyDocument(): Promise<Readonly<Record<string, string>>> {
    const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(large.publicKey)), kid: 'large' }] })
    const text = documents(cluster.issuer)['clusters/seed/AgentAttestation'] ?? ''
    return { 'clusters/large/AgentAttestation': text.replace(/^( *)issuerURL: .*$/m, `$&\n$1jwks: ${jwks}`) }
  }

  it('verifies with a long RSA key, or reports that this host does not support it', async () => {
    const claims = serviceAccountClaims(Math.floor(Date.now() / 1000), { iss: cluster.issuer })
    const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'large' }).sign(large.privateKey)
    const response = await fetch(`${host.url}/v1/clusters/large/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
    const { refusals = [] } = (await response.json()) as { refusals?: { code: string }[] }
    expect([response.status, ...refusals.map(({ code }) => code)]).toEqual(
      name === 'deno' ? [401, 'signing_key_unusable'] : [200],
    )
  })

  it('issues sessions that a standard OIDC client can verify from discovery', async () => {
    const { path, init } = await (SCENARIOS[0]?.request(cluster, ask) ?? Promise.reject(new Error('no scenario')))
    const answer = (await (await fetch(host.url + path, init)).json()) as { session: { token: string } }
    const discovered = await openid.discovery(new URL(host.url), 'relying-party', undefined, undefined, {
      execute: [openid.allowInsecureRequests],
    })
    const { issuer, jwks_uri = '' } = discovered.serverMetadata()
    const keys = createLocalJWKSet(await (await fetch(jwks_uri)).json())
    const { payload } = await jwtVerify(answer.session.token, keys, { issuer, audience: 'spiffe://example.org' })
    expect(payload.sub).toMatch(/^spiffe:\/\/example\.org\/postern\/agent\/seed\/k8s_policy\//)
  })

  it.each(PUBLISHED)('publishes %s with an ETag, to pages of any origin', async (path) => {
    const ask = (init: RequestInit): Promise<Response> =>
      fetch(host.url + path, { ...init, headers: { Origin: 'https://page.example', ...init.headers } })
    const shape = async (response: Response): Promise<readonly unknown[]> => [
      response.status,
      (await response.text()) !== '',
      response.headers.get('ETag'),
      response.headers.get('Cache-Control'),
      response.headers.get('Access-Control-Allow-Origin'),
    ]
    const tag = (await ask({})).headers.get('ETag') ?? ''
    const rest = ['public, max-age=300', '*'] as const
    expect(tag).toMatch(/^"[\w-]{43}"$/)
    expect(await shape(await ask({}))).toEqual([200, true, tag, ...rest])
    expect(await shape(await ask({ method: 'HEAD' }))).toEqual([200, false, tag, ...rest])
    // `no-store`: the client itself must not answer from its cache.
    for (const known of [tag, `"other", W/${tag}`, '*'])
      expect(await shape(await ask({ headers: { 'If-None-Match': known }, cache: 'no-store' }))).toEqual([
        304,
        false,
        tag,
        ...rest,
      ])
    expect(await shape(await ask({ headers: { 'If-None-Match': '"other"' } }))).toEqual([200, true, tag, ...rest])

    const preflight = await ask({
      method: 'OPTIONS',
      headers: { 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'if-none-match' },
    })
    const allowed = preflight.headers.get('Access-Control-Allow-Methods')?.split(/, */)
    expect([preflight.status, allowed]).toEqual([204, ['GET', 'HEAD']])
  })

  it('writes one audit record for a login, on a line of its own', async () => {
    const before = host.output().length
    const { path, init } = await (SCENARIOS[0]?.request(cluster, ask) ?? Promise.reject(new Error('no scenario')))
    const requestId = (await fetch(host.url + path, init)).headers.get('X-Request-Id')
    const token =
      (JSON.parse(String(init?.body)) as { attestations: { evidence: { token: string } }[] }).attestations[0]?.evidence
        .token ?? ''
    await expect.poll(() => host.output().slice(before)).toContain(requestId)
    const line = host
      .output()
      .slice(before)
      .split('\n')
      .find((text) => text.includes(String(requestId)))
    expect(JSON.parse(line ?? '')).toMatchObject({ v: 1, event: 'login', outcome: 'admitted', requestId })
    expect(host.output()).not.toContain(token.split('.')[2])
  })

  it('applies a document that is stored while it runs', async () => {
    await host.put('clusters/later/AgentAttestation', documents(cluster.issuer)['clusters/seed/AgentAttestation'] ?? '')
    const token = await cluster.mint()
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
    const response = await fetch(`${host.url}/v1/clusters/later/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body,
    })
    expect(response.status).toBe(200)
  })

  it('keeps admitting while the issuer is down, and reads its new keys', async () => {
    const login = async (): Promise<number> => {
      const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] })
      const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
      return (await fetch(`${host.url}/v1/clusters/seed/login`, init)).status
    }
    cluster.setDown(true)
    expect(await login()).toBe(200)
    cluster.setDown(false)
    await cluster.rotate()
    expect(await login()).toBe(200)
  })

  it('checks issued sessions against new documents', async () => {
    const stored = documents(cluster.issuer)
    const [servers, agents] = ['trust-domain/TrustDomainServerAttestation', `clusters/${CLUSTER}/AgentAttestation`]
    const issuer = await asIssuer(cluster, ask)
    const agentSession = await asAgent(cluster, ask, 'node-1')
    const readVerdict = async (more: object): Promise<unknown> => {
      const workloads = [{ id: 'w1', attributes: POD_ON_NODE }]
      const response = await fetch(`${host.url}/v1/clusters/${CLUSTER}/claims`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${issuer}` },
        body: JSON.stringify({ ...more, workloads }),
      })
      const body = (await response.json()) as { code?: string; where?: string }
      return response.ok ? 'good' : `${response.status} ${body.code} ${body.where}`
    }
    expect([await readVerdict({}), await readVerdict({ agentSession })]).toEqual(['good', 'good'])
    // A changed document with the same decision, then a pin that the agent does not match.
    const reworded = `# why\n${stored[servers]}`.replace(
      `[${CLUSTER}, unlisted, nowhere]`,
      `[nowhere, ${CLUSTER}, unlisted]`,
    )
    expect(reworded).toContain(`[nowhere, ${CLUSTER}, unlisted]`)
    await host.put(servers, reworded)
    await host.put(agents, stored['clusters/pinned/AgentAttestation']?.replace('spirl-agent', 'another') ?? '')
    await host.restart()
    expect(await readVerdict({})).toBe('good')
    expect(await readVerdict({ agentSession })).toBe('401 session_revoked agentSession')
  })
})
