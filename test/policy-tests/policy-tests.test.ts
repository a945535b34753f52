// Policy tests pass where the gateway's decision is the expected one, and for no other reason; a test file that cannot be met, or
// read, says where.
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createAttestorTable } from '../../src/attest/table.ts'
import { createConditionEngine } from '../../src/condition/vm/engine.ts'
import { POLICY_TESTS_MAX } from '../../src/core/limits.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import { runPolicyTests } from '../../src/policy-tests/run-policy-tests.ts'
import { readTestFile } from '../../src/policy-tests/test-file.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../token/issuer.ts'

const ISSUER = 'https://issuer.example'
const NOW = Date.UTC(2026, 0, 1) / 1000
const POLICIES = `
section: AgentAttestation
schema: v1
spec:
  policies:
    - name: agents
      requiredAttestors:
        - type: k8s_token
          config: { issuerURL: ${ISSUER}, serviceAccountNamespace: spirl-system, allowedNodes: [node-1] }
      conditions:
        - { expression: 'k8s_token.service_account.name.startsWith("spirl-")', message: agents only }
    - name: hosts
      requiredAttestors: [{ type: k8s_token, config: { issuerURL: ${ISSUER}/hosts, serviceAccountNamespace: hosts, serviceAccountName: host } }]
`
const MAPPING = `
section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/ns/{{kubernetes.pod.namespace}}"
    jwt: { additionalClaims: { node: "{{k8s_token.node.name}}" } }
    x509: { subject: "OU={{kubernetes.pod.namespace}}", dnsNames: ["{{kubernetes.pod.namespace}}.example.org"] }
`
const ISSUERS = `
section: TrustDomainServerAttestation
schema: v1
spec:
  requiredAttestors: [{ type: k8s_token, config: { issuerURL: ${ISSUER}, serviceAccountNamespace: tds, serviceAccountName: server } }]
`
const place = (scope: PlacedDocument['scope'], section: PlacedDocument['section'], text: string): PlacedDocument => ({
  scope,
  section,
  text,
})
const DOCUMENTS = [
  place('cluster', 'AgentAttestation', POLICIES),
  place('cluster', 'SVIDIssuancePolicy', MAPPING),
  place('trust-domain', 'TrustDomainServerAttestation', ISSUERS),
]

const HEAD = { trustDomain: 'example.org', now: '2026-01-01T00:00:00Z', documents: ['-'] }
const engine = createConditionEngine(loadPolicyVm())

async function run(file: Readonly<Record<string, unknown>>, documents: readonly PlacedDocument[] = DOCUMENTS) {
  const text = JSON.stringify({ ...HEAD, ...file })
  const read = readTestFile(text)
  if (!read.ok) throw new Error(JSON.stringify(read.issues))
  return runPolicyTests({ file: read.file, text, documents, attestors: createAttestorTable(), engine })
}
/** The outcome of one case. */
async function judge(given: Readonly<Record<string, unknown>>, file: Readonly<Record<string, unknown>> = {}) {
  const report = await run({ ...file, cases: [{ name: 'one', ...given }] })
  if (report.kind !== 'run') throw new Error(JSON.stringify(report.issues))
  const [result] = report.results
  if (result === undefined) throw new Error('no result')
  return result
}

const claims = (change: Readonly<Record<string, unknown>> = {}) => ({
  ...serviceAccountClaims(NOW),
  iss: ISSUER,
  'kubernetes.io': {
    namespace: 'spirl-system',
    node: { name: 'node-1', uid: 'n' },
    pod: { name: 'spirl-agent-1', uid: 'p' },
    serviceaccount: { name: 'spirl-agent', uid: 's' },
  },
  ...change,
})
let key: Awaited<ReturnType<typeof createSigningKey>>
let other: typeof key
let token: string
beforeAll(async () => {
  key = await createSigningKey('k1')
  other = await createSigningKey('k1')
  token = await signClaims(key, claims())
})

const RECORDED = {
  'k8s_token.issuer': ISSUER,
  'k8s_token.namespace': 'spirl-system',
  'k8s_token.service_account.name': 'spirl-agent',
  'k8s_token.node.name': 'node-1',
}
const ADMIT = { admit: 'agents' }

describe('a login', () => {
  it('by a token is admitted with the keys of its issuer', async () => {
    const result = await judge({ login: { token }, expect: ADMIT }, { keys: { keys: [key.publicJwk] } })
    expect(result).toMatchObject({ passed: true, signature: 'verified' })
  })

  it('by a token is not admitted with the keys of another', async () => {
    const result = await judge({ login: { token }, expect: ADMIT }, { keys: { keys: [other.publicJwk] } })
    expect(result).toMatchObject({ passed: false, signature: 'failed' })
    expect(result.notes.join()).toContain('signature')
  })

  it('by a token is not admitted without keys, unless the case says so', async () => {
    expect(await judge({ login: { token }, expect: ADMIT })).toMatchObject({ passed: false, signature: 'unchecked' })
    const trusting = { login: { token }, signature: 'not_checked', expect: ADMIT }
    expect(await judge(trusting)).toMatchObject({ passed: true, signature: 'unchecked' })
    // A signature that was checked and is wrong is never taken for valid.
    expect(await judge(trusting, { keys: { keys: [other.publicJwk] } })).toMatchObject({ passed: false })
  })

  it('by claims is never admitted on their word alone', async () => {
    expect(await judge({ login: { claims: claims() }, expect: ADMIT })).toMatchObject({ passed: false })
    const result = await judge(
      { login: { claims: claims() }, signature: 'not_checked', expect: ADMIT },
      { keys: { keys: [key.publicJwk] } },
    )
    expect(result).toMatchObject({ passed: true, signature: 'unchecked' })
  })

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean]>([
    ['recorded attributes', { attributes: RECORDED }, ADMIT, true],
    [
      'an answer',
      { attributes: { policy: 'x', attributes: Object.entries(RECORDED).map(([name, value]) => ({ name, value })) } },
      ADMIT,
      true,
    ],
    ['another policy', { attributes: RECORDED }, { admit: 'hosts' }, false],
    ['a refusal that does not come', { attributes: RECORDED }, { refuse: 'node_not_allowed' }, false],
    ['a pin', { attributes: { ...RECORDED, 'k8s_token.node.name': 'node-2' } }, { refuse: 'node_not_allowed' }, true],
    [
      'a pin of a policy',
      { attributes: { ...RECORDED, 'k8s_token.node.name': 'node-2' } },
      { refuse: 'node_not_allowed', policy: 'agents' },
      true,
    ],
    [
      'a pin of another policy',
      { attributes: { ...RECORDED, 'k8s_token.node.name': 'node-2' } },
      { refuse: 'node_not_allowed', policy: 'hosts' },
      false,
    ],
    [
      'another code',
      { attributes: { ...RECORDED, 'k8s_token.node.name': 'node-2' } },
      { refuse: 'namespace_not_allowed' },
      false,
    ],
    [
      'a condition',
      { attributes: { ...RECORDED, 'k8s_token.service_account.name': 'x' } },
      { refuse: 'condition_failed' },
      true,
    ],
    [
      'the answer itself',
      { attributes: { ...RECORDED, 'k8s_token.node.name': 'node-2' } },
      { refuse: 'login_refused' },
      true,
    ],
    ['a token that is none', { token: 'x' }, { refuse: 'token_malformed' }, true],
    ['a body that is none', { attestations: [{ type: 1 }] }, { refuse: 'request_malformed' }, true],
    ['a body that is none, and another code', { attestations: [{ type: 1 }] }, { refuse: 'token_malformed' }, false],
  ])('%s', async (_name, login, expected, passed) => {
    expect((await judge({ login, expect: expected })).passed).toBe(passed)
  })

  it('is at the time of the file, or its own', async () => {
    const file = { keys: { keys: [key.publicJwk] } }
    const late = { at: '2027-01-01T00:00:00Z', login: { token } }
    expect(await judge({ ...late, expect: { refuse: 'token_expired' } }, file)).toMatchObject({ passed: true })
    expect(await judge({ ...late, expect: ADMIT }, file)).toMatchObject({ passed: false })
  })

  it('of an issuer is decided by the other section', async () => {
    const login = {
      attributes: { ...RECORDED, 'k8s_token.namespace': 'tds', 'k8s_token.service_account.name': 'server' },
    }
    expect(await judge({ as: 'issuer', login, expect: { admit: 'default' } })).toMatchObject({ passed: true })
    expect(await judge({ login, expect: { refuse: 'namespace_not_allowed' } })).toMatchObject({ passed: true })
  })

  it('that lacks what a check needs is undecided, neither admitted nor refused', async () => {
    const pinned = POLICIES.replace('allowedNodes', 'maxTokenLifetime: 1h, allowedNodes')
    const outcome = async (change: object, expected: object) => {
      const one = { name: 'one', login: { attributes: { ...RECORDED, ...change } }, expect: expected }
      return run({ cases: [one] }, [place('cluster', 'AgentAttestation', pinned)])
    }
    expect(await outcome({}, ADMIT)).toMatchObject({
      results: [{ passed: false, actual: expect.stringMatching(/undecided.*lifetime/) }],
    })
    expect(await outcome({}, { refuse: 'node_not_allowed' })).toMatchObject({ results: [{ passed: false }] })
    // What is on record decides where it can.
    const elsewhere = { 'k8s_token.node.name': 'node-2' }
    expect(await outcome(elsewhere, { refuse: 'node_not_allowed' })).toMatchObject({ results: [{ passed: true }] })
  })

  it('is refused by Revocations among the documents', async () => {
    const revocations = `{section: Revocations, schema: v1, spec: {entries: [{node: node-1, until: "2026-02-01T00:00:00Z", reason: stolen}]}}`
    const report = await run(
      { cases: [{ name: 'one', login: { attributes: RECORDED }, expect: { refuse: 'evidence_revoked' } }] },
      [...DOCUMENTS, place('cluster', 'Revocations', revocations)],
    )
    expect(report).toMatchObject({ kind: 'run', results: [{ passed: true }] })
  })
})

describe('a workload', () => {
  const attributes = { 'kubernetes.pod.namespace': 'web', 'kubernetes.pod.node.name': 'node-1' }
  const agent = RECORDED
  it.each<[string, Readonly<Record<string, unknown>>, boolean]>([
    ['its SPIFFE ID', { spiffeId: 'spiffe://example.org/ns/web' }, true],
    ['another SPIFFE ID', { spiffeId: 'spiffe://example.org/ns/web2' }, false],
    ['its claims', { claims: { node: 'node-1' } }, true],
    ['fewer claims', { claims: {} }, false],
    ['more claims', { claims: { node: 'node-1', x: 'y' } }, false],
    ['its subject', { subject: 'OU=web' }, true],
    ['another subject', { subject: 'OU=db' }, false],
    ['its DNS names', { dnsNames: ['web.example.org'] }, true],
    ['no DNS names', { dnsNames: [] }, false],
    ['an error', { error: 'attribute_missing' }, false],
    ['all of it, one of them wrong', { spiffeId: 'spiffe://example.org/ns/web', subject: 'OU=db' }, false],
  ])('gets %s', async (_name, expected, passed) => {
    expect(await judge({ map: { attributes, agent }, expect: expected })).toMatchObject({ passed })
  })

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean]>([
    [
      'an attribute that is missing',
      { attributes },
      { error: 'attribute_missing', attribute: 'k8s_token.node.name' },
      true,
    ],
    ['another attribute', { attributes }, { error: 'attribute_missing', attribute: 'kubernetes.pod.name' }, false],
    [
      'another node',
      { attributes: { ...attributes, 'kubernetes.pod.node.name': 'node-2' }, agent },
      { error: 'node_mismatch' },
      true,
    ],
    ['another code', { attributes }, { error: 'node_mismatch' }, false],
    ['a refusal, and an identity is expected', { attributes }, { spiffeId: 'spiffe://example.org/ns/web' }, false],
  ])('is refused for %s', async (_name, map, expected, passed) => {
    expect(await judge({ map, expect: expected })).toMatchObject({ passed })
  })
})

describe('a file', () => {
  const login = { attributes: RECORDED }
  const one = { name: 'one', login, expect: ADMIT }
  const issuesOf = (file: unknown): readonly string[] => {
    const read = readTestFile(typeof file === 'string' ? file : JSON.stringify(file))
    return read.ok ? [] : read.issues.map(({ code, path }) => `${code} ${path.join('.')}`)
  }
  const whole = { ...HEAD, cases: [one] }

  it('that is whole has no issue', () => expect(issuesOf(whole)).toEqual([]))

  it.each<[unknown, string]>([
    ['', 'document_empty '],
    ['a: &x 1', 'yaml_feature_forbidden a'],
    [{ ...whole, case: [] }, 'field_unknown case'],
    [{ ...whole, now: undefined }, 'field_missing now'],
    [{ ...whole, now: 'today' }, 'value_invalid now'],
    [{ ...whole, trustDomain: 'Example' }, 'value_invalid trustDomain'],
    [{ ...whole, cluster: '..' }, 'value_invalid cluster'],
    [{ ...whole, clockSkewSeconds: 61 }, 'value_out_of_range clockSkewSeconds'],
    [{ ...whole, documents: [] }, 'value_empty documents'],
    [{ ...whole, cases: [] }, 'value_empty cases'],
    [{ ...whole, keys: { jwks_uri: 'https://x' } }, 'key_unusable keys'],
    [{ ...whole, keys: 'x' }, 'key_unusable keys'],
    [{ ...whole, cases: [one, one] }, 'name_duplicate cases.1.name'],
    [{ ...whole, cases: [{ ...one, at: 'x' }] }, 'value_invalid cases.0.at'],
    [{ ...whole, cases: [{ ...one, login: undefined }] }, 'field_conflict cases.0'],
    [{ ...whole, cases: [{ ...one, map: { attributes: {} } }] }, 'field_conflict cases.0'],
    [{ ...whole, cases: [{ ...one, login: {} }] }, 'field_conflict cases.0.login'],
    [{ ...whole, cases: [{ ...one, login: { token: 'x', claims: {} } }] }, 'field_conflict cases.0.login'],
    [
      { ...whole, cases: [{ ...one, login: { attributes: { 'k8s_token.nod.name': 'x' } } }] },
      'value_invalid cases.0.login.attributes',
    ],
    [{ ...whole, cases: [{ ...one, signature: 'not_checked' }] }, 'field_conflict cases.0.signature'],
    [{ ...whole, cases: [{ ...one, signature: 'valid' }] }, 'value_invalid cases.0.signature'],
    [{ ...whole, cases: [{ ...one, expect: {} }] }, 'field_conflict cases.0.expect'],
    [
      { ...whole, cases: [{ ...one, expect: { admit: 'agents', refuse: 'token_expired' } }] },
      'field_conflict cases.0.expect',
    ],
    [{ ...whole, cases: [{ ...one, expect: { admit: 'agents', policy: 'agents' } }] }, 'field_conflict cases.0.expect'],
    [{ ...whole, cases: [{ ...one, expect: { refuse: 'token_expird' } }] }, 'value_invalid cases.0.expect.refuse'],
    [{ ...whole, cases: [{ ...one, expect: { refuse: 'constructor' } }] }, 'value_invalid cases.0.expect.refuse'],
    [{ ...whole, cases: [{ ...one, expect: { spiffeId: 'x' } }] }, 'field_conflict cases.0.expect.spiffeId'],
    [{ ...whole, cases: [{ name: 'm', map: {}, expect: { spiffeId: 'x' } }] }, 'field_conflict cases.0.map'],
    [
      { ...whole, cases: [{ name: 'm', map: { pod: {}, attributes: {} }, expect: { spiffeId: 'x' } }] },
      'field_conflict cases.0.map',
    ],
    [
      { ...whole, cases: [{ name: 'm', map: { pod: {} }, as: 'issuer', expect: { spiffeId: 'x' } }] },
      'field_conflict cases.0.as',
    ],
    [{ ...whole, cases: [{ name: 'm', map: { pod: {} }, expect: ADMIT }] }, 'field_conflict cases.0.expect.admit'],
    [{ ...whole, cases: [{ name: 'm', map: { pod: {} }, expect: {} }] }, 'field_conflict cases.0.expect'],
    [
      { ...whole, cases: [{ name: 'm', map: { pod: {} }, expect: { spiffeId: 'x', error: 'attribute_missing' } }] },
      'field_conflict cases.0.expect',
    ],
    [
      { ...whole, cases: [{ name: 'm', map: { pod: {} }, expect: { spiffeId: 'x', attribute: 'y' } }] },
      'field_conflict cases.0.expect',
    ],
    [
      { ...whole, cases: [{ name: 'm', map: { pod: {}, agent: { x: 'y' } }, expect: { spiffeId: 'x' } }] },
      'value_invalid cases.0.map.agent',
    ],
  ])('%# with a fault says which', (file, issue) => expect(issuesOf(file)).toContain(issue))

  it('has at most so many cases', () => {
    const many = (count: number) => ({
      ...HEAD,
      cases: Array.from({ length: count }, (_, n) => ({
        ...one,
        name: `${n}`,
        login: { token: 'x' },
        expect: { refuse: 'token_malformed' },
      })),
    })
    expect(issuesOf(many(POLICY_TESTS_MAX + 1))).toContain('value_out_of_range cases')
    expect(issuesOf(many(POLICY_TESTS_MAX))).not.toContain('value_out_of_range cases')
  })

  it('whose expectation no document can meet is not run', async () => {
    const report = await run({ cases: [{ ...one, expect: { admit: 'agent' } }] })
    expect(report).toMatchObject({
      kind: 'not_run',
      issues: [{ code: 'value_invalid', path: ['cases', 0, 'expect', 'admit'] }],
    })
    expect(JSON.stringify(report)).toContain('did you mean')
    const refuse = { refuse: 'node_not_allowed', policy: 'agent' }
    expect(await run({ cases: [{ ...one, expect: refuse }] })).toMatchObject({
      issues: [{ path: ['cases', 0, 'expect', 'policy'] }],
    })
    expect(await run({ cases: [one] }, [])).toMatchObject({
      kind: 'not_run',
      issues: [{ code: 'field_missing', path: ['cases', 0, 'login'] }],
    })
  })

  it('is not run with documents that do not compile', async () => {
    const broken = place('cluster', 'AgentAttestation', POLICIES.replace('allowedNodes', 'allowedNods'))
    const report = await run({ cases: [one] }, [broken])
    expect(report).toMatchObject({ kind: 'not_run', issues: [], documents: [{ compiles: false }] })
  })

  it('of any text is read without a throw', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readTestFile(text)))
    const anything = fc.record({ ...Object.fromEntries(Object.keys(whole).map((name) => [name, fc.jsonValue()])) })
    fc.assert(fc.property(anything, (file) => void readTestFile(JSON.stringify(file))))
  })
})
