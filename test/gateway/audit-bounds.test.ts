// Whatever is sent, a record and an answer have an upper bound, and hold nothing that steers a terminal.
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  AUDIT_MAPPING_RECORD_MAX_BYTES,
  AUDIT_RECORD_MAX_BYTES,
  AUDITED_EXPECTED_MAX,
  AUDITED_POLICIES_MAX,
  DNS_NAME_MAX_BYTES,
  PROBLEM_MAX_BYTES,
  TOKEN_MAX_BYTES,
} from '../../src/core/limits.ts'
import {
  type AuditRecord,
  formatAuditLine,
  type LoginRecord,
  type MappingRecord,
} from '../../src/gateway/audit/audit.ts'
import { asciiBytes, HOSTILE_CODE_POINTS, hostileIn, stringsIn } from '../hostile.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { askClaims, CLUSTER, put, putBaseline, sessionOf, WEB } from './mapping-world.ts'

const POLICIES = 10_000
const ASTRAL = '\u{1f600}'
const BELLS = '\u0007'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())
beforeEach(() => {
  putBaseline(world)
  world.ahead = 0
})

/** The sizes of a request's record and answer; both are within their bounds, and print. */
function checked(answer: Answer): { readonly record: AuditRecord; readonly bytes: number; readonly answered: number } {
  expect(world.records).toHaveLength(1)
  const [record] = world.records
  if (record === undefined) throw new Error('no record')
  const line = formatAuditLine(record)
  const bytes = asciiBytes(line)
  const answered = asciiBytes(answer.text)
  expect(bytes).toBeLessThanOrEqual(
    record.event === 'mapping' ? AUDIT_MAPPING_RECORD_MAX_BYTES : AUDIT_RECORD_MAX_BYTES,
  )
  if (answer.status !== 200) expect(answered).toBeLessThanOrEqual(PROBLEM_MAX_BYTES)
  for (const text of [
    line,
    ...stringsIn({ ...record, attributes: [] }),
    ...(record.event === 'login' ? [answer.text] : []),
    ...(answer.status === 200 ? [] : [answer.text, ...stringsIn(answer.body)]),
  ])
    expect(hostileIn(text)).toEqual([])
  return { record, bytes, answered }
}

async function send(request: () => Promise<Answer>): Promise<ReturnType<typeof checked> & { readonly answer: Answer }> {
  world.records.length = 0
  const answer = await request()
  return { ...checked(answer), answer }
}

const attestor = (config: object): object => ({
  type: 'k8s_token',
  config: { issuerURL: world.issuer.issuer, ...config },
})

/** One claim as long as a token can hold. */
const mint = (claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}) =>
  world.issuer.mint({ claims, header })

function loginBody(token: string, more = 7): string {
  const others = Array.from({ length: more }, (_, index) => ({
    type: `${'a'.repeat(39)}${index}`,
    evidence: { token },
  }))
  return JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }, ...others.map(small)] })
}
const small = ({ type }: { readonly type: string }): object => ({ type, evidence: null })

describe('a login against ten thousand policies of one issuer', () => {
  beforeEach(() => {
    const policies = Array.from({ length: POLICIES }, (_, index) => ({
      name: `${'p'.repeat(58)}${String(index).padStart(5, '0')}`,
      requiredAttestors: [attestor({})],
    }))
    put(world, `clusters/${CLUSTER}/AgentAttestation`, { policies })
    world.restart()
  })

  const login = (body: string): Promise<Answer> => world.post(`/v1/clusters/${CLUSTER}/login`, body)

  it.each<[string, () => Promise<string>, string]>([
    [
      'thousands of audiences',
      () => mint({ aud: Array.from({ length: 2500 }, (_, i) => `${i % 10}`) }),
      'audience_mismatch',
    ],
    [
      'audiences of quotes',
      () => mint({ aud: Array.from({ length: 300 }, () => '"\\"\\"\\"\\"\\') }),
      'audience_mismatch',
    ],
    ['an audience of astral characters', () => mint({ aud: ASTRAL.repeat(2700) }), 'audience_mismatch'],
    ['an audience of controls', () => mint({ aud: BELLS.repeat(1700) }), 'audience_mismatch'],
    ['a long key id', () => mint({}, { kid: '"'.repeat(256) }), 'signing_key_unknown'],
  ])('has a bounded record and answer for %s', async (_what, token, code) => {
    const text = await token()
    expect(text.length).toBeLessThanOrEqual(TOKEN_MAX_BYTES)
    const { record, answer } = await send(async () => login(loginBody(text)))
    expect(answer.body.refusals?.[0]?.code).toBe(code)
    expect((record as LoginRecord).refusals?.[0]?.code).toBe(code)
  })

  it('states what the evidence itself was refused for once, and no policy repeats it', async () => {
    const { record } = await send(async () => login(loginBody(await mint({ aud: 'somebody-else' }), 0)))
    const login_ = record as LoginRecord
    // Its own claim besides.
    expect(JSON.stringify({ ...login_, evidence: [] }).split('somebody-else')).toHaveLength(2)
    expect(login_.policies).toBeUndefined()
    expect(login_.policiesTried).toBe(POLICIES)
  })
})

describe('a login against policies that refuse it each by itself', () => {
  const login = (body: string): Promise<Answer> => world.post(`/v1/clusters/${CLUSTER}/login`, body)
  const storePolicies = (count: number, config: object, more: object = {}): void => {
    const policies = Array.from({ length: count }, (_, index) => ({
      name: `p${index}`,
      requiredAttestors: [attestor(config)],
      ...more,
    }))
    put(world, `clusters/${CLUSTER}/AgentAttestation`, { policies })
    world.restart()
  }

  it('lists what each expects, so much of it, and counts the rest', async () => {
    const allowed = Array.from({ length: 1000 }, (_, index) => `namespace-${index}:account`)
    storePolicies(30, { allowedServiceAccounts: allowed })
    const { record } = await send(async () => login(loginBody(await mint({}), 0)))
    const { policies = [], policiesOmitted = 0, policiesTried } = record as LoginRecord
    expect(policies.length).toBeGreaterThan(0)
    expect(policies.length).toBeLessThanOrEqual(AUDITED_POLICIES_MAX)
    expect(policies.length + policiesOmitted).toBe(30)
    expect(policiesTried).toBe(30)
    const expected = policies[0]?.refusals[0]?.expected
    expect(expected?.['allowedServiceAccounts']).toEqual(allowed.slice(0, AUDITED_EXPECTED_MAX))
    expect(expected?.['allowedServiceAccountsOmitted']).toBe(1000 - AUDITED_EXPECTED_MAX)
  })

  it('keeps long messages and conditions in bounds', async () => {
    const message = ASTRAL.repeat(256)
    const condition = `k8s_token.namespace == "${'\u4e2d'.repeat(4000)}"`
    storePolicies(30, {}, { conditions: [{ expression: condition, message }] })
    const { record, answer } = await send(async () => login(loginBody(await mint({}), 0)))
    expect(answer.body.refusals).toMatchObject([{ code: 'condition_failed', detail: message }])
    expect((record as LoginRecord).refusals?.[0]?.code).toBe('condition_failed')
  })

  it('keeps names of a verified token in bounds', async () => {
    const name = 'a'.repeat(DNS_NAME_MAX_BYTES)
    const claims = {
      sub: `system:serviceaccount:spirl-system:${name}`,
      'kubernetes.io': { namespace: 'spirl-system', serviceaccount: { name } },
    }
    storePolicies(30, { allowedServiceAccounts: ['a:b'] })
    const { record } = await send(async () => login(loginBody(await mint(claims), 0)))
    expect((record as LoginRecord).refusals?.[0]?.code).toBe('service_account_not_allowed')
  })

  it('records the attributes of an admitted login as they are, on a line that prints', async () => {
    const uid = 'x"\\</script>'
    const claims = {
      'kubernetes.io': { namespace: 'spirl-system', serviceaccount: { name: 'spirl-agent', uid } },
    }
    storePolicies(1, {})
    const { record, answer } = await send(async () => login(loginBody(await mint(claims), 0)))
    expect(answer.status).toBe(200)
    const { attributes } = record as LoginRecord
    expect(attributes).toContainEqual({ origin: 'k8s_token', name: 'k8s_token.service_account.uid', value: uid })
    expect(JSON.parse(formatAuditLine(record))).toEqual(record)
  })

  it('keeps a document that has never compiled in bounds, and lists its issues', async () => {
    const spec = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`${ASTRAL.repeat(200)}${index}`, 1]))
    put(world, `clusters/${CLUSTER}/AgentAttestation`, spec)
    world.restart()
    const { record } = await send(async () => login(loginBody(await mint({}), 0)))
    const { failure } = record as LoginRecord
    expect((record as LoginRecord).code).toBe('configuration_invalid')
    expect(failure?.['issues']).not.toHaveLength(0)
    expect(failure?.['issuesOmitted']).toBeGreaterThan(0)
  })

  it('says of an admitted login which evidence was refused, once', async () => {
    storePolicies(1, {})
    const { record, answer } = await send(async () => login(loginBody(await mint({}), 1)))
    expect(answer.status).toBe(200)
    expect((record as LoginRecord).refusals).toMatchObject([{ code: 'evidence_not_required' }])
    expect((record as LoginRecord).evidence?.map((one) => Object.keys(one))).toEqual([['type', 'digest'], ['type']])
  })

  it('names the cluster by whole characters', async () => {
    const id = `x${ASTRAL.repeat(500)}`
    const { record } = await send(async () => world.post(`/v1/clusters/${encodeURIComponent(id)}/login`, '{}'))
    expect((record as LoginRecord).clusterId).toMatch(/^x/)
  })
})

describe('a request for claims', () => {
  it('has a bounded record for a thousand workloads that are all refused', async () => {
    const prefix = ['a', 'b', 'c', 'd'].map((letter) => letter.repeat(60)).join('.')
    const names = Array.from({ length: 20 }, (_, index) => `kubernetes.pod.label["${prefix}/${index}"]`)
    const condition = names.slice(0, 12).join(' == "x" && ')
    put(world, `clusters/${CLUSTER}/SVIDIssuancePolicy`, {
      policy: { pathTemplate: '/{{kubernetes.pod.name}}' },
      policyOverrides: [{ condition: `${condition} == "x"`, policy: { pathTemplate: '/x' } }],
    })
    world.restart()
    const workloads = Array.from({ length: 1000 }, (_, index) => ({
      id: `${ASTRAL.repeat(60)}${index}`,
      attributes: WEB,
    }))
    const { record } = await send(() => askClaims(world, { workloads }))
    const { refusals = [], refusalsOmitted = 0, workloads: count, granted, refused } = record as MappingRecord
    expect(refusals.length).toBeGreaterThan(0)
    expect(refusals.length + refusalsOmitted).toBe(1000)
    expect([count, granted, refused]).toEqual([1000, 0, 1000])
  })
})

describe('whatever is sent', () => {
  const character = fc.oneof(
    fc.constantFrom('a', '"', '\\', ':', '/', '\u4e2d', ASTRAL),
    fc
      .constantFrom(...HOSTILE_CODE_POINTS.filter((point) => point < 0xd800 || point > 0xdfff))
      .map((point) => String.fromCodePoint(point)),
  )
  const text = (maxLength: number) =>
    fc.tuple(fc.array(character, { minLength: 1, maxLength: 8 }), fc.nat(maxLength)).map(([characters, length]) => {
      const unit = characters.join('')
      return unit.repeat(Math.ceil(length / unit.length) + 1)
    })
  const claims = fc.record(
    {
      aud: fc.oneof(text(3000), fc.array(text(40), { maxLength: 200 }), fc.constant('spiffe://example.org')),
      iss: fc.oneof(text(2000), fc.constant(undefined)),
      exp: fc.constantFrom(1, 'soon', undefined),
      sub: text(300),
      'kubernetes.io': fc.record(
        { namespace: text(300), serviceaccount: fc.record({ name: text(1000) }), warnafter: fc.nat() },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  /** A verified token whose names are hostile. */
  const names = text(400).map((name) => {
    const plain = name.replaceAll(':', '')
    return {
      sub: `system:serviceaccount:${plain}:${plain}`,
      'kubernetes.io': { namespace: plain, serviceaccount: { name: plain }, node: { name: plain } },
    }
  })
  const header = fc.record(
    { kid: fc.oneof(text(300), fc.constant('k'.repeat(256))), typ: fc.oneof(text(50), fc.constant('JWT')) },
    { requiredKeys: [] },
  )
  const path = fc.oneof(
    { weight: 5, arbitrary: fc.constant(`/v1/clusters/${CLUSTER}/login`) },
    fc.constantFrom('/v1/trust-domain/login', `/v1/clusters/${CLUSTER}/claims`, `/v1/clusters/${CLUSTER}/status`),
    text(200).map((id) => `/v1/clusters/${encodeURIComponent(id)}/login`),
  )
  const body = fc.oneof(
    { weight: 8, arbitrary: fc.constant(undefined) },
    text(500),
    text(500).map((name) => JSON.stringify({ [name]: 1 })),
    text(500).map((type) => JSON.stringify({ attestations: [{ type, evidence: {} }] })),
  )
  const types = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9_]{0,39}$/), { maxLength: 7 })

  it('records and answers are bounded and print', async () => {
    let worst = [0, 0]
    const condition = 'k8s_token.namespace == "x"'
    const expressions = [{ expression: condition, message: `${ASTRAL.repeat(200)}\u202e` }]
    put(world, `clusters/${CLUSTER}/AgentAttestation`, {
      policies: [
        { name: 'pins', requiredAttestors: [attestor({ allowedServiceAccounts: ['a:b'], allowedNodes: ['n'] })] },
        {
          name: 'node',
          requiredAttestors: [attestor({ allowedNodes: Array.from({ length: 500 }, (_, i) => `n${i}`) })],
        },
        { name: 'condition', requiredAttestors: [attestor({})], conditions: expressions },
      ],
    })
    world.restart()
    const session = await sessionOf(world)
    await fc.assert(
      fc.asyncProperty(
        path,
        fc.oneof(claims, names),
        header,
        body,
        types,
        fc.boolean(),
        async (to, claim, head, raw, more, bearer) => {
          const token = await mint(claim, head)
          const attestations = [
            { type: 'k8s_token', evidence: { token } },
            ...more.filter((type) => type !== 'k8s_token').map((type) => ({ type, evidence: { token: 'x' } })),
          ]
          const headers = {
            'Content-Type': 'application/json',
            ...(bearer ? { Authorization: `Bearer ${session}` } : {}),
          }
          world.records.length = 0
          const isStatus = to.endsWith('/status')
          const response = await world.app.request(
            to,
            isStatus ? { headers } : { method: 'POST', headers, body: raw ?? JSON.stringify({ attestations }) },
          )
          const said = (await response.text()).replace(/\n$/, '')
          const answer: Answer = {
            status: response.status,
            headers: response.headers,
            text: said,
            body: JSON.parse(said),
          }
          if (isStatus && answer.status === 200) return
          const { bytes, answered } = checked(answer)
          worst = [Math.max(worst[0] ?? 0, bytes), Math.max(worst[1] ?? 0, answered)]
        },
      ),
      { numRuns: 200 },
    )
  })
})
