// `postern map --serverless` and `postern explain` of a ServerlessAttestation document.
import { describe, expect, it } from 'vitest'
import { type Bench, bench } from '../call.ts'

const POLICY = {
  name: 'functions',
  requiredAttestors: [
    { type: 'k8s_token', config: { issuerURL: 'https://oidc.example.com', serviceAccountName: 'resize' } },
  ],
  svidPolicy: { pathTemplate: '/fn/{{cluster.name}}/{{k8s_token.namespace}}', jwt: { ttl: '30m' } },
}
const document = (section: string, spec: unknown): string => JSON.stringify({ section, schema: 'v1', spec })
const policies = (...list: readonly object[]): string => document('ServerlessAttestation', { policies: list })

function world(
  documents: Readonly<Record<string, string>> = {},
  proved: object = { 'k8s_token.namespace': 'fn' },
): Bench {
  const made = bench({ environment: { TRUST_DOMAIN: 'example.org' } })
  const stored = { 'clusters/c-1/ServerlessAttestation': policies(POLICY), ...documents }
  for (const [key, text] of Object.entries(stored)) made.file(`store/${key}.yaml`, text)
  made.file('proved.json', JSON.stringify(proved))
  return made
}
const ASKED = ['map', '--cluster-config', 'store', '--serverless', 'functions', 'proved.json'] as const

describe('postern map --serverless', () => {
  it('shows the identity that a policy gives to what evidence proves', async () => {
    const { exitCode, out, err } = await world().call(...ASKED)
    expect([exitCode, err]).toEqual([0, ''])
    expect(out).toContain('spiffe://example.org/fn/c-1/fn')
    expect(out).toContain('k8s_token.namespace = "fn"')
  })

  it('of the trust domain, by its folder', async () => {
    const svidPolicy = { pathTemplate: '/td/{{k8s_token.namespace}}' }
    const made = world({ 'trust-domain/ServerlessAttestation': policies({ ...POLICY, svidPolicy }) })
    const asked = [
      'map',
      '--cluster-config',
      'store/trust-domain',
      '--serverless',
      'functions',
      'proved.json',
      '--json',
    ]
    const { exitCode, out } = await made.call(...asked)
    expect([exitCode, JSON.parse(out)]).toMatchObject([0, { result: { spiffeId: 'spiffe://example.org/td/fn' } }])
  })

  it.each<[string, Readonly<Record<string, string>>, object, string]>([
    ['an attribute that is not there', {}, {}, 'attribute_missing'],
    [
      'a path of another cluster',
      {
        'trust-domain/TrustDomain': document('TrustDomain', {
          clusters: { 'c-1': { name: 'one', pathPrefixes: ['/one'] } },
        }),
      },
      { 'k8s_token.namespace': 'fn' },
      'path_outside_cluster',
    ],
    [
      'a cluster that is not listed',
      {
        'trust-domain/TrustDomain': document('TrustDomain', {
          clusters: { 'c-2': { name: 'two', pathPrefixes: ['/two'] } },
        }),
      },
      { 'k8s_token.namespace': 'fn' },
      'cluster_unlisted',
    ],
    [
      'a cluster that requires an agent',
      { 'clusters/c-1/Cluster': document('Cluster', { requireAgentSession: true }) },
      { 'k8s_token.namespace': 'fn' },
      'agent_session_required',
    ],
    [
      'what is revoked',
      {
        'clusters/c-1/Revocations': document('Revocations', {
          entries: [
            { attribute: { name: 'k8s_token.namespace', value: 'fn' }, until: '9999-01-01T00:00:00Z', reason: 'test' },
          ],
        }),
      },
      { 'k8s_token.namespace': 'fn' },
      'evidence_revoked',
    ],
    [
      'a lock',
      {
        'trust-domain/Revocations': document('Revocations', {
          lock: { until: '9999-01-01T00:00:00Z', reason: 'test' },
        }),
      },
      { 'k8s_token.namespace': 'fn' },
      'cluster_locked',
    ],
  ])('refuses as the gateway does: %s', async (_what, documents, proved, code) => {
    const { exitCode, out, err } = await world(documents, proved).call(...ASKED)
    expect([exitCode, `${out}${err}`.includes(code)]).toEqual([1, true])
  })

  it.each<[string, readonly string[]]>([
    ['a policy that is not there', ['--serverless', 'other']],
    [
      'a cluster for the trust domain',
      ['--serverless', 'functions', '--cluster-config', 'store/trust-domain', '--cluster', 'c-1'],
    ],
    ['an agent, which there is none of', ['--serverless', 'functions', '--agent-attributes', 'proved.json']],
  ])('does not take %s', async (_what, words) => {
    const { exitCode } = await world().call('map', '--cluster-config', 'store', ...words, 'proved.json')
    expect(exitCode).toBe(2)
  })
})

describe('postern explain', () => {
  it.each([
    ['clusters/c-1', POLICY.svidPolicy],
    ['trust-domain', { pathTemplate: '/td/{{k8s_token.namespace}}' }],
  ])('takes the section, and never answers 401: %s', async (scope, svidPolicy) => {
    const made = world({ [`${scope}/ServerlessAttestation`]: policies({ ...POLICY, svidPolicy }) })
    made.file('body.json', JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] }))
    const file = `store/${scope}/ServerlessAttestation.yaml`
    const { exitCode, out } = await made.call('explain', file, '--evidence', 'body.json')
    expect([exitCode, out.includes('403 login_refused')]).toEqual([1, true])
  })

  it('compiles a document of the trust domain as one', async () => {
    const made = world({ 'trust-domain/ServerlessAttestation': policies(POLICY) })
    made.file('body.json', JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: 'x' } }] }))
    const file = 'store/trust-domain/ServerlessAttestation.yaml'
    const { exitCode, out } = await made.call('explain', file, '--evidence', 'body.json')
    expect([exitCode, out.includes('attribute_origin_forbidden')]).toEqual([1, true])
  })
})
