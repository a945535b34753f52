// The record of a refused login says who it was, what was expected, and nothing secret, whatever the code: one case for
// each code that a login can end with. A new code without a case fails here.
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { TOKEN_MAX_BYTES } from '../../src/core/limits.ts'
import { REFUSALS, type RefusalCode } from '../../src/core/refusal.ts'
import type { LoginRecord } from '../../src/gateway/audit/audit.ts'
import { recordDecision } from '../../src/gateway/audit/login-record.ts'
import { evaluateLogin } from '../../src/policy/login/login.ts'
import { policySet, createWorld as startPolicies, attestation as theirs } from '../policy/fixture.ts'
import { createSigningKey, type MintChange, signClaims } from '../token/issuer.ts'
import { type Answer, createWorld, policyText, type World } from './fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ stateless: true })
})
afterAll(() => world.stop())
beforeEach(() => {
  world.issuer.setDown(false)
  world.issuer.publish(undefined)
  world.store.readTrouble = 'none'
  world.replay.trouble = 'none'
  world.store.values.delete('clusters/c-1/Revocations')
  world.putPolicy('c-1')
  world.restart()
  world.records.length = 0
})

const revocationsText = (spec: string): string => `section: Revocations\nschema: v1\nspec: { ${spec} }\n`

const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const BOUND = {
  namespace: 'spirl-system',
  node: { name: 'ip-10-0-1-1.ec2.internal', uid: 'n' },
  pod: { name: 'spirl-agent-jv9gn', uid: 'p' },
  serviceaccount: { name: 'spirl-agent', uid: 's' },
}
const SUBJECT = 'system:serviceaccount:spirl-system:spirl-agent'

interface Case {
  /** Makes the login; the store and the issuer are as a valid login needs them. */
  readonly send: () => Promise<Answer>
  /** Members of `claimed` that must be there; the subject and the pod unless said otherwise. */
  readonly claimed?: object
  readonly proved?: boolean
  readonly expected?: object
  readonly failure?: object
}

const log = (token: string): Promise<Answer> => world.login('c-1', token)
const minted = (change: MintChange = {}) => world.issuer.mint(change)
/** A token that differs in its claims or its header alone. */
const token = (change: MintChange, more: Omit<Case, 'send'> = {}): Case => ({
  send: async () => log(await minted(change)),
  ...more,
})
/** The valid token, against a policy with these lines more. */
const pinned = (lines: readonly string[], expected: object, change: MintChange = {}): Case => ({
  async send() {
    world.putPolicy('c-1', lines)
    return log(await minted(change))
  },
  proved: true,
  expected,
})
const conditioned = (expression: string, expected: object, change: MintChange = {}): Case => ({
  async send() {
    const conditions = `      conditions: [{ expression: '${expression}', message: no }]\n`
    world.store.put('clusters/c-1/AgentAttestation', policyText(world.issuer.issuer) + conditions)
    return log(await minted(change))
  },
  proved: true,
  expected,
})
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The store of used evidence is down. */
const usedOnce = (code: 'replay_unavailable' | 'replay_unanswered'): Case => ({
  async send() {
    world.store.put('clusters/c-1/AgentAttestation', `${policyText(world.issuer.issuer)}      singleUse: true\n`)
    world.replay.trouble = 'error'
    return log(await minted())
  },
  proved: true,
  ...(code === 'replay_unanswered'
    ? { failure: { replayStore: 'memory', replayFailure: 'the store of used evidence is down' } }
    : {}),
})

/** Why a code is in no record of a login that could say who. */
type Elsewhere =
  /** The body was not read, or is not one. */
  | 'no evidence was read'
  | 'record of a fault'
  | 'another route'
  | 'no such document compiles'
  | 'no record was taken'
  /** See anonymous-limit.test.ts. */
  | 'refused ones are counted'
  /** See test/attest/oidc/rows.test.ts. */
  | 'a row of another token gives it'
  /** See the tests of `aws_iid`, `ssh_pop`, `x509_pop`, `azure_imds`, `http_dns` and of what only some hosts can do. */
  | 'a row of other evidence gives it'
  /** See test/attest/extension/extension.test.ts. */
  | 'a webhook gives it'
  /** See made-up-attestors.test.ts. */
  | 'no attestor that ships gives it'

const CASES: Readonly<Record<RefusalCode, Case | Elsewhere>> = {
  request_malformed: 'no evidence was read',
  body_too_large: 'no evidence was read',
  request_timeout: 'no evidence was read',
  request_aborted: 'no evidence was read',
  content_type_unsupported: 'no evidence was read',
  route_unknown: 'another route',
  authorization_unsupported: 'another route',
  rate_limited: 'refused ones are counted',
  listing_unsupported: 'another route',
  gateway_draining: 'another route',
  audit_unavailable: 'no record was taken',
  method_not_allowed: 'another route',
  cluster_unknown: { send: async () => world.login('c-9', await minted()) },
  login_refused: token({ claims: { aud: ['x'] } }),
  cluster_locked: {
    async send() {
      world.store.put(
        'clusters/c-1/Revocations',
        revocationsText("lock: { until: '9999-01-01T00:00:00Z', reason: test }"),
      )
      return log(await minted())
    },
    expected: {
      lockedBy: 'clusters/c-1/Revocations spec.lock',
      until: '9999-01-01T00:00:00Z',
      lockReason: 'test',
    },
  },
  signing_key_unavailable: {
    async send() {
      world.issuer.setDown(true)
      return log(await minted())
    },
  },
  configuration_invalid: {
    async send() {
      world.store.put('clusters/c-1/AgentAttestation', 'section: AgentAttestation\nschema: v1\nspec: 1\n')
      return log(await minted())
    },
    failure: { digest: expect.stringMatching(/^sha256:/), issues: [expect.any(String)] },
  },
  store_unavailable: {
    async send() {
      world.store.readTrouble = 'error'
      return log(await minted())
    },
    failure: { store: 'the store is down' },
  },
  settings_invalid: 'another route',
  internal_error: 'record of a fault',
  challenge_unavailable: 'another route',
  challenge_not_required: 'another route',
  call_out_unavailable: 'a webhook gives it',
  replay_unavailable: usedOnce('replay_unavailable'),
  replay_unanswered: usedOnce('replay_unanswered'),
  call_out_unanswered: 'a webhook gives it',
  call_out_busy: 'a webhook gives it',
  call_out_answer_invalid: 'a webhook gives it',
  call_out_answer_mismatch: 'a webhook gives it',
  call_out_denied: 'a webhook gives it',
  webhook_unlisted: 'a webhook gives it',
  webhook_bearer_missing: 'a webhook gives it',
  attestor_unsupported_here: 'a webhook gives it',
  host_unsupported: 'a webhook gives it',
  section_missing: 'no attestor that ships gives it',
  section_invalid: 'no attestor that ships gives it',
  section_unavailable: 'no attestor that ships gives it',
  challenge_missing: 'no attestor that ships gives it',
  challenge_malformed: 'no attestor that ships gives it',
  challenge_expired: 'no attestor that ships gives it',
  challenge_mismatch: 'no attestor that ships gives it',
  session_missing: 'another route',
  session_malformed: 'another route',
  session_invalid: 'another route',
  session_expired: 'another route',
  session_revoked: 'another route',
  session_scope_forbidden: 'another route',
  session_role_forbidden: 'another route',
  session_cluster_forbidden: 'another route',
  session_too_large: {
    // A session keeps the audience that was accepted.
    async send() {
      const audience = 'a'.repeat(9000)
      world.putPolicy('c-1', [`audiences: [${audience}]`])
      return log(await minted({ claims: { aud: [audience] } }))
    },
    proved: true,
  },
  cluster_unlisted: 'another route',
  cluster_name_taken: 'another route',
  evidence_not_required: {
    async send() {
      const evidence = { token: await minted({ claims: { aud: ['x'] } }) }
      const attestations = [
        { type: 'k8s_token', evidence },
        { type: 'tpm_devid', evidence: {} },
      ]
      return world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
    },
  },
  token_too_large: token({ claims: { pad: 'x'.repeat(TOKEN_MAX_BYTES) } }),
  token_malformed: { send: async () => log(`${await minted()}=`) },
  token_header_forbidden: token({ header: { jku: 'https://example.org/' } }),
  token_type_forbidden: token({ header: { typ: 'at+jwt' } }),
  algorithm_forbidden: {
    async send() {
      const [, claims, signature] = (await minted()).split('.')
      return log(`${encode({ alg: 'none', kid: 'key-1' })}.${claims}.${signature}`)
    },
  },
  claim_missing: token({ claims: { aud: undefined } }),
  claim_malformed: token({ claims: { aud: [''] } }),
  token_legacy: token(
    {
      claims: {
        exp: undefined,
        'kubernetes.io': undefined,
        'kubernetes.io/serviceaccount/namespace': 'spirl-system',
      },
    },
    { claimed: { subject: SUBJECT } },
  ),
  token_extended: token({ claims: { 'kubernetes.io': { ...BOUND, warnafter: 1 } } }),
  subject_mismatch: token(
    { claims: { sub: 'system:serviceaccount:kube-system:x' } },
    { claimed: { subject: 'system:serviceaccount:kube-system:x', serviceAccount: 'spirl-agent' } },
  ),
  issuer_mismatch: {
    send: async () => log(await minted({ claims: { iss: 'https://elsewhere.example' } })),
    claimed: { issuer: 'https://elsewhere.example' },
    expected: { issuerURL: [expect.stringMatching(/^http:\/\/127\.0\.0\.1/)] },
  },
  audience_mismatch: token(
    { claims: { aud: ['x', 'y'] } },
    { claimed: { audiences: ['x', 'y'] }, expected: { audiences: ['spiffe://example.org'] } },
  ),
  token_expired: token({ nowSeconds: nowSeconds() - 7200 }, { claimed: { expiresAt: expect.stringMatching(/Z$/) } }),
  token_not_yet_valid: token(
    { claims: { nbf: nowSeconds() + 600 } },
    { claimed: { notBefore: expect.stringMatching(/Z$/) } },
  ),
  token_issued_in_future: token(
    { claims: { iat: nowSeconds() + 600, nbf: undefined } },
    { claimed: { issuedAt: expect.stringMatching(/Z$/) } },
  ),
  signing_key_unknown: token({ header: { kid: 'nobodys' } }, { claimed: { keyId: 'nobodys' } }),
  signing_key_ambiguous: {
    async send() {
      const { publicJwk } = world.issuer.newestKey()
      world.issuer.publish([publicJwk, { ...(await createSigningKey('other')).publicJwk }])
      return log(await minted({ header: { kid: undefined } }))
    },
  },
  signing_key_unusable: {
    async send() {
      const key = await createSigningKey('key-1', 'RS256')
      world.issuer.publish([{ ...key.publicJwk, e: 'Aw' }])
      return log(await signClaims(key, JSON.parse(decoded(await minted()))))
    },
  },
  signature_invalid: { send: async () => log(await minted({ key: await createSigningKey('key-1') })) },
  signing_key_fetch_failed: {
    async send() {
      world.issuer.setDown(true)
      return log(await minted())
    },
    failure: { keyFetchFailure: expect.any(String) },
  },
  token_lifetime_excessive: pinned(['maxTokenLifetime: 30m'], { maxTokenLifetime: '1800s' }),
  namespace_not_allowed: pinned(['serviceAccountNamespace: hidden'], { serviceAccountNamespace: 'hidden' }),
  service_account_not_allowed: pinned(['serviceAccountName: hidden'], { serviceAccountName: 'hidden' }),
  node_not_allowed: pinned(['allowedNodes: ["hidden-*"]'], { allowedNodes: ['hidden-*'] }),
  pod_required: {
    ...pinned(
      ['requireBoundPod: true'],
      { requireBoundPod: true },
      {
        claims: { 'kubernetes.io': { ...BOUND, pod: undefined } },
      },
    ),
    claimed: { subject: SUBJECT },
  },
  attestor_missing: {
    send: async () => decide('p', 'another'),
    proved: true,
    expected: { requiredAttestors: ['k8s_token', 'another'] },
  },
  attestor_unsupported: {
    async send() {
      const document = policyText(world.issuer.issuer)
      world.store.put('clusters/c-1/AgentAttestation', `${document}        - type: tpm_devid\n`)
      const attestations = [
        { type: 'k8s_token', evidence: { token: await minted() } },
        { type: 'tpm_devid', evidence: {} },
      ]
      return world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
    },
    proved: true,
  },
  condition_failed: conditioned('k8s_token.namespace == "hidden"', { expression: 'k8s_token.namespace == "hidden"' }),
  condition_fault: conditioned(
    'k8s_token.node.name == "hidden"',
    { expression: 'k8s_token.node.name == "hidden"', fault: 'no_such_key' },
    { claims: { 'kubernetes.io': { ...BOUND, node: undefined } } },
  ),
  evidence_revoked: {
    async send() {
      world.store.put(
        'clusters/c-1/Revocations',
        revocationsText("entries: [{ node: ip-10-0-1-1.ec2.internal, until: '9999-01-01T00:00:00Z', reason: hidden }]"),
      )
      return log(await minted())
    },
    proved: true,
    expected: {
      revokedBy: 'clusters/c-1/Revocations spec.entries[0]',
      revoked: 'node ip-10-0-1-1.ec2.internal',
      until: '9999-01-01T00:00:00Z',
      revocationReason: 'hidden',
    },
  },
  evidence_replayed: {
    async send() {
      world.store.put('clusters/c-1/AgentAttestation', `${policyText(world.issuer.issuer)}      singleUse: true\n`)
      world.replay.trouble = 'none'
      // A token of its own, since tests share the store.
      const token = await minted({ claims: { jti: crypto.randomUUID() } })
      expect((await log(token)).status).toBe(200)
      world.records.length = 0
      return log(token)
    },
    proved: true,
    expected: { singleUse: true },
  },
  identity_not_managed: 'a row of another token gives it',
  document_malformed: 'a row of other evidence gives it',
  certificate_malformed: 'a row of other evidence gives it',
  proof_malformed: 'a row of other evidence gives it',
  document_signer_unknown: 'a row of other evidence gives it',
  document_expired: 'a row of other evidence gives it',
  certificate_expired: 'a row of other evidence gives it',
  certificate_unusable: 'a row of other evidence gives it',
  certificate_not_trusted: 'a row of other evidence gives it',
  http_dns_unproved: 'a row of other evidence gives it',
  tpm_key_unusable: 'a row of other evidence gives it',
  tpm_ek_unproved: 'a row of other evidence gives it',
  port_not_allowed: 'a row of other evidence gives it',
  host_key_unknown: 'a row of other evidence gives it',
  proof_namespace_mismatch: 'a row of other evidence gives it',
  document_too_old: 'a row of other evidence gives it',
  host_name_not_allowed: 'a row of other evidence gives it',
  common_name_not_allowed: 'a row of other evidence gives it',
  ek_hash_not_allowed: 'a row of other evidence gives it',
  repository_not_allowed: 'a row of another token gives it',
  repository_id_not_allowed: 'a row of another token gives it',
  repository_owner_not_allowed: 'a row of another token gives it',
  environment_not_allowed: 'a row of another token gives it',
  ref_not_allowed: 'a row of another token gives it',
  event_not_allowed: 'a row of another token gives it',
  workflow_not_allowed: 'a row of another token gives it',
  runner_not_allowed: 'a row of another token gives it',
  compute_claims_missing: 'a row of another token gives it',
  project_not_allowed: 'a row of another token gives it',
  zone_not_allowed: 'a row of another token gives it',
  region_not_allowed: 'a row of another token gives it',
  account_not_allowed: 'a row of another token gives it',
  role_not_allowed: 'a row of another token gives it',
  organization_not_allowed: 'a row of another token gives it',
  tenant_not_allowed: 'a row of another token gives it',
  principal_not_allowed: 'a row of another token gives it',
  subscription_not_allowed: 'a row of another token gives it',
  resource_group_not_allowed: 'a row of another token gives it',
  resource_type_not_allowed: 'a row of another token gives it',
  claim_not_allowed: 'a row of another token gives it',
  policy_empty: 'no such document compiles',
  attribute_missing: 'another route',
  attribute_invalid: 'another route',
  attribute_unknown: 'another route',
  attribute_duplicate: 'another route',
  attribute_conflict: 'another route',
  attribute_origin_forbidden: 'another route',
  attribute_not_enabled: 'another route',
  version_required: 'another route',
  value_too_long: 'another route',
  spiffe_id_invalid: 'another route',
  subject_invalid: 'another route',
  dns_name_invalid: 'another route',
  path_outside_cluster: 'another route',
  path_reserved: 'another route',
  path_template_missing: 'another route',
  node_mismatch: 'another route',
  node_missing: 'another route',
  agent_session_required: 'another route',
  node_required: 'another route',
  workload_revoked: 'another route',
  container_unknown: 'another route',
  answer_too_large: 'another route',
  mapping_too_costly: 'another route',
}

function decoded(compact: string): string {
  return Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString()
}

/** A login against a policy that requires another attestor too, of which there is only one so far. */
async function decide(name: string, type: string): Promise<Answer> {
  const policies = await startPolicies()
  const another = { type, selector: 'x', scoped: true, anchor: { id: 'x', value: undefined }, pins: null }
  const compact = await policies.mint()
  const outcome = await evaluateLogin(
    [theirs(compact)],
    policySet([name, policies.requirement(), another]),
    policies.context,
  )
  if (outcome.kind !== 'refused') throw new Error(outcome.kind)
  const head = { v: 1, event: 'login', time: 't', requestId: 'r', durationMs: 0 } as const
  world.records.push(recordDecision({ ...head, status: 403, outcome: 'refused', code: 'login_refused' }, outcome))
  return undefined as unknown as Answer
}

const cases = Object.entries(CASES).flatMap(([code, one]) => (typeof one === 'string' ? [] : [[code, one] as const]))

describe('the record of a refused login', () => {
  it('has a case here for every code', () => {
    expect(Object.keys(CASES).sort()).toEqual(Object.keys(REFUSALS).sort())
  })

  it.each(cases)('says who, and what was expected: %s', async (code, { send, claimed, proved, expected, failure }) => {
    await send()
    const [record] = world.records.filter(({ event }) => event === 'login') as LoginRecord[]
    if (record === undefined) throw new Error('no record')
    expect(record.outcome).toBe('refused')
    const said = [record, ...(record.refusals ?? []), ...(record.policies ?? []).flatMap(({ refusals }) => refusals)]
    const own = said.find((one) => one.code === code)
    expect(own).toBeDefined()

    expect(record.evidence?.[0]?.claimed).toMatchObject(claimed ?? { subject: SUBJECT, pod: BOUND.pod.name })
    if (proved === true)
      expect(record.attributes).toContainEqual(expect.objectContaining({ name: 'k8s_token.namespace' }))
    else expect(record.attributes).toBeUndefined()
    if (expected === undefined) expect(own?.expected).toBeUndefined()
    else expect(own?.expected).toMatchObject(expected)
    if (failure !== undefined) expect(own?.failure).toMatchObject(failure)
    expect(record.durationMs).toBeGreaterThanOrEqual(0)
  })

  it.each(cases)('holds nothing secret: %s', async (_code, { send }) => {
    await send()
    const said = JSON.stringify(world.records)
    // No long run of base64url is left over: no part of a token, no signature, no key.
    const runs = said.match(/[\w-]{50,}/g) ?? []
    expect(runs.filter((run) => !/^([a-z])\1+$/.test(run) && !/^[0-9a-f]{64}$/.test(run))).toEqual([])
  })

  it.each<[string, BodyInit, Readonly<Record<string, string>> | undefined]>([
    ['no body of a login', '{', undefined],
    ['too large', 'x'.repeat(100_000), undefined],
    ['of another type', '{}', { 'Content-Type': 'text/plain' }],
  ])('names nobody where the body is %s', async (_what, body, headers) => {
    await world.post('/v1/clusters/c-1/login', body, headers)
    expect(world.records).toMatchObject([{ event: 'login', outcome: 'refused' }])
    expect(world.records[0]).not.toHaveProperty('evidence')
  })

  it('tells a pinned account from a list of accounts', async () => {
    world.putPolicy('c-1', ['allowedServiceAccounts: ["hidden:one"]'])
    await log(await minted())
    const refusals = [{ code: 'service_account_not_allowed', expected: { allowedServiceAccounts: ['hidden:one'] } }]
    expect(world.records).toMatchObject([{ refusals }])
  })

  it('says who came where nobody can log in at all', async () => {
    world.store.put('clusters/c-1/AgentAttestation', 'section: AgentAttestation\nschema: v1\nspec: { policies: [] }\n')
    await log(await minted())
    expect(world.records).toMatchObject([{ reason: 'no_policy', evidence: [{ claimed: { subject: SUBJECT } }] }])
  })

  it('says how long it took', async () => {
    const compact = await minted()
    vi.spyOn(world.store, 'read').mockImplementationOnce(async () => {
      world.ahead += 1234
      throw new Error('the store is slow, and then down')
    })
    await log(compact)
    world.ahead = 0
    expect((world.records[0] as LoginRecord).durationMs).toBeGreaterThanOrEqual(1234)
  })

  it('never tells the caller what was expected', async () => {
    for (const [, { send }] of cases) {
      beforeEachCase()
      const answer = await send()
      if (answer !== undefined) expect(answer.text).not.toContain('hidden')
    }
  })
})

function beforeEachCase(): void {
  world.store.values.delete('clusters/c-1/Revocations')
  world.issuer.setDown(false)
  world.issuer.publish(undefined)
  world.store.readTrouble = 'none'
  world.putPolicy('c-1')
  world.restart()
}
