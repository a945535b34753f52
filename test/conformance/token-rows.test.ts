// The rows of tokens on every host, by issuers on loopback. `gcp_iit` has an issuer that cannot be set: its tokens are
// tried in test/attest/oidc/rows.test.ts alone.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Host, startHost } from './hosts.ts'

const AUDIENCE = 'https://postern.example'
const TENANT = '11111111-2222-3333-4444-555555555555'
const STS = 'https://sts.amazonaws.com/'

interface Row {
  readonly type: string
  readonly config: (issuer: string) => object
  readonly claims: Readonly<Record<string, unknown>>
  readonly wrong: readonly [Readonly<Record<string, unknown>>, string]
}
const ROWS: readonly Row[] = [
  {
    type: 'github',
    config: (issuerURL) => ({ issuerURL, repositoryIDs: ['74'], events: ['push'], allowedAudiences: [AUDIENCE] }),
    claims: {
      sub: 'repo:o@65/r@74:ref:refs/heads/main',
      repository: 'o/r',
      repository_id: '74',
      repository_owner: 'o',
      repository_owner_id: '65',
      event_name: 'push',
    },
    wrong: [{ repository_id: '75' }, 'repository_id_not_allowed'],
  },
  {
    type: 'aws_token',
    config: (issuer) => ({
      issuerURLs: [issuer, 'https://other.example'],
      allowedRoleARNs: ['arn:aws:iam::123456789012:role/agent'],
      allowedAudiences: [AUDIENCE],
    }),
    claims: { sub: 'arn:aws:iam::123456789012:role/agent', [STS]: { aws_account: '123456789012' } },
    wrong: [{ sub: 'arn:aws:iam::123456789012:role/other' }, 'role_not_allowed'],
  },
  {
    type: 'azure_msi',
    config: (issuerURL) => ({ tenants: [{ tenantID: TENANT, principalID: TENANT, audience: AUDIENCE, issuerURL }] }),
    claims: { tid: TENANT, oid: TENANT, sub: TENANT, idtyp: 'app', ver: '1.0' },
    wrong: [{ idtyp: 'user' }, 'identity_not_managed'],
  },
  {
    type: 'custom_jwt',
    config: (oidcURI) => ({ oidcURI, audiences: [AUDIENCE], requiredClaims: { sub: 'agent', tier: 1 } }),
    claims: { sub: 'agent', tier: 1 },
    wrong: [{ tier: '1' }, 'claim_not_allowed'],
  },
]

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer({ alg: 'RS256' })
})
afterAll(() => issuer.stop())

const mint = (claims: Readonly<Record<string, unknown>>): Promise<string> =>
  issuer.mint({ claims: { 'kubernetes.io': undefined, aud: AUDIENCE, ...claims } })

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    const documents = ROWS.map(({ type, config }) => {
      const policies = [{ name: 'p', requiredAttestors: [{ type, config: config(issuer.issuer) }] }]
      const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } })
      return [`clusters/${type}/AgentAttestation`, text]
    })
    host = await startHost(name, Object.fromEntries(documents))
  })
  afterAll(() => host?.stop())

  async function logIn(type: string, token: string) {
    const response = await fetch(`${host.url}/v1/clusters/${type}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type, evidence: { token } }] }),
    })
    return { status: response.status, body: JSON.parse(await response.text()) }
  }

  it.each(ROWS)(
    '$type admits its token, and refuses one with a wrong claim',
    async ({ type, claims, wrong: [change, code] }) => {
      const admitted = await logIn(type, await mint(claims))
      expect([admitted.status, JSON.stringify(admitted.body.refusals)]).toEqual([200, undefined])
      const refused = await logIn(type, await mint({ ...claims, ...change }))
      expect(refused.body.refusals).toMatchObject([{ code }])
    },
  )
})
