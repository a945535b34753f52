// The Worker as it is deployed: its entry, its settings, real local KV, and an issuer that it reaches over HTTP.
import { env, exports } from 'cloudflare:workers'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, inject, it } from 'vitest'

interface Bindings {
  readonly POLICIES: KVNamespace
}

const { POLICIES } = env as unknown as Bindings
const worker = (
  exports as unknown as { readonly default: { fetch(url: string, init?: RequestInit): Promise<Response> } }
).default
const cluster = inject('cluster')
const base = 'http://127.0.0.1:8787'

const policy = (issuer: string, extra = ''): string => `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: k8s_policy
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: ${issuer}
${extra}`

async function tokenOf(query = ''): Promise<string> {
  const response = await fetch(`${cluster}/token${query}`)
  return (await response.text()).trim()
}

async function login(clusterId: string, token: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await worker.fetch(`${base}/v1/clusters/${clusterId}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
  })
  return { status: response.status, body: await response.json() }
}

describe('the Worker', () => {
  it('admits an agent by a document that was put to KV, and its session verifies from what is published', async () => {
    await POLICIES.put('clusters/w-1/AgentAttestation', policy(cluster))
    const { status, body } = await login('w-1', await tokenOf())
    expect(status).toBe(200)

    const { token } = body['session'] as { token: string }
    const discovery = await worker.fetch(`${base}/.well-known/openid-configuration`)
    const { issuer, jwks_uri } = await discovery.json<{ issuer: string; jwks_uri: string }>()
    const keys = await worker.fetch(jwks_uri).then((response) => response.json<JSONWebKeySet>())
    const { payload } = await jwtVerify(token, createLocalJWKSet(keys), {
      issuer,
      audience: 'spiffe://example.org',
      typ: 'postern-session+jwt',
    })
    expect(payload).toMatchObject({ cluster_id: 'w-1', role: 'agent', policy: 'k8s_policy' })
  })

  it.each([
    ['an expired token', '?ageSeconds=4200', '', 401, 'token_expired'],
    ['another audience', '?audience=other', '', 401, 'audience_mismatch'],
    [
      'another service account',
      '?serviceAccount=default',
      '            serviceAccountName: spirl-agent\n',
      403,
      'service_account_not_allowed',
    ],
  ])('refuses %s', async (_what, query, extra, status, code) => {
    const id = `w-${code.replaceAll('_', '-')}`
    await POLICIES.put(`clusters/${id}/AgentAttestation`, policy(cluster, extra))
    const answer = await login(id, await tokenOf(query))
    expect(answer.status).toBe(status)
    expect(answer.body['refusals']).toMatchObject([{ code }])
  })

  it('refuses a redirect of the issuer, which workerd would not let it forbid by an option', async () => {
    await POLICIES.put('clusters/w-2/AgentAttestation', policy(`${cluster}/redirecting`))
    const token = await tokenOf('?issuer=redirecting')
    const answer = await login('w-2', token)
    expect([answer.status, answer.body['code']]).toEqual([503, 'signing_key_unavailable'])
  })

  it('refuses a document of 10 MB that KV holds, and says so to nobody but the operator', async () => {
    await POLICIES.put('clusters/w-4/AgentAttestation', policy(cluster) + ' '.repeat(10_000_000))
    const answer = await login('w-4', await tokenOf())
    expect([answer.status, answer.body['code']]).toEqual([503, 'configuration_invalid'])
  })

  it('answers forty logins at once with one fetch of the key set', async () => {
    await POLICIES.put('clusters/w-3/AgentAttestation', policy(cluster))
    const tokens = await Promise.all(Array.from({ length: 40 }, () => tokenOf()))
    const answers = await Promise.all(tokens.map((token) => login('w-3', token)))
    expect(answers.map(({ status }) => status)).toEqual(tokens.map(() => 200))
    const reads = await fetch(`${cluster}/reads`).then((response) => response.text())
    expect(Number(reads)).toBe(1)
  })
})
