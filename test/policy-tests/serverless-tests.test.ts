// Tests of serverless requests pass where the gateway's route would give the expected identity or refusal, for a cluster and for
// the trust domain.
import { beforeAll, describe, expect, it } from 'vitest'
import { createAttestorTable } from '../../src/attest/table.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { runPolicyTests } from '../../src/policy-tests/run-policy-tests.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const ISSUER = 'https://issuer.example'
const NOW = Date.UTC(2026, 0, 1) / 1000

const makePolicies = (path: string) => `
section: ServerlessAttestation
schema: v1
spec:
  policies:
    - name: jobs
      requiredAttestors:
        - { type: k8s_token, config: { issuerURL: ${ISSUER}, serviceAccountNamespace: jobs, allowedServiceAccounts: ["jobs:*"] } }
      svidPolicy:
        pathTemplate: "${path}"
        jwt: { additionalClaims: { node: "{{k8s_token.node.name}}" } }
        x509: { subject: "OU={{k8s_token.namespace}}", dnsNames: ["{{k8s_token.namespace}}.example.org"] }
    - name: other
      requiredAttestors: [{ type: k8s_token, config: { issuerURL: ${ISSUER}/other, serviceAccountNamespace: other, serviceAccountName: other } }]
      svidPolicy: { pathTemplate: "/other" }
`
const place = (scope: PlacedDocument['scope'], section: PlacedDocument['section'], text: string): PlacedDocument => ({
  scope,
  section,
  text,
})
const OF_CLUSTER = place('cluster', 'ServerlessAttestation', makePolicies('/{{cluster.name}}/{{k8s_token.namespace}}'))
const SHARED = place('trust-domain', 'ServerlessAttestation', makePolicies('/shared/{{k8s_token.namespace}}'))
const HEAD = { trustDomain: 'example.org', cluster: 'demo', now: '2026-01-01T00:00:00Z', documents: ['-'] }
const engine = createConditionEngine(loadPolicyVm())

type Fields = Readonly<Record<string, unknown>>

async function run(given: Fields, documents: readonly PlacedDocument[] = [OF_CLUSTER, SHARED], head: Fields = {}) {
  const text = JSON.stringify({ ...HEAD, ...head, cases: [{ name: 'one', ...given }] })
  const read = readTestFile(text)
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return runPolicyTests({ file: read.file, text, documents, attestors: createAttestorTable(), engine })
}
async function judge(...given: Parameters<typeof run>) {
  const report = await run(...given)
  const [result] = report.kind === 'run' ? report.results : []
  if (result === undefined) throw new Error(JSON.stringify(report))
  return result
}

const RECORDED = {
  'k8s_token.issuer': ISSUER,
  'k8s_token.namespace': 'jobs',
  'k8s_token.service_account.name': 'nightly',
  'k8s_token.node.name': 'node-1',
}
const { 'k8s_token.node.name': _, ...WITHOUT_NODE } = RECORDED
const ELSEWHERE = { ...RECORDED, 'k8s_token.namespace': 'web' }
const ID = 'spiffe://example.org/demo/jobs'

describe('a serverless request', () => {
  let key: Awaited<ReturnType<typeof createSigningKey>>
  let claims: Fields
  beforeAll(async () => {
    key = await createSigningKey('k1')
    claims = {
      ...serviceAccountClaims(NOW),
      iss: ISSUER,
      'kubernetes.io': {
        namespace: 'jobs',
        node: { name: 'node-1', uid: 'n' },
        pod: { name: 'nightly-1', uid: 'p' },
        serviceaccount: { name: 'nightly', uid: 's' },
      },
      sub: 'system:serviceaccount:jobs:nightly',
    }
  })

  it.each<[string, Fields, Fields, boolean]>([
    ['its policy', RECORDED, { admit: 'jobs' }, true],
    ['another policy', RECORDED, { admit: 'other' }, false],
    ['its SPIFFE ID', RECORDED, { spiffeId: ID }, true],
    ['its SPIFFE ID by its policy', RECORDED, { admit: 'jobs', spiffeId: ID }, true],
    ['its SPIFFE ID by another policy', RECORDED, { admit: 'other', spiffeId: ID }, false],
    ['another SPIFFE ID', RECORDED, { admit: 'jobs', spiffeId: `${ID}/x` }, false],
    ['its claims', RECORDED, { claims: { node: 'node-1' } }, true],
    ['other claims', RECORDED, { claims: { node: 'node-2' } }, false],
    ['its subject and DNS names', RECORDED, { subject: 'OU=jobs', dnsNames: ['jobs.example.org'] }, true],
    ['another subject', RECORDED, { subject: 'OU=web' }, false],
    ['a refusal by a pin', ELSEWHERE, { refuse: 'namespace_not_allowed' }, true],
    ['a refusal by a pin of its policy', ELSEWHERE, { refuse: 'namespace_not_allowed', policy: 'jobs' }, true],
    ['a refusal by a pin of another policy', ELSEWHERE, { refuse: 'namespace_not_allowed', policy: 'other' }, false],
    ['the answer itself', ELSEWHERE, { refuse: 'login_refused' }, true],
    ['a refusal, and an identity is expected', ELSEWHERE, { spiffeId: ID }, false],
    ['an identity, and a refusal is expected', RECORDED, { refuse: 'namespace_not_allowed' }, false],
    ['an identity, and an error is expected', RECORDED, { error: 'attribute_missing' }, false],
    [
      'an identity that cannot be rendered',
      WITHOUT_NODE,
      { error: 'attribute_missing', attribute: 'k8s_token.node.name' },
      true,
    ],
    ['another attribute', WITHOUT_NODE, { error: 'attribute_missing', attribute: 'k8s_token.namespace' }, false],
    ['an identity that cannot be rendered, as admitted', WITHOUT_NODE, { admit: 'jobs' }, false],
    ['an identity that cannot be rendered, as refused', WITHOUT_NODE, { refuse: 'attribute_missing' }, false],
  ])('gets %s', async (_name, attributes, expected, passed) => {
    expect(await judge({ serverless: { attributes }, expect: expected })).toMatchObject({ kind: 'serverless', passed })
  })

  it('says what it got by which policy, and why not', async () => {
    expect(await judge({ serverless: { attributes: RECORDED }, expect: { spiffeId: 'spiffe://x' } })).toMatchObject({
      expected: 'spiffe://x',
      actual: `by jobs: ${ID}`,
    })
    const refused = await judge({ serverless: { attributes: ELSEWHERE }, expect: { admit: 'jobs', spiffeId: ID } })
    expect(refused).toMatchObject({
      expected: `by jobs: ${ID}`,
      actual: expect.stringContaining('refused: namespace_not_allowed'),
    })
    expect(refused.notes.join()).toContain('expected jobs')
  })

  it('by a token needs its signature, as a login does', async () => {
    const token = await signClaims(key, claims)
    const asked = { serverless: { token }, expect: { spiffeId: ID } }
    const keys = { keys: { keys: [key.publicJwk] } }
    expect(await judge(asked, undefined, keys)).toMatchObject({ passed: true, signature: 'verified' })
    expect(await judge(asked)).toMatchObject({ passed: false, signature: 'unchecked' })
    const trusting = { ...asked, signature: 'not_checked' }
    expect(await judge(trusting)).toMatchObject({ passed: true, signature: 'unchecked' })
    const other = { keys: { keys: [(await createSigningKey('k1')).publicJwk] } }
    expect(await judge(trusting, undefined, other)).toMatchObject({ passed: false, signature: 'failed' })
  })

  it('of the trust domain is decided by its document, which knows no cluster', async () => {
    const serverless = { scope: 'trust-domain', attributes: RECORDED }
    expect(await judge({ serverless, expect: { spiffeId: 'spiffe://example.org/shared/jobs' } })).toMatchObject({
      passed: true,
    })
    const clusters = { 'c-1': { name: 'c-1', pathPrefixes: ['/shared'] } }
    const listed = place(
      'trust-domain',
      'TrustDomain',
      JSON.stringify({ section: 'TrustDomain', schema: 'v1', spec: { clusters } }),
    )
    expect(await judge({ serverless, expect: { error: 'path_outside_cluster' } }, [SHARED, listed])).toMatchObject({
      passed: true,
    })
  })

  it.each<[string, PlacedDocument['scope'], PlacedDocument['section'], Fields, string]>([
    ['agents are required', 'cluster', 'Cluster', { requireAgentSession: true }, 'agent_session_required'],
    [
      'others are listed',
      'trust-domain',
      'TrustDomain',
      { clusters: { 'c-1': { name: 'c-1', pathPrefixes: ['/c-1'] } } },
      'cluster_unlisted',
    ],
    [
      'there is a lock',
      'cluster',
      'Revocations',
      { lock: { until: '2026-02-01T00:00:00Z', reason: 'x' } },
      'cluster_locked',
    ],
    [
      'the evidence is revoked',
      'trust-domain',
      'Revocations',
      { entries: [{ node: 'node-1', until: '2026-02-01T00:00:00Z', reason: 'x' }] },
      'evidence_revoked',
    ],
  ])('is refused where %s', async (_name, scope, section, spec, code) => {
    const around = place(scope, section, JSON.stringify({ section, schema: 'v1', spec }))
    const documents = [OF_CLUSTER, around]
    const serverless = { attributes: RECORDED }
    expect(await judge({ serverless, expect: { refuse: code } }, documents)).toMatchObject({ passed: true })
    expect(await judge({ serverless, expect: { admit: 'jobs' } }, documents)).toMatchObject({ passed: false })
    expect(await judge({ serverless, expect: { refuse: 'login_refused', policy: 'jobs' } }, documents)).toMatchObject({
      passed: false,
    })
  })

  it('is told the lock before what the cluster requires', async () => {
    const spec = { lock: { until: '2026-02-01T00:00:00Z', reason: 'x' } }
    const documents = [
      OF_CLUSTER,
      place('cluster', 'Revocations', JSON.stringify({ section: 'Revocations', schema: 'v1', spec })),
      place('cluster', 'Cluster', '{section: Cluster, schema: v1, spec: {requireAgentSession: true}}'),
    ]
    const asked = { serverless: { attributes: RECORDED }, expect: { refuse: 'cluster_locked' } }
    expect(await judge(asked, documents)).toMatchObject({ passed: true })
  })

  it('that no document can meet is not run', async () => {
    const asked = (expected: Fields, scope = 'cluster') => ({
      serverless: { scope, attributes: RECORDED },
      expect: expected,
    })
    expect(await run(asked({ admit: 'job' }))).toMatchObject({
      kind: 'not_run',
      issues: [{ code: 'value_invalid', path: ['cases', 0, 'expect', 'admit'] }],
    })
    expect(await run(asked({ refuse: 'node_not_allowed', policy: 'job' }))).toMatchObject({
      issues: [{ path: ['cases', 0, 'expect', 'policy'] }],
    })
    expect(await run(asked({ spiffeId: 'x' }, 'trust-domain'), [OF_CLUSTER])).toMatchObject({
      kind: 'not_run',
      issues: [{ code: 'field_missing', path: ['cases', 0, 'serverless'] }],
    })
  })

  const serverless = { attributes: RECORDED }
  const SPIFFE = { spiffeId: ID }
  it.each<[Fields, string]>([
    [{ serverless, expect: {} }, 'field_conflict cases.0.expect'],
    [{ serverless, expect: { ...SPIFFE, refuse: 'token_expired' } }, 'field_conflict cases.0.expect'],
    [{ serverless, expect: { ...SPIFFE, error: 'attribute_missing' } }, 'field_conflict cases.0.expect'],
    [{ serverless, expect: { ...SPIFFE, policy: 'jobs' } }, 'field_conflict cases.0.expect'],
    [{ serverless, expect: { refuse: 'token_expired', attribute: 'x' } }, 'field_conflict cases.0.expect'],
    [{ serverless, expect: { refuse: 'token_expird' } }, 'value_invalid cases.0.expect.refuse'],
    [{ serverless, expect: { error: 'attribute_mising' } }, 'value_invalid cases.0.expect.error'],
    [{ serverless, as: 'issuer', expect: SPIFFE }, 'field_conflict cases.0.as'],
    [{ serverless, signature: 'not_checked', expect: SPIFFE }, 'field_conflict cases.0.signature'],
    [{ serverless: { ...serverless, token: 'x' }, expect: SPIFFE }, 'field_conflict cases.0.serverless'],
    [{ serverless: { scope: 'cluster' }, expect: SPIFFE }, 'field_conflict cases.0.serverless'],
    [{ serverless: { ...serverless, scope: 'all' }, expect: SPIFFE }, 'value_invalid cases.0.serverless.scope'],
    [{ serverless: { attributes: { x: 1 } }, expect: SPIFFE }, 'value_invalid cases.0.serverless.attributes'],
    [{ serverless, login: { token: 'x' }, expect: SPIFFE }, 'field_conflict cases.0'],
  ])('%# with a fault in the file says which', (given, issue) => {
    const read = readTestFile(JSON.stringify({ ...HEAD, cases: [{ name: 'one', ...given }] }))
    expect(read.ok ? [] : read.issues.map(({ code, path }) => `${code} ${path.join('.')}`)).toContain(issue)
  })
})
