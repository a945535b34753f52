// The setting WEBHOOKS: a valid value, and one thing of it changed. A problem quotes no secret.
import { describe, expect, it } from 'vitest'
import {
  WEBHOOK_BEARER_MAX_LENGTH,
  WEBHOOK_KEY_MAX_BYTES,
  WEBHOOK_KEY_MIN_BYTES,
  WEBHOOK_KEYS_MAX,
  WEBHOOKS_MAX,
} from '../../src/core/limits.ts'
import { readWebhooks } from '../../src/runtime/webhook-settings.ts'

const ORIGIN = 'https://webhook.example.com:8443'
const key = (bytes = WEBHOOK_KEY_MIN_BYTES): string => Buffer.alloc(bytes, 7).toString('base64url')
const one = (kid = 'k1', bytes?: number): object => ({ kid, key: key(bytes) })
const VALID = { hmac: [one()] }
const HOST = { canResolve: true, allowLoopback: false }

function read(text: string, host: Partial<typeof HOST> = {}) {
  const problems: string[] = []
  const webhooks = readWebhooks(text, { ...HOST, ...host }, (name, what) => void problems.push(`${name}: ${what}`))
  return { webhooks, problems }
}
const of = (entry: unknown, origin = ORIGIN): string => JSON.stringify({ [origin]: entry })

describe('readWebhooks()', () => {
  it('reads origins with their secrets', () => {
    const { webhooks, problems } = read(of({ ...VALID, bearer: 'abc.DEF-1_2~3+4/5==', private: true }))
    expect(problems).toEqual([])
    expect(webhooks).toEqual(
      new Map([
        [
          ORIGIN,
          {
            hmac: [{ kid: 'k1', key: new Uint8Array(32).fill(7) }],
            bearer: 'abc.DEF-1_2~3+4/5==',
            mayBePrivate: true,
          },
        ],
      ]),
    )
  })

  it('is absent where it is not set, and empty where no origin is listed', () => {
    expect([readWebhooks(undefined, HOST, () => undefined), read('{}').webhooks]).toEqual([undefined, new Map()])
  })

  const kids = (count: number) => Array.from({ length: count }, (_, index) => one(`k${index}`))
  const many = (count: number) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`https://h${index}.example`, VALID])),
    )

  it.each<[string, string, boolean]>([
    ['what is no JSON', 'https://webhook.example.com', false],
    ['a list', '[]', false],
    ['an origin twice', `{"${ORIGIN}":${JSON.stringify(VALID)},"${ORIGIN}":${JSON.stringify(VALID)}}`, false],
    ['a path', of(VALID, `${ORIGIN}/attest`), false],
    ['a slash at the end', of(VALID, `${ORIGIN}/`), false],
    ['the default port', of(VALID, 'https://webhook.example.com:443'), false],
    ['capitals', of(VALID, 'https://Webhook.example.com'), false],
    ['a user name', of(VALID, 'https://me@webhook.example.com'), false],
    ['http', of(VALID, 'http://webhook.example.com'), false],
    ['http to loopback', of(VALID, 'http://127.0.0.1:1'), false],
    ['a wildcard', of(VALID, 'https://*.example.com'), false],
    ['a dot at the end', of(VALID, 'https://webhook.example.com.'), false],
    ['a private name', of(VALID, 'https://webhook.svc.cluster.local:8443'), true],
    ['no object', of('secret'), false],
    ['no keys', of({}), false],
    ['an empty list of keys', of({ hmac: [] }), false],
    ['the most keys', of({ hmac: kids(WEBHOOK_KEYS_MAX) }), true],
    ['more keys', of({ hmac: kids(WEBHOOK_KEYS_MAX + 1) }), false],
    ['a kid twice', of({ hmac: [one(), one()] }), false],
    ['the longest kid', of({ hmac: [one('k'.repeat(64))] }), true],
    ['a longer kid', of({ hmac: [one('k'.repeat(65))] }), false],
    ['a kid with the sign that ends it', of({ hmac: [one('a=b')] }), false],
    ['a kid with a comma', of({ hmac: [one('a,b')] }), false],
    ['no kid', of({ hmac: [{ key: key() }] }), false],
    ['the shortest key', of({ hmac: [one('k1', WEBHOOK_KEY_MIN_BYTES)] }), true],
    ['a shorter key', of({ hmac: [one('k1', WEBHOOK_KEY_MIN_BYTES - 1)] }), false],
    ['the longest key', of({ hmac: [one('k1', WEBHOOK_KEY_MAX_BYTES)] }), true],
    ['a longer key', of({ hmac: [one('k1', WEBHOOK_KEY_MAX_BYTES + 1)] }), false],
    ['a key that is no base64url', of({ hmac: [{ kid: 'k1', key: `${key()}=` }] }), false],
    ['an unknown member of a key', of({ hmac: [{ ...one(), alg: 'HS256' }] }), false],
    ['an unknown member', of({ ...VALID, Bearer: 'x' }), false],
    ['the longest bearer', of({ ...VALID, bearer: 'x'.repeat(WEBHOOK_BEARER_MAX_LENGTH) }), true],
    ['a longer bearer', of({ ...VALID, bearer: 'x'.repeat(WEBHOOK_BEARER_MAX_LENGTH + 1) }), false],
    ['an empty bearer', of({ ...VALID, bearer: '' }), false],
    ['a bearer that ends the header', of({ ...VALID, bearer: 'x\r\nX-Injected: 1' }), false],
    ['private that is false', of({ ...VALID, private: false }), false],
    ['private that is a string', of({ ...VALID, private: 'true' }), false],
    ['the most origins', many(WEBHOOKS_MAX), true],
    ['more origins', many(WEBHOOKS_MAX + 1), false],
  ])('with %s', (_what, text, isTaken) => {
    expect(read(text).problems.length === 0).toBe(isTaken)
  })

  it('knows what a host can do', () => {
    const isPrivate = of({ ...VALID, private: true })
    expect([read(isPrivate).problems.length, read(isPrivate, { canResolve: false }).problems.length]).toEqual([0, 1])
    const loopback = of(VALID, 'http://127.0.0.1:1')
    expect(read(loopback, { allowLoopback: true }).problems).toEqual([])
    expect(read(of(VALID, 'http://webhook.example.com'), { allowLoopback: true }).problems).toHaveLength(1)
  })

  it('lists every problem, and quotes no secret', () => {
    const secret = 'SECRETSECRETSECRETSECRETSECRETSECRETSECRET!'
    const texts = [
      `{"${ORIGIN}": "${secret}`,
      of(secret),
      JSON.stringify({ [secret]: VALID }),
      of({ hmac: [{ kid: secret, key: secret }] }),
      of({ hmac: [one('SECRET'), one('SECRET')] }),
      of({ ...VALID, bearer: `${secret} ${secret}` }),
      of({ ...VALID, [secret]: 1 }),
    ]
    for (const text of texts) {
      const { problems } = read(text)
      expect(problems).toHaveLength(1)
      expect(problems.join()).not.toContain('SECRET')
    }
    expect(read(JSON.stringify({ 'http://a.example': VALID, [ORIGIN]: {} })).problems).toHaveLength(2)
  })
})
