// What the page may show of a login: never good without a signature, the nearest miss first, and an identity by the session
// that the login would yield.
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlaygroundEngine } from '../../playground/engine/playground-engine.ts'
import type { Situation } from '../../playground/engine/situation.ts'
import { summarizeLogin } from '../../playground/engine/summarize-login.ts'
import type { CheckJson, PolicyJson } from '../../src/explain/explain-report.ts'
import { readSignature } from '../../src/explain/rank-policies.ts'
import { makeUnsignedToken } from '../../src/explain/unsigned-token.ts'
import { findSample, makeEngine, SETTINGS, situationOf } from './situation.ts'

let engine: PlaygroundEngine
beforeAll(() => {
  engine = makeEngine()
})

const SAMPLE = findSample('kubernetes')
const claimsOf = (token: string) =>
  JSON.parse(atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')))
const CLAIMS = claimsOf(SAMPLE.evidence)
const KEY = JSON.parse(SAMPLE.keys).keys[0]

/** The document of policies with a part of it replaced. */
function policies(from: string | RegExp, to: string): Pick<Situation, 'documents'> {
  const documents = SAMPLE.documents.map((one) =>
    one.section === 'AgentAttestation' ? { ...one, text: one.text.replace(from, to) } : one,
  )
  return { documents }
}

const summarize = async (change: Partial<Situation>) => {
  const { login } = await engine.evaluate(situationOf('kubernetes', change))
  return { ...summarizeLogin(login), signature: login.kind === 'explained' ? login.signature : undefined }
}

async function toPem(jwk: JsonWebKey): Promise<string> {
  const ecdsa = { name: 'ECDSA', namedCurve: 'P-256' }
  const spki = await crypto.subtle.exportKey('spki', await crypto.subtle.importKey('jwk', jwk, ecdsa, true, ['verify']))
  const lines = Buffer.from(spki).toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN PUBLIC KEY-----\n${lines.trim()}\n-----END PUBLIC KEY-----\n`
}

describe('a signature', () => {
  it.each<[string, () => Partial<Situation> | Promise<Partial<Situation>>, string, string]>([
    ['with the key set', () => ({}), 'good', 'verified'],
    ['with an array of key sets', () => ({ keys: `[${SAMPLE.keys}, {"keys": []}]` }), 'good', 'verified'],
    ['with the key alone', () => ({ keys: JSON.stringify(KEY) }), 'good', 'verified'],
    ['with the key in PEM', async () => ({ keys: await toPem(KEY) }), 'good', 'verified'],
    ['without keys', () => ({ keys: '' }), 'unknown', 'unchecked'],
    ['with keys that are not JSON', () => ({ keys: '{' }), 'unknown', 'unchecked'],
    ['with a discovery document', () => ({ keys: '{"jwks_uri": "https://x.example/keys"}' }), 'unknown', 'unchecked'],
    ['with an empty key set', () => ({ keys: '{"keys": []}' }), 'bad', 'failed'],
    ['that is changed', () => ({ evidence: SAMPLE.evidence.replace(/.{8}$/, 'AAAAAAAA') }), 'bad', 'failed'],
    ['of claims as JSON, with the key set', () => ({ evidence: JSON.stringify(CLAIMS) }), 'unknown', 'unchecked'],
    [
      'of claims in a login body, with the key set',
      () => ({ evidence: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { claims: CLAIMS } }] }) }),
      'unknown',
      'unchecked',
    ],
    [
      'of claims, with the keys in the document',
      () => ({
        ...policies(/issuerURL: (\S+)\n/, `issuerURL: $1\n            jwks: ${JSON.stringify({ keys: [KEY] })}\n`),
        evidence: JSON.stringify(CLAIMS),
        keys: '',
      }),
      'unknown',
      'unchecked',
    ],
    [
      'of a token that is made of claims',
      () => ({ evidence: makeUnsignedToken(CLAIMS, { alg: 'ES256', kid: KEY.kid }) }),
      'unknown',
      'unchecked',
    ],
  ])('%s', async (_name, change, tone, signature) => {
    expect(await summarize(await change())).toMatchObject({ tone, signature })
  })

  it('is not refused for claims that a policy refuses for something else', async () => {
    const refused = await summarize({ evidence: JSON.stringify({ ...CLAIMS, aud: ['x'] }) })
    expect(refused).toMatchObject({ tone: 'bad', signature: 'unchecked' })
  })
})

describe('readSignature()', () => {
  const check = (name: string, state: CheckJson['state']): CheckJson => ({ name, state, expected: '', actual: '' })
  const policy = (...attestors: (readonly CheckJson[])[]): PolicyJson => ({
    name: 'p',
    state: 'satisfied',
    attestors: attestors.map((checks) => ({ type: 't', state: 'checked', checks, attributes: [] })),
    conditions: [],
  })
  const good = [check('key', 'passed'), check('signature', 'passed')]
  it.each<[string, PolicyJson | undefined, string]>([
    ['a signature by a key', policy(good), 'verified'],
    ['a proof that is verified at once', policy([check('verification', 'passed')]), 'verified'],
    ['a key alone', policy([check('key', 'passed')]), 'unchecked'],
    ['no proof', policy([check('issuer', 'passed')]), 'unchecked'],
    ['one of two without a proof', policy(good, [check('issuer', 'passed')]), 'unchecked'],
    ['one of two unknown', policy(good, [check('challenge', 'unknown')]), 'unchecked'],
    ['one of two failed', policy([check('key', 'unknown')], [check('signature', 'failed')]), 'failed'],
    ['nothing', policy(), 'absent'],
    ['no policy', undefined, 'absent'],
  ])('takes %s for what it is', (_name, given, expected) => {
    expect(readSignature(given)).toBe(expected)
  })
})

describe('evidence', () => {
  it('shows its claims and its times also while a document does not compile', async () => {
    const { claimed, instants } = await engine.evaluate(situationOf('kubernetes', policies('issuerURL', 'isuerURL')))
    expect(claimed).toMatchObject([{ claimed: { namespace: 'spirl-system' } }])
    expect(instants).toEqual([CLAIMS.iat, CLAIMS.exp])
  })

  const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: SAMPLE.evidence } }] })
  it.each([
    ['a bare token', SAMPLE.evidence],
    ['a token with the word Bearer', `Bearer ${SAMPLE.evidence}`],
    ['a header', `Authorization: Bearer ${SAMPLE.evidence}`],
    ['the body of a login', body],
    [
      'a curl command',
      `curl -s https://login.example.org/v1/clusters/demo/login \\\n  -H 'Content-Type: application/json' \\\n  -d '${body}'`,
    ],
    ['a curl command with double quotes', `curl --json ${JSON.stringify(body)} https://login.example.org/`],
  ])('as %s', async (_name, evidence) => {
    expect(await summarize({ evidence })).toMatchObject({ tone: 'good' })
  })

  it('keeps its faults: duplicate members are refused as the gateway refuses them', async () => {
    const { login } = await engine.evaluate(
      situationOf('kubernetes', { evidence: '{"attestations":[],"attestations":[]}' }),
    )
    expect(login).toMatchObject({
      kind: 'refused_body',
      verdict: { answer: { status: 400, code: 'request_malformed' } },
    })
  })

  it('is nowhere in a report', async () => {
    const report = JSON.stringify(await engine.evaluate(situationOf('kubernetes')))
    for (const part of SAMPLE.evidence.split('.')) expect(report).not.toContain(part)
  })
})

describe('policies', () => {
  it('come with the nearest miss first', async () => {
    const text = policies('spirl-agent', 'other').documents
    const { login } = await engine.evaluate(situationOf('kubernetes', { documents: text.toReversed() }))
    // The one misses the account, the other the namespace and the account.
    expect(login).toMatchObject({ policies: [{ name: 'eks_agents' }, { name: 'break_glass' }] })
  })

  it.each<[string, Partial<Situation>, string]>([
    ['without a document', { documents: [] }, 'no_document'],
    ['with one that does not compile', policies('issuerURL', 'isuerURL'), 'invalid_document'],
    [
      'with revocations that do not',
      { documents: [...SAMPLE.documents, { scope: 'cluster', section: 'Revocations', text: '{' }] },
      'invalid_document',
    ],
    ['without evidence', { evidence: '  ' }, 'no_evidence'],
    ['of issuers, without a document of theirs', { role: 'issuer' }, 'no_document'],
  ])('%s', async (_name, change, kind) => {
    expect((await engine.evaluate(situationOf('kubernetes', change))).login).toMatchObject({ kind })
  })

  it('are explained for an issuer by the section of the trust domain', async () => {
    const text = SAMPLE.documents[0]?.text.replace('AgentAttestation', 'TrustDomainServerAttestation') ?? ''
    const documents = [{ scope: 'trust-domain', section: 'TrustDomainServerAttestation', text } as const]
    expect(await summarize({ role: 'issuer', documents })).toMatchObject({ tone: 'good' })
  })

  it('are locked and revoked by documents of either scope', async () => {
    const until = { until: '9999-01-01T00:00:00Z', reason: 'test' }
    const revocations = (spec: object) => JSON.stringify({ section: 'Revocations', schema: 'v1', spec })
    const locked = revocations({ lock: until })
    const revoked = revocations({ entries: [{ node: 'ip-10-0-1-1.ec2.internal', ...until }] })
    for (const scope of ['cluster', 'trust-domain'] as const) {
      const add = (text: string) => ({
        documents: [...SAMPLE.documents, { scope, section: 'Revocations' as const, text }],
      })
      expect((await summarize(add(locked))).title).toContain('cluster_locked')
      expect((await summarize(add(revoked))).title).toContain('evidence_revoked')
    }
  })
})

describe('documents', () => {
  it('have their issues, each at its place, and an edit where there is one', async () => {
    const { documents } = await engine.evaluate(situationOf('kubernetes', policies('eks_agents', 'eks agents')))
    expect(documents[0]).toMatchObject({ compiles: false, issues: [{ code: 'name_invalid', line: 5, column: 13 }] })
  })

  it('have the findings across sections', async () => {
    const workload = {
      scope: 'cluster',
      section: 'WorkloadAttestation',
      text: 'section: WorkloadAttestation\nschema: v1\nspec:\n  kubernetes: { enabled: false }\n',
    } as const
    const { documents } = await engine.evaluate(
      situationOf('kubernetes', { documents: [...SAMPLE.documents, workload] }),
    )
    const issuance = documents.find(({ section }) => section === 'SVIDIssuancePolicy')
    expect(issuance).toMatchObject({ compiles: true, isValid: false })
    expect(issuance?.issues.map(({ code }) => code)).toContain('attribute_not_enabled')
  })

  it('are compiled anew when a setting changes', async () => {
    const other = { ...SETTINGS, issuerUrl: String(CLAIMS.iss) }
    const { documents } = await engine.evaluate(situationOf('kubernetes', { settings: other }))
    expect(documents[0]?.issues.map(({ code }) => code)).toContain('issuer_forbidden')
  })
})

describe('settings', () => {
  it.each<[string, Partial<Situation['settings']>, string]>([
    ['a trust domain in upper case', { trustDomain: 'Example.org' }, 'trustDomain'],
    ['a cluster id with a dot', { clusterId: 'a.b' }, 'clusterId'],
    ['a skew over the limit', { clockSkewSeconds: 61 }, 'clockSkewSeconds'],
    ['no skew', { clockSkewSeconds: Number.NaN }, 'clockSkewSeconds'],
    ['an issuer that is no URL', { issuerUrl: 'login' }, 'issuerUrl'],
    ['a private issuer with a path', { privateIssuers: 'https://10.0.0.1/x' }, 'privateIssuers'],
  ])('%s', async (_name, change, setting) => {
    const report = await engine.evaluate(situationOf('kubernetes', { settings: { ...SETTINGS, ...change } }))
    expect(report).toMatchObject({ settings: [{ setting }], login: { kind: 'no_evidence' }, documents: [] })
  })
})

describe('a workload', () => {
  const map = async (change: Partial<Situation> = {}) =>
    (await engine.evaluate(situationOf('kubernetes', change))).mapping

  it('gets its identity by the session of the login', async () => {
    expect(await map()).toMatchObject({
      agentPolicy: 'eks_agents',
      mapped: { result: { spiffeId: 'spiffe://example.org/payments/ns/shop/sa/checkout' } },
    })
  })

  it.each<[string, Partial<Situation>, object]>([
    [
      'is refused where its agent is, and an agent is required',
      { atSeconds: 0 },
      { mapped: { kind: 'refused', by: 'agent' } },
    ],
    [
      'on another node is refused',
      { workload: (SAMPLE.workload ?? '').replace('ip-10-0-1-1', 'ip-10-0-1-2') },
      { mapped: { result: { error: { code: 'node_mismatch' } } } },
    ],
    [
      'of a container that there is not is refused',
      { container: 'none' },
      { mapped: { result: { error: { code: 'container_unknown' } } } },
    ],
    ['that is not JSON is said to be none', { workload: '{' }, { kind: 'unreadable' }],
    ['that is a list of two is said to be', { workload: '{"items": [{}, {}]}' }, { kind: 'unreadable' }],
    ['that is not there is not mapped', { workload: '' }, { kind: 'no_workload' }],
  ])('%s', async (_name, change, expected) => {
    expect(await map(change)).toMatchObject(expected)
  })
})
