// Calls of webhooks with a network of the test's own: what is signed, whose secrets go where, and what counts as under way.
import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WebhookCall } from '../../../src/attest/webhook-call.ts'
import { CALL_OUT_TIMEOUT_MILLIS, WEBHOOK_CALLS_MAX } from '../../../src/core/limits.ts'
import { createWebhookCaller } from '../../../src/gateway/webhook/call-webhook.ts'
import type { Webhook, WebhookKey, Webhooks } from '../../../src/gateway/webhook/webhooks.ts'
import type { FetchLike } from '../../../src/net/bounded-fetch.ts'

const NOW_MILLIS = 1_760_000_000_999
const ORIGIN = 'https://webhook.example.com'
const CALL: WebhookCall = {
  url: `${ORIGIN}/attest?a=b`,
  requestId: '019aa000-0000-7000-8000-000000000000',
  body: '{"version":1}',
  sendsBearer: false,
  timeoutMillis: CALL_OUT_TIMEOUT_MILLIS,
  maxRetries: 0,
}

interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

const makeKey = (kid: string, fill: number): WebhookKey => ({ kid, key: new Uint8Array(32).fill(fill) })

function createBench(webhooks: Webhooks, answer: () => Promise<Response> = async () => Response.json({})) {
  const sent: Sent[] = []
  let nowMillis = NOW_MILLIS
  const fetch: FetchLike = (url, { headers, body }) => {
    sent.push({ url, headers, body })
    return answer()
  }
  const call = createWebhookCaller({ webhooks, fetch, clock: () => nowMillis, allowLoopback: false })
  return {
    sent,
    call,
    advance(millis: number) {
      nowMillis += millis
    },
  }
}
const listed = (webhook: Partial<Webhook> = {}, origin = ORIGIN): Webhooks =>
  new Map([[origin, { hmac: [makeKey('k1', 1)], mayBePrivate: false, ...webhook }]])

function signatureBy({ key }: WebhookKey, { url, headers, body = '' }: Sent): string {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
  const { 'postern-timestamp': time, 'postern-request-id': id } = headers
  const message = `postern-webhook/1\nPOST\n${url}\n${time}\n${id}\n${digest}`
  return createHmac('sha256', key).update(message).digest('base64url')
}

describe('a request to a webhook', () => {
  it('is signed over its URL, time, id and body, by every key', async () => {
    const hmac = [makeKey('k1', 1), makeKey('k2', 2)] as const
    const { call, sent } = createBench(listed({ hmac }))
    const { requestDigest, tries } = await call(CALL)
    const [one] = sent
    if (one === undefined) throw new Error('nothing was sent')
    expect(one).toMatchObject({
      url: CALL.url,
      body: CALL.body,
      headers: {
        'content-type': 'application/json',
        'postern-timestamp': '1760000000',
        'postern-request-id': CALL.requestId,
        'postern-body-digest': requestDigest,
        'postern-signature': `k1=${signatureBy(hmac[0], one)}, k2=${signatureBy(hmac[1], one)}`,
      },
    })
    expect([tries, requestDigest]).toEqual([1, `sha256:${createHash('sha256').update(CALL.body).digest('hex')}`])
    // The example of docs/extension.md.
    expect(one.headers['postern-signature']?.split(', ')[0]).toBe('k1=jxS7twdhX4S4L2xYsMCH_ttjEfdCBynesjCWS8ZIFoI')
  })

  it('goes nowhere but to listed origins that may be reached', async () => {
    for (const [url, webhooks, code] of [
      ['https://other.example.com/', listed(), 'webhook_unlisted'],
      ['https://webhook.example.com:8443/', listed(), 'webhook_unlisted'],
      ['https://10.0.0.1/', listed({}, 'https://10.0.0.1'), 'call_out_unanswered'],
      ['http://127.0.0.1:1/', listed({}, 'http://127.0.0.1:1'), 'call_out_unanswered'],
    ] as const) {
      const { call, sent } = createBench(webhooks)
      const { answer, tries } = await call({ ...CALL, url })
      expect([answer.ok ? '' : answer.refusal.code, tries, sent]).toEqual([code, 0, []])
    }
  })

  it('tells the network what it may trust and reach', async () => {
    const reaches: unknown[] = []
    const fetch: FetchLike = async (_url, { reach }) => {
      reaches.push(reach)
      return Response.json({})
    }
    for (const [webhook, authorities] of [
      [{}, undefined],
      [{ mayBePrivate: true }, ['PEM']],
    ] as const) {
      const call = createWebhookCaller({ webhooks: listed(webhook), fetch, clock: () => 0, allowLoopback: false })
      await call({ ...CALL, ...(authorities === undefined ? {} : { authorities }) })
    }
    expect(reaches).toEqual([{ mayBePrivate: false }, { mayBePrivate: true, authorities: ['PEM'] }])
  })

  it('carries secrets of its own origin and of no other, whatever is called', async () => {
    const hosts = ['a', 'b', 'c'] as const
    const webhooks: Webhooks = new Map(
      hosts.map((host, index) => [
        `https://${host}.example.com`,
        { hmac: [makeKey(host, index)], bearer: `bearer-of-${host}`, mayBePrivate: false },
      ]),
    )
    const call = fc.record({
      host: fc.constantFrom(...hosts),
      path: fc.webPath(),
      body: fc.json(),
      bearer: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 6 }), async (calls) => {
        const bench = createBench(webhooks)
        await Promise.all(
          calls.map(({ host, path, body, bearer }) =>
            bench.call({
              ...CALL,
              url: new URL(`https://${host}.example.com/${path.replace(/^\/+/, '')}`).href,
              body,
              sendsBearer: bearer,
            }),
          ),
        )
        for (const one of bench.sent) {
          const host = new URL(one.url).hostname.split('.')[0] ?? ''
          const [own] = webhooks.get(new URL(one.url).origin)?.hmac ?? []
          if (own === undefined) throw new Error(`${one.url} was called`)
          expect(one.headers['postern-signature']).toBe(`${host}=${signatureBy(own, one)}`)
          expect([undefined, `Bearer bearer-of-${host}`]).toContain(one.headers['authorization'])
        }
      }),
      { numRuns: 40 },
    )
  })
})

describe('calls under way', () => {
  const never = () => new Promise<Response>(() => undefined)

  it('count by origin, and no longer than a call may take, even if their request was cancelled', async () => {
    const webhooks: Webhooks = new Map([...listed(), ...listed({}, 'https://other.example.com')])
    const { call, sent, advance } = createBench(webhooks, never)
    // On Workers a cancelled request never goes on: nobody waits for these.
    for (let count = 0; count < WEBHOOK_CALLS_MAX; count++) void call(CALL)
    await expect.poll(() => sent.length).toBe(WEBHOOK_CALLS_MAX)
    const isBusy = async (): Promise<boolean> => {
      const { answer } = await call(CALL)
      return !answer.ok && answer.refusal.code === 'call_out_busy'
    }
    expect(await isBusy()).toBe(true)
    void call({ ...CALL, url: 'https://other.example.com/' })
    await expect.poll(() => sent.length).toBe(WEBHOOK_CALLS_MAX + 1)
    advance(CALL_OUT_TIMEOUT_MILLIS - 1)
    expect(await isBusy()).toBe(true)
    advance(1)
    void call(CALL)
    await expect.poll(() => sent.length).toBe(WEBHOOK_CALLS_MAX + 2)
  })
})
