// A login that a webhook decides, over real TLS on loopback: what the webhook is sent, which answers admit, and that every
// other one refuses, each with its cause in the audit record and none for the caller.
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { CALL_OUT_MAX_BYTES, WEBHOOK_CALLS_MAX, WEBHOOK_PROOF_MAX_BYTES } from '../../../src/core/limits.ts'
import type { LoginRecord } from '../../../src/gateway/audit/audit.ts'
import { OPENSSL } from '../../installed.ts'
import { type Certificates, makeCertificates } from '../../tls/certificates.ts'
import { type ExtensionWorld, SENT, startExtensionWorld, tell } from './extension-world.ts'
import {
  type Answers,
  answerJson,
  type Bound,
  KEYS,
  listWebhook,
  RECEIVED,
  startWebhook,
  type WebhookServer,
} from './webhook-server.ts'

const BEARER = 'the-bearer-of-the-webhook'

let certificates: Certificates
let caCerts: string
let webhook: WebhookServer
let stranger: WebhookServer
let here: ExtensionWorld
beforeAll(async () => {
  if (!OPENSSL) return
  certificates = makeCertificates()
  caCerts = readFileSync(certificates.caFile, 'utf8')
  webhook = await startWebhook({ tls: certificates.of('good') })
  stranger = await startWebhook({ tls: certificates.of('unknown_authority') })
  here = await startExtensionWorld({
    ...listWebhook(webhook.origin, { bearer: BEARER }),
    ...listWebhook(stranger.origin),
  })
})
afterAll(async () => {
  await Promise.all([webhook, stranger, here].map((one) => one?.stop()))
  certificates?.remove()
})
afterEach(() => {
  if (!OPENSSL) return
  webhook.received.length = 0
  webhook.decide({ allow: true })
  try {
    expectNoToken()
  } finally {
    SENT.length = 0
    RECEIVED.length = 0
  }
})

/** No webhook has received a token that an agent has sent in this test, nor a part of one. */
function expectNoToken(): void {
  const received = RECEIVED.join()
  for (const token of SENT) for (const part of token.split('.')) expect(received).not.toContain(part)
}

const config = (more: object = {}): object => ({ webhookURL: webhook.url, caCerts, ...more })
const lastRecord = (): LoginRecord => here.world.records.at(-1) as LoginRecord
const causeOf = (record: LoginRecord): unknown =>
  record.refusals?.find(({ type }) => type === 'extension')?.failure?.['callOutFailure']

describe.skipIf(!OPENSSL)('an extension', () => {
  it('is told what the others proved and what the agent sends, and adds attributes', async () => {
    here.putPolicies(config())
    webhook.decide({ allow: true, reason: 'in the inventory', attributes: { device_id: 'd-1', groups: ['a', 'b'] } })
    const answer = await here.logIn({ device: 'd-1', nonce: [1, null] })
    expect(tell(answer)).toBe('admitted')
    const attributes = answer.body['attributes'] as readonly { readonly name: string }[]
    expect(attributes.slice(-2)).toEqual([
      { origin: 'extension', name: 'custom.device_id', value: 'd-1' },
      { origin: 'extension', name: 'custom.groups', value: ['a', 'b'] },
    ])
    const [asked] = webhook.received
    const body = JSON.parse(asked?.body ?? '') as Readonly<Record<string, unknown>>
    expect(body).toEqual({
      version: 1,
      requestId: asked?.headers['postern-request-id'],
      attributes: attributes.slice(0, -2),
      proof: { device: 'd-1', nonce: [1, null] },
    })
    expect(body['attributes']).toContainEqual({
      origin: 'k8s_token',
      name: 'k8s_token.namespace',
      value: 'spirl-system',
    })
    expect(lastRecord()).toMatchObject({
      outcome: 'admitted',
      callOuts: [
        {
          type: 'extension',
          origin: webhook.origin,
          requestId: body['requestId'],
          tries: 1,
          durationMs: expect.any(Number),
          outcome: 'allowed',
          reason: 'in the inventory',
        },
      ],
    })
  })

  it('denies, and says why to the operator alone', async () => {
    here.putPolicies(config())
    webhook.decide({ allow: false, reason: 'stolen \u001b[2J on Monday' })
    const answer = await here.logIn()
    expect(tell(answer)).toBe('403 login_refused call_out_denied')
    expect(answer.text).not.toContain('stolen')
    expect(lastRecord().callOuts).toMatchObject([{ outcome: 'denied', reason: 'stolen \\u001b[2J on Monday' }])
  })

  it('is not called before all else has passed', async () => {
    here.putPolicies(config())
    const attestations = [
      { type: 'k8s_token', evidence: { token: await here.world.issuer.mint({ claims: { aud: ['elsewhere'] } }) } },
      { type: 'extension', evidence: { proof: 1 } },
    ]
    const answer = await here.world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
    expect([answer.status, webhook.received, lastRecord().callOuts]).toEqual([401, [], undefined])
  })

  it.each<[string, unknown, number, string | undefined]>([
    ['the longest', 'x'.repeat(WEBHOOK_PROOF_MAX_BYTES - 2), 200, undefined],
    ['a longer one', 'x'.repeat(WEBHOOK_PROOF_MAX_BYTES - 1), 403, 'proof_malformed'],
    ['one that is longer in UTF-8', 'é'.repeat(WEBHOOK_PROOF_MAX_BYTES / 2), 403, 'proof_malformed'],
    ['null', null, 200, undefined],
  ])('takes %s as a proof, or says that it is too long', async (_what, proof, status, code) => {
    here.putPolicies(config())
    const answer = await here.logIn(proof)
    expect([answer.status, webhook.received.length]).toEqual([status, status === 200 ? 1 : 0])
    if (code !== undefined) expect(answer.body.refusals?.map((refusal) => refusal.code)).toContain(code)
  })

  it('takes evidence of its form alone', async () => {
    for (const evidence of [{}, { proof: 1, more: 1 }, 'x']) {
      const body = JSON.stringify({ attestations: [{ type: 'extension', evidence }] })
      expect((await here.world.post('/v1/clusters/c-1/login', body)).status).toBe(400)
    }
  })
})

const yes = (bound: Bound): object => ({ ...bound, allow: true })
const raw = (text: string, type = 'application/json', status = 200) =>
  ((_bound, response) => void response.writeHead(status, { 'content-type': type }).end(text)) as Answers
const padded = (bound: Bound, bytes: number): string => JSON.stringify(yes(bound)).padEnd(bytes, ' ')
const earlier: Bound[] = []

describe.skipIf(!OPENSSL)('an answer', () => {
  const UNANSWERED = '503 call_out_unavailable call_out_unanswered'
  const INVALID = '503 call_out_unavailable call_out_answer_invalid'
  const MISMATCH = '503 call_out_unavailable call_out_answer_mismatch'

  it.each<[string, Answers, string, RegExp?]>([
    ['with a yes', (bound, response) => answerJson(response, yes(bound)), 'admitted'],
    [
      'with a charset',
      (bound, response) => answerJson(response, yes(bound), 'application/json; charset=utf-8'),
      'admitted',
    ],
    [
      'of the largest size',
      (bound, response) => raw(padded(bound, CALL_OUT_MAX_BYTES))(bound, response, response.req),
      'admitted',
    ],
    [
      'that is larger',
      (bound, response) => raw(padded(bound, CALL_OUT_MAX_BYTES + 1))(bound, response, response.req),
      UNANSWERED,
      /^too_large/,
    ],
    [
      'to an earlier request, replayed',
      (bound, response) => {
        earlier.push(bound)
        answerJson(response, yes(earlier[0] ?? bound))
      },
      MISMATCH,
      /request id/,
    ],
    [
      'to another body',
      (bound, response) => answerJson(response, { ...yes(bound), requestDigest: `sha256:${'0'.repeat(64)}` }),
      MISMATCH,
      /digest/,
    ],
    [
      'to another request',
      (bound, response) => answerJson(response, { ...yes(bound), requestId: crypto.randomUUID() }),
      MISMATCH,
      /request id/,
    ],
    ['that comes too late', () => undefined, UNANSWERED, /^answer_timeout/],
    [
      'that stops in the middle',
      (_bound, response) => void response.writeHead(200).write('{"allow"'),
      UNANSWERED,
      /^body_timeout/,
    ],
    [
      'that is redirected',
      (_bound, response) => void response.writeHead(307, { location: webhook.url }).end(),
      UNANSWERED,
      /^redirected/,
    ],
    [
      'of another content type',
      (bound, response) => answerJson(response, yes(bound), 'text/plain'),
      UNANSWERED,
      /^content_type/,
    ],
    [
      'of no content type',
      (bound, response) => void response.writeHead(200).end(JSON.stringify(yes(bound))),
      UNANSWERED,
      /^content_type/,
    ],
    [
      'with a member twice',
      (bound, response) =>
        raw(JSON.stringify(yes(bound)).replace('{', '{"allow":false,'))(bound, response, response.req),
      UNANSWERED,
      /^json_member_duplicate/,
    ],
    ['that is no JSON', raw('allow'), UNANSWERED, /^json_syntax/],
    ['that is a page', raw('<html>', 'text/html'), UNANSWERED, /^html/],
    ['that is empty', raw(''), UNANSWERED, /^body_empty/],
    ['without a body', raw('', 'application/json', 204), UNANSWERED, /^status_unexpected/],
    ['with a failure', raw('{}', 'application/json', 500), UNANSWERED, /^server_error/],
    ['that it must not be asked', raw('{}', 'application/json', 401), UNANSWERED, /^unauthorized/],
    [
      'with the attribute of another attestor',
      (bound, response) => answerJson(response, { ...yes(bound), attributes: { 'k8s_token.node.name': 'node-1' } }),
      INVALID,
      /custom\.<key>/,
    ],
    [
      'with an attribute that was proved',
      (bound, response) => answerJson(response, { ...yes(bound), attributes: { 'k8s_token.namespace': 'default' } }),
      INVALID,
      /custom\.<key>/,
    ],
    [
      'with an attribute that is an object',
      (bound, response) => answerJson(response, { ...yes(bound), attributes: { a: {} } }),
      INVALID,
      /custom\.a/,
    ],
    ['with an unknown member', (bound, response) => answerJson(response, { ...yes(bound), ttl: 60 }), INVALID, /"ttl"/],
    ['without a yes', (bound, response) => answerJson(response, bound), INVALID, /"allow"/],
    ['that hangs up', (_bound, response) => void response.destroy(), UNANSWERED, /^connection_reset/],
  ])('%s', async (_what, answers, told, cause) => {
    here.putPolicies(config({ timeout: '300ms' }))
    earlier.length = 0
    // The first one is only for the replay to have something to send again.
    webhook.answer(answers)
    if (cause?.source === 'request id') await here.logIn()
    const answer = await here.logIn()
    expect(tell(answer)).toBe(told)
    if (cause === undefined) return
    expect(causeOf(lastRecord())).toMatch(cause)
    expect(lastRecord().callOuts).toMatchObject([{ outcome: 'failed', tries: 1 }])
    // Where it is, and why it failed, is the operator's.
    expect(answer.text).not.toContain(new URL(webhook.url).host)
    expect(answer.headers.get('Retry-After')).toBe('1')
  })
})

describe.skipIf(!OPENSSL)('a try', () => {
  const status = (code: number) => raw('', 'text/plain', code)
  const good: Answers = (bound, response) => answerJson(response, yes(bound))
  const hangUp: Answers = (_bound, response: ServerResponse) => void response.destroy()

  it.each<[string, readonly Answers[], number, number, boolean]>([
    ['after 502', [status(502), good], 1, 2, true],
    ['after 503', [status(503), good], 1, 2, true],
    ['after 504', [status(504), good], 1, 2, true],
    ['after no answer', [hangUp, good], 1, 2, true],
    ['after a time-out', [() => undefined, good], 1, 2, true],
    ['as often as the policy says', [status(502), hangUp, status(504), good], 3, 4, true],
    ['no oftener', [status(502), status(502), status(502), good], 2, 3, false],
    ['not where the policy has none', [status(502), good], 0, 1, false],
    ['not after 500', [status(500), good], 3, 1, false],
    ['not after 501', [status(501), good], 3, 1, false],
    ['not after 429', [status(429), good], 3, 1, false],
    ['not after 401', [status(401), good], 3, 1, false],
    ['not after an answer that cannot be used', [raw('{'), good], 3, 1, false],
    ['not after a redirect', [status(302), good], 3, 1, false],
  ])('comes again %s', async (_what, answers, maxRetries, tries, isAdmitted) => {
    here.putPolicies(config({ timeout: '2s', maxRetries }))
    webhook.answer(...answers)
    expect(tell(await here.logIn()) === 'admitted').toBe(isAdmitted)
    expect(webhook.received).toHaveLength(tries)
    expect(lastRecord().callOuts).toMatchObject([{ tries }])
    // The same request: body, id, time and signature.
    for (const one of webhook.received) expect(one).toEqual(webhook.received[0])
  })
})

describe.skipIf(!OPENSSL)('calls under way', () => {
  it('are so many and no more, and end', async () => {
    here.putPolicies(config({ timeout: '10s' }))
    const held: (() => void)[] = []
    webhook.answer((bound, response) => void held.push(() => answerJson(response, yes(bound))))
    const waiting = Array.from({ length: WEBHOOK_CALLS_MAX }, () => here.logIn())
    await expect.poll(() => held.length, { timeout: 10_000 }).toBe(WEBHOOK_CALLS_MAX)
    const busy = await here.logIn()
    expect(tell(busy)).toBe('503 call_out_unavailable call_out_busy')
    expect([lastRecord().callOuts, webhook.received.length]).toEqual([undefined, WEBHOOK_CALLS_MAX])
    for (const release of held) release()
    expect(new Set((await Promise.all(waiting)).map(tell))).toEqual(new Set(['admitted']))
    webhook.decide({ allow: true })
    expect(tell(await here.logIn())).toBe('admitted')
  })
})

describe.skipIf(!OPENSSL)('TLS', () => {
  it('trusts the authorities of the document and no other', async () => {
    here.putPolicies(config({ webhookURL: stranger.url }))
    expect(tell(await here.logIn())).toBe('503 call_out_unavailable call_out_unanswered')
    expect([causeOf(lastRecord()), stranger.received]).toEqual([expect.stringMatching(/^certificate_unknown/), []])
  })

  it('trusts those of the host alone where the document has none', async () => {
    here.putPolicies({ webhookURL: webhook.url })
    expect(tell(await here.logIn())).toBe('503 call_out_unavailable call_out_unanswered')
    expect([causeOf(lastRecord()), webhook.received]).toEqual([expect.stringMatching(/^certificate_unknown/), []])
  })

  it.each(['expired', 'wrong_name', 'self_signed'] as const)('refuses a certificate that is %s', async (kind) => {
    const bad = await startWebhook({ tls: certificates.of(kind) })
    const there = await startExtensionWorld(listWebhook(bad.origin))
    there.putPolicies(config({ webhookURL: bad.url, maxRetries: 3 }))
    expect(tell(await there.logIn())).toBe('503 call_out_unavailable call_out_unanswered')
    expect(causeOf(there.world.records.at(-1) as LoginRecord)).toMatch(/^certificate_/)
    expect([bad.received, (there.world.records.at(-1) as LoginRecord).callOuts]).toMatchObject([[], [{ tries: 1 }]])
    await Promise.all([bad.stop(), there.stop()])
  })
})

describe.skipIf(!OPENSSL)('the settings', () => {
  it('decide which origins are called', async () => {
    const there = await startExtensionWorld(listWebhook('https://webhook.example.com'))
    there.putPolicies(config())
    expect(tell(await there.logIn())).toBe('503 call_out_unavailable webhook_unlisted')
    expect(webhook.received).toEqual([])
    const record = there.world.records.at(-1) as LoginRecord
    expect([causeOf(record), record.callOuts]).toEqual([expect.stringContaining('WEBHOOKS'), undefined])
    await there.stop()
  })

  it('let an origin be private, or not', async () => {
    const issuerUrl = 'https://login.example.org'
    for (const [more, told] of [
      [{ private: true }, 'admitted'],
      [{}, '503 call_out_unavailable call_out_unanswered'],
    ] as const) {
      const there = await startExtensionWorld(listWebhook(webhook.origin, more), issuerUrl)
      there.putPolicies(config())
      expect(tell(await there.logIn())).toBe(told)
      await there.stop()
    }
    expect(webhook.received).toHaveLength(1)
  })

  it('give the bearer token to a document that asks for it', async () => {
    here.putPolicies(config({ authType: 'BEARER' }))
    expect(tell(await here.logIn())).toBe('admitted')
    here.putPolicies(config())
    expect(tell(await here.logIn())).toBe('admitted')
    expect(webhook.received.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${BEARER}`, undefined])
  })

  it('refuse where it asks for one that is not set', async () => {
    here.putPolicies(config({ webhookURL: stranger.url, authType: 'BEARER' }))
    expect(tell(await here.logIn())).toBe('503 call_out_unavailable webhook_bearer_missing')
    expect(stranger.received).toEqual([])
  })

  it.each<[string, readonly ('old' | 'new')[], readonly ('old' | 'new')[], boolean]>([
    ['the gateway gets the new key', ['old', 'new'], ['old'], true],
    ['then the webhook', ['old', 'new'], ['new', 'old'], true],
    ['which forgets the old one', ['old', 'new'], ['new'], true],
    ['and so does the gateway', ['new'], ['new'], true],
    ['not the other way round', ['new'], ['old'], false],
  ])('rotate keys: %s', async (_step, ours, theirs, isAdmitted) => {
    const other = await startWebhook({ tls: certificates.of('good'), keys: theirs })
    const there = await startExtensionWorld(listWebhook(other.origin, { keys: ours }))
    there.putPolicies(config({ webhookURL: other.url }))
    expect(tell(await there.logIn()) === 'admitted').toBe(isAdmitted)
    const kids = other.received[0]?.headers['postern-signature']?.split(', ').map((part) => part.split('=')[0])
    expect(kids).toEqual(ours)
    await Promise.all([other.stop(), there.stop()])
  })
})

describe.skipIf(!OPENSSL)('secrets', () => {
  it('of one origin go to it alone, and nowhere else', async () => {
    const [first, second] = await Promise.all([
      startWebhook({ tls: certificates.of('good'), keys: ['old'] }),
      startWebhook({ tls: certificates.of('good'), keys: ['other'] }),
    ])
    const there = await startExtensionWorld({
      ...listWebhook(first.origin, { keys: ['old'], bearer: 'bearer-of-the-first' }),
      ...listWebhook(second.origin, { keys: ['other'], bearer: 'bearer-of-the-second' }),
    })
    first.decide({ allow: false, reason: 'not mine' })
    there.putPolicies(
      config({ webhookURL: first.url, authType: 'BEARER' }),
      config({ webhookURL: second.url, authType: 'BEARER' }),
    )
    const answer = await there.logIn({ secret: 'proof-of-the-agent' })
    expect([answer.status, answer.body['policy']]).toEqual([200, 'p1'])
    const [toFirst, toSecond] = [first, second].map(({ received }) => JSON.stringify(received))
    expect([toFirst?.includes('bearer-of-the-first'), toFirst?.includes('of-the-second')]).toEqual([true, false])
    expect([toSecond?.includes('bearer-of-the-second'), toSecond?.includes('of-the-first')]).toEqual([true, false])
    expect(first.received[0]?.headers['postern-signature']).toMatch(/^old=[\w-]{43}$/)
    expect(second.received[0]?.headers['postern-signature']).toMatch(/^other=[\w-]{43}$/)

    const told = JSON.stringify([there.world.records, there.world.events, answer.text])
    const keys = Object.values(KEYS).flatMap((key) => [key.toString('base64url'), key.toString('hex')])
    const signatures = [first, second].flatMap(
      ({ received }) => received[0]?.headers['postern-signature']?.slice(-43) ?? '',
    )
    for (const secret of ['of-the-first', 'of-the-second', 'proof-of-the-agent', ...keys, ...signatures])
      expect(told).not.toContain(secret)
    await Promise.all([first.stop(), second.stop(), there.stop()])
  })

  it('in the query of a webhook are in no record', async () => {
    here.putPolicies(config({ webhookURL: `${webhook.url}?code=secret-of-the-query` }))
    webhook.answer(raw('{}', 'application/json', 500))
    expect(tell(await here.logIn())).toBe('503 call_out_unavailable call_out_unanswered')
    expect(lastRecord().refusals).toContainEqual(
      expect.objectContaining({ failure: expect.objectContaining({ callOutUrl: JSON.stringify(webhook.url) }) }),
    )
    expect(JSON.stringify(here.world.records)).not.toContain('secret-of-the-query')
  })

  it('of agents go to no webhook: no token, and no part of one', async () => {
    here.putPolicies(config())
    expect(tell(await here.logIn())).toBe('admitted')
    expect([SENT.length, RECEIVED.length > 0]).toEqual([1, true])
    expectNoToken()
  })
})
