import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ATTESTATIONS_MAX,
  LOGIN_BODY_MAX_BYTES,
  TOKEN_MAX_BYTES,
  UNKNOWN_CLUSTER_BUCKET,
  UNKNOWN_CLUSTER_REFILL_MILLIS,
} from '../../../src/core/limits.ts'
import { createWorld, policyText, type World } from '../fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  world.store.values.clear()
  world.putPolicy('c-1')
  world.restart()
  world.ahead = 0
  world.records.length = 0
})
afterAll(() => world.stop())

const now = (): number => Math.floor(Date.now() / 1000)
const mint = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> =>
  world.issuer.mint({ nowSeconds: now(), claims })

describe('POST /v1/clusters/{clusterId}/login', () => {
  it('answers with a session, the policy, the attributes and the configuration that decided', async () => {
    const { status, body, headers } = await world.login('c-1', await mint())
    expect(status).toBe(200)
    expect(body).toMatchObject({
      session: { tokenType: 'Bearer', expiresAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) },
      clusterId: 'c-1',
      policy: 'k8s_policy',
      configuration: { AgentAttestation: { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), stale: false } },
    })
    expect(body['attributes']).toContainEqual({
      origin: 'k8s_token',
      name: 'k8s_token.namespace',
      value: 'spirl-system',
    })
    expect(headers.get('Cache-Control')).toBe('no-store')
  })

  it('decodes the cluster id once, and refuses one that is none before any store is touched', async () => {
    expect((await world.login('c%2D1', await mint())).status).toBe(200)
    world.store.reads.length = 0
    for (const id of ['..', 'a%2Fb', 'c 1', '_c', `c${'x'.repeat(63)}`, '%00']) {
      expect(await world.login(encodeURI(decodeURIComponent(id)).replaceAll('/', '%2F'), await mint())).toMatchObject({
        status: 404,
      })
    }
    expect(world.store.reads).toEqual([])
  })

  it('tells a cluster without a policy from one that is unknown', async () => {
    expect(await world.login('c-2', await mint())).toMatchObject({ status: 404, body: { code: 'cluster_unknown' } })
    world.store.put('clusters/c-3/AgentAttestation', 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n')
    expect(await world.login('c-3', await mint())).toMatchObject({
      status: 403,
      body: { code: 'login_refused', reason: 'no_policy' },
    })
  })

  it('tells a document that has never compiled, and its issues to the operator alone', async () => {
    world.store.put('clusters/c-2/AgentAttestation', policyText(world.issuer.issuer, ['secretField: 1']))
    const { status, body, text } = await world.login('c-2', await mint())
    expect([status, body.code]).toEqual([503, 'configuration_invalid'])
    expect(text).not.toContain('secretField')
    expect(JSON.stringify(world.records)).toContain('secretField')
  })

  it('does not call a store that fails empty', async () => {
    world.store.readTrouble = 'error'
    const answer = await world.login('c-9', await mint())
    world.store.readTrouble = 'none'
    expect(answer).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    expect(answer.headers.get('Retry-After')).toMatch(/^[1-9]/)
  })

  it.each<[string, number, string, Record<string, unknown>, string[]]>([
    ['nothing verified', 401, 'nothing_verified', { aud: ['other'] }, ['audience_mismatch']],
    ['a pin', 403, 'no_policy_satisfied', {}, ['service_account_not_allowed']],
  ])('answers %s with %i', async (_what, status, reason, claims, codes) => {
    world.putPolicy('c-1', ['serviceAccountName: other'])
    const { body, ...answer } = await world.login('c-1', await mint(claims))
    expect([answer.status, body.code, body['reason']]).toEqual([status, 'login_refused', reason])
    expect(body.refusals?.map(({ code }) => code)).toEqual(codes)
    expect(answer.text).not.toContain('"other"]')
  })

  it('answers 503 with Retry-After while keys cannot be fetched, in the words that operators search for', async () => {
    world.issuer.setDown(true)
    const { status, body, headers } = await world.login('c-1', await mint())
    world.issuer.setDown(false)
    expect([status, body.code]).toEqual([503, 'signing_key_unavailable'])
    expect(body['detail']).toMatch(/^failed to fetch signing key/)
    expect(Number(headers.get('Retry-After'))).toBeGreaterThan(0)
  })

  it('goes on without the issuer once it has keys, and sees a rotation', async () => {
    expect((await world.login('c-1', await mint())).status).toBe(200)
    world.issuer.setDown(true)
    expect((await world.login('c-1', await mint())).status).toBe(200)
    world.issuer.setDown(false)
    await world.issuer.rotate()
    expect((await world.login('c-1', await mint())).status).toBe(200)
  })
})

describe('the body of a login', () => {
  const path = '/v1/clusters/c-1/login'
  const evidence = { type: 'k8s_token', evidence: { token: 'x' } }
  const bodyOf = (attestations: unknown, more: object = {}): string => JSON.stringify({ attestations, ...more })

  it.each<[string, string, string]>([
    ['no JSON', '{', ''],
    ['an empty body', '', ''],
    ['a list', '[]', ''],
    ['a duplicate member', '{"attestations":[],"attestations":[]}', ''],
    ['no attestations', '{}', 'attestations'],
    ['attestations that are no list', bodyOf({}), 'attestations'],
    ['no evidence at all', bodyOf([]), 'attestations'],
    [
      'too many attestations',
      bodyOf(Array.from({ length: ATTESTATIONS_MAX + 1 }, (_, index) => ({ type: `t${index}`, evidence: {} }))),
      'attestations',
    ],
    ['an unknown field', bodyOf([evidence], { extra: 1 }), 'extra'],
    ['an unknown field of an attestation', bodyOf([{ ...evidence, method: 1 }]), 'attestations[0].method'],
    [
      'an unknown field of evidence',
      bodyOf([{ type: 'k8s_token', evidence: { token: 'x', jwt: 'x' } }]),
      'attestations[0].evidence.jwt',
    ],
    ['evidence without a token', bodyOf([{ type: 'k8s_token', evidence: {} }]), 'attestations[0].evidence.token'],
    [
      'a token that is a number',
      bodyOf([{ type: 'k8s_token', evidence: { token: 1 } }]),
      'attestations[0].evidence.token',
    ],
    ['a missing type', bodyOf([{ evidence: {} }]), 'attestations[0].type'],
    ['two of one type', bodyOf([evidence, evidence]), 'attestations[1].type'],
    ['__proto__', '{"attestations":[],"__proto__":{}}', ''],
  ])('refuses %s', async (_what, body, where) => {
    const answer = await world.post(path, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'request_malformed' } })
    if (where !== '') expect(answer.body['where']).toBe(where)
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
  })

  it.each([
    ['text/plain'],
    ['application/json; charset=latin1'],
    ['application/json, text/plain'],
    [''],
    ['application/problem+json'],
  ])('refuses the content type "%s"', async (type) => {
    expect(await world.post(path, bodyOf([evidence]), { 'Content-Type': type })).toMatchObject({
      status: 415,
      body: { code: 'content_type_unsupported' },
    })
  })

  it('takes a charset of UTF-8', async () => {
    expect(
      (await world.post(path, bodyOf([evidence]), { 'Content-Type': 'application/json; charset=utf-8' })).status,
    ).toBe(401)
  })

  it.each([
    ['at the limit', LOGIN_BODY_MAX_BYTES, 401],
    ['over the limit', LOGIN_BODY_MAX_BYTES + 1, 413],
    ['of a megabyte', 1_000_000, 413],
  ])('answers a body %s with its status', async (_what, length, status) => {
    const body = bodyOf([evidence])
    expect((await world.post(path, body + ' '.repeat(length - body.length))).status).toBe(status)
  })

  it('counts a body that comes without a length', async () => {
    const chunk = new TextEncoder().encode(' '.repeat(1024))
    let left = LOGIN_BODY_MAX_BYTES / 1024 + 1
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    })
    const response = await world.app.request(path, {
      method: 'POST',
      body: stream,
      headers: { 'Content-Type': 'application/json' },
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(413)
  })

  it('refuses a token over its limit by a code of its own', async () => {
    const answer = await world.login('c-1', 'x'.repeat(TOKEN_MAX_BYTES + 1))
    expect(answer.body.refusals?.map(({ code }) => code)).toEqual(['token_too_large'])
    expect((await world.login('c-1', 'x'.repeat(TOKEN_MAX_BYTES))).body.refusals?.map(({ code }) => code)).toEqual([
      'token_malformed',
    ])
    expect((await world.login('c-1', 'x'.repeat(100_000))).status).toBe(413)
  })

  it('never says what it was sent', async () => {
    const token = await mint()
    const answers = [
      await world.login('c-1', `${token}x`),
      await world.post(path, `{"${token}":1}`),
      await world.post(path, `{"attestations":[{"type":"${token}","evidence":1}]}`),
      await world.post(path, `{"attestations":"${token}"}`),
      await world.post(path, token),
    ]
    const said = answers.map(({ text }) => text).join() + JSON.stringify(world.records)
    for (const part of token.split('.')) expect(said).not.toContain(part)
  })
})

describe('the audit record of a login', () => {
  it('says who was admitted, by which policy of which document, on which evidence', async () => {
    const { body } = await world.login('c-1', await mint())
    expect(world.records).toEqual([
      expect.objectContaining({
        v: 1,
        event: 'login',
        clusterId: 'c-1',
        status: 200,
        outcome: 'admitted',
        policy: 'k8s_policy',
        configuration: { section: 'AgentAttestation', digest: expect.stringMatching(/^sha256:/), stale: false },
        evidence: [{ type: 'k8s_token', digest: expect.stringMatching(/^[\w-]{43}$/) }],
        session: {
          id: expect.any(String),
          subject: expect.stringMatching(/^spiffe:/),
          expiresAt: (body['session'] as { expiresAt: string }).expiresAt,
        },
      }),
    ])
  })

  it('says what was expected of a login that was refused, which the caller is not told', async () => {
    world.putPolicy('c-1', ['allowedServiceAccounts: ["hidden:one"]'])
    const answer = await world.login('c-1', await mint())
    expect(answer.text).not.toContain('hidden')
    expect(world.records[0]).toMatchObject({
      outcome: 'refused',
      status: 403,
      requestId: answer.body['requestId'],
      policies: [
        {
          policy: 'k8s_policy',
          refusals: [{ code: 'service_account_not_allowed', expected: { allowedServiceAccounts: ['hidden:one'] } }],
        },
      ],
    })
  })
})

describe('the other routes', () => {
  it('publishes what an OIDC relying party needs', async () => {
    expect((await world.get('/.well-known/openid-configuration')).body).toMatchObject({
      issuer: 'http://127.0.0.1:8787',
      jwks_uri: 'http://127.0.0.1:8787/.well-known/jwks.json',
      id_token_signing_alg_values_supported: ['ES256'],
    })
    const { body, headers, text } = await world.get('/.well-known/jwks.json')
    expect(body['keys']).toHaveLength(1)
    expect(text).not.toContain('"d"')
    expect(headers.get('Cache-Control')).toBe('public, max-age=300')
  })

  it('is ready exactly if the store answers', async () => {
    expect((await world.get('/healthz')).status).toBe(200)
    expect((await world.get('/readyz')).status).toBe(200)
    world.restart()
    world.store.readTrouble = 'error'
    expect((await world.get('/readyz')).status).toBe(503)
    expect((await world.get('/healthz')).status).toBe(200)
    world.store.readTrouble = 'none'
  })

  it('answers an unknown route and a wrong method as problems', async () => {
    expect(await world.get('/nothing')).toMatchObject({ status: 404, body: { code: 'route_unknown' } })
    const answer = await world.get('/v1/clusters/c-1/login')
    expect(answer).toMatchObject({ status: 405, body: { code: 'method_not_allowed' } })
    expect(answer.headers.get('Allow')).toBe('POST')
  })

  it('gives every answer an id that the record has too', async () => {
    const answer = await world.login('c-9', 'x')
    expect(answer.headers.get('X-Request-Id')).toBe(answer.body['requestId'])
    expect(world.records[0]).toMatchObject({ requestId: answer.body['requestId'] })
  })
})

describe('a cluster id that is made up', () => {
  const documentReads = (): number => world.store.reads.filter((key) => key.startsWith('clusters/')).length

  it('costs a read per section once, and is told from a cluster without policies', async () => {
    world.store.put('clusters/c-3/Cluster', 'section: Cluster\nschema: v1\nspec: {}\n')
    world.store.reads.length = 0
    const token = await mint()
    for (let login = 0; login < 10; login++) {
      expect(await world.login('made-up', token)).toMatchObject({ status: 404, body: { code: 'cluster_unknown' } })
    }
    expect(documentReads()).toBe(6)
    expect(await world.login('c-3', token)).toMatchObject({ status: 403 })
  })

  it('is no longer looked up when there are too many of them, which locks no real cluster out', async () => {
    const token = await mint()
    for (let n = 0; n < UNKNOWN_CLUSTER_BUCKET; n++) await world.login(`made-up-${n}`, token)
    world.store.reads.length = 0
    const refused = await world.login('one-more', token)
    expect(refused).toMatchObject({ status: 503, body: { code: 'store_unavailable' } })
    expect(refused.headers.get('Retry-After')).toBe(String(UNKNOWN_CLUSTER_REFILL_MILLIS / 1000))
    expect(documentReads()).toBe(1)
    expect(JSON.stringify(world.records.at(-1))).toContain('too many requests for unknown clusters')
    expect(await world.login('c-1', token)).toMatchObject({ status: 200 })
  })
})
