// The webhook of examples/: it takes what a gateway signed, once, and refuses everything else.
import { createHash, createHmac } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { createWebhook } from '../../../examples/extension-webhook.ts'
import { KEYS } from './webhook-server.ts'

const URL_OF_IT = 'https://webhook.example.com/attest'
const NOW_SECONDS = 1_760_000_000
const BODY = '{"version":1}'
const VALID = {
  method: 'POST',
  url: URL_OF_IT,
  timestamp: String(NOW_SECONDS),
  requestId: 'r-1',
  body: BODY,
  kid: 'old',
  key: KEYS.old as Buffer,
}
type Signed = typeof VALID

let decided = 0
let handle: (request: Request) => Promise<Response>
beforeEach(() => {
  decided = 0
  handle = createWebhook({
    url: URL_OF_IT,
    keys: new Map([['old', new Uint8Array(KEYS.old)]]),
    decide() {
      decided++
      return { allow: true, attributes: { count: decided } }
    },
    clock: () => NOW_SECONDS * 1000,
  })
})

/** Signs what `signed` says, and sends it with `change` made after that. */
function send(signed: Partial<Signed> = {}, change: Partial<Signed> = {}, prefix = ''): Promise<Response> {
  const all = { ...VALID, ...signed }
  const digest = `sha256:${createHash('sha256').update(all.body).digest('hex')}`
  const message = ['postern-webhook/1', all.method, all.url, all.timestamp, all.requestId, digest].join('\n')
  const signature = createHmac('sha256', all.key).update(message).digest('base64url')
  const { method, timestamp, requestId, body, kid } = { ...all, ...change }
  const headers = {
    'postern-timestamp': timestamp,
    'postern-request-id': requestId,
    'postern-signature': `${prefix}${kid}=${signature}`,
  }
  return handle(new Request(URL_OF_IT, { method, headers, body }))
}

describe('the example of a webhook', () => {
  it('answers to the request', async () => {
    const response = await send()
    expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([
      200,
      'application/json',
      {
        requestId: 'r-1',
        requestDigest: `sha256:${createHash('sha256').update(BODY).digest('hex')}`,
        allow: true,
        attributes: { count: 1 },
      },
    ])
  })

  it('takes a signature by a key that it knows among others', async () => {
    expect((await send({}, {}, `new=${'A'.repeat(43)}, `)).status).toBe(200)
  })

  it.each<[string, Partial<Signed>, Partial<Signed>?]>([
    ['another key', { key: KEYS.new as Buffer }],
    ['an unknown kid', { kid: 'new' }],
    ['another URL', { url: 'https://other.example.com/attest' }],
    ['another method', {}, { method: 'PUT' }],
    ['another body', {}, { body: '{"version":2}' }],
    ['another id', {}, { requestId: 'r-2' }],
    ['another time', {}, { timestamp: String(NOW_SECONDS + 1) }],
    ['a time long ago', { timestamp: String(NOW_SECONDS - 61) }],
    ['a time to come', { timestamp: String(NOW_SECONDS + 61) }],
    ['a time that is none', { timestamp: 'now' }],
  ])('refuses %s', async (_what, signed, change) => {
    expect([(await send(signed, change)).status, decided]).toEqual([401, 0])
  })

  it.each(['', 'old', 'old=', 'old=*', `old=${'A'.repeat(43)}`])('refuses the signature "%s"', async (signature) => {
    const headers = { ...(signature === '' ? {} : { 'postern-signature': signature }) }
    const response = await handle(new Request(URL_OF_IT, { method: 'POST', headers, body: BODY }))
    expect([response.status, decided]).toEqual([401, 0])
  })

  it('decides once about a request that comes again, and refuses its id for another body', async () => {
    const [first, again] = [await (await send()).text(), await (await send()).text()]
    expect([again, decided]).toEqual([first, 1])
    expect([(await send({ body: '{"version":3}' })).status, decided]).toEqual([401, 1])
  })
})
