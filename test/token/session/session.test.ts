import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import { SESSION_MAX_BYTES } from '../../../src/core/limits.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import {
  issueSession,
  type SessionAuthority,
  type SessionRequest,
  verifySession,
} from '../../../src/token/session/session.ts'
import { readSessionKeys, type SessionKeys } from '../../../src/token/session/session-keys.ts'

const NOW = 1_760_000_000

function keysOf(text: string): SessionKeys {
  const read = readSessionKeys(text)
  if (!read.ok) throw new Error(read.problems.join())
  return read.value
}

let keyText: string
let authority: SessionAuthority
beforeAll(async () => {
  keyText = await makeSessionSigningKeys()
  authority = {
    keys: keysOf(keyText),
    trustDomain: 'example.org',
    issuerUrl: 'https://login.example.org',
    ttlSeconds: 3600,
    skewSeconds: 30,
  }
})

const namespace = { origin: 'k8s_token', name: 'k8s_token.namespace', value: 'spirl-system' }
const decision = { digest: 'd', proofs: [{ type: 'k8s_token', anchor: 'a', facts: { lifetimeSeconds: 3600 } }] }
const request: SessionRequest = {
  role: 'agent',
  clusterId: 'c-1',
  policy: 'p',
  attributes: [namespace],
  identity: [namespace],
  decision,
  evidenceExpiresAtSeconds: NOW + 7200,
  nowMillis: NOW * 1000,
}

async function issue(change: Partial<SessionRequest> = {}) {
  const issued = await issueSession({ ...request, ...change }, authority)
  if (!issued.ok) throw new Error(issued.refusal.code)
  return issued.value
}

describe('issueSession()', () => {
  it('makes the session that the design describes', async () => {
    const { token, id, subject } = await issue()
    expect(decodeProtectedHeader(token)).toMatchObject({
      typ: 'postern-session+jwt',
      alg: 'ES256',
      kid: authority.keys.signer.kid,
    })
    expect(decodeJwt(token)).toEqual({
      ver: 1,
      iss: 'https://login.example.org',
      aud: 'spiffe://example.org',
      sub: subject,
      cluster_id: 'c-1',
      policy: 'p',
      role: 'agent',
      attributes: [namespace],
      decision,
      jti: id,
      iat: NOW,
      exp: NOW + 3600,
    })
    expect(subject).toMatch(/^spiffe:\/\/example\.org\/postern\/agent\/c-1\/p\/[\w-]{43}$/)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('names one agent the same each time, whatever else its evidence proved, and two agents differently', async () => {
    const other = { ...namespace, value: 'kube-system' }
    const uid = { origin: 'k8s_token', name: 'k8s_token.pod.name', value: 'x' }
    const subjects = [
      await issue(),
      await issue({ attributes: [namespace, uid] }),
      await issue({ identity: [other] }),
    ].map(({ subject }) => subject)
    expect(subjects[0]).toBe(subjects[1])
    expect(subjects[0]).not.toBe(subjects[2])
    const twoWays = [
      [namespace, uid],
      [uid, namespace],
    ].map((identity) => issue({ identity }))
    expect((await twoWays[0])?.subject).toBe((await twoWays[1])?.subject)
  })

  it.each([
    ['the lifetime of a session', NOW + 7200, NOW + 3600],
    ['the earliest exp of the evidence', NOW + 60, NOW + 60],
    ['one second', NOW + 1, NOW + 1],
  ])('expires after %s', async (_what, evidenceExpiresAtSeconds, expected) => {
    expect((await issue({ evidenceExpiresAtSeconds })).expiresAtSeconds).toBe(expected)
  })

  it('is refused for evidence that expires now, which only the skew lets pass', async () => {
    expect(await issueSession({ ...request, evidenceExpiresAtSeconds: NOW }, authority)).toMatchObject({
      refusal: { code: 'token_expired' },
    })
  })

  it('is refused over the limit, and issued at it', async () => {
    const sized = (length: number) => ({ ...request, attributes: [{ ...namespace, value: 'x'.repeat(length) }] })
    const over = await issueSession(sized(SESSION_MAX_BYTES), authority)
    expect(over).toMatchObject({ refusal: { code: 'session_too_large' } })
    let length = Math.floor(SESSION_MAX_BYTES * 0.6)
    while ((await issueSession(sized(length + 1), authority)).ok) length++
    const at = await issueSession(sized(length), authority)
    expect(at.ok && at.value.token.length).toBeLessThanOrEqual(SESSION_MAX_BYTES)
    expect(at.ok && at.value.token.length).toBeGreaterThan(SESSION_MAX_BYTES - 3)
  })
})

describe('verifySession()', () => {
  async function codeOf(token: string, role: 'agent' | 'issuer' = 'agent', nowSeconds = NOW): Promise<string> {
    const session = await verifySession(token, role, authority, nowSeconds)
    return session.ok ? 'ok' : session.refusal.code
  }

  /** A session by our key with one thing changed; `undefined` removes a claim. */
  async function forged(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const all = { ...decodeJwt((await issue()).token), ...claims }
    const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
    const { kid, alg } = authority.keys.signer
    return new SignJWT(kept)
      .setProtectedHeader({ alg, kid, typ: 'postern-session+jwt', ...header })
      .sign(await authority.keys.signer.key())
  }

  it('yields what was issued', async () => {
    const issued = await issue()
    expect(await verifySession(issued.token, 'agent', authority, NOW)).toEqual({
      ok: true,
      value: {
        role: 'agent',
        id: issued.id,
        subject: issued.subject,
        clusterId: 'c-1',
        policy: 'p',
        allowedClusters: undefined,
        attributes: [namespace],
        decision,
        issuedAtSeconds: NOW,
        expiresAtSeconds: NOW + 3600,
      },
    })
  })

  it('keeps the clusters that an issuer is good for', async () => {
    const { clusterId: _clusterId, ...rest } = request
    const issued = await issueSession({ ...rest, role: 'issuer', allowedClusters: ['c-1'] }, authority)
    if (!issued.ok) throw new Error(issued.refusal.code)
    expect(await verifySession(issued.value.token, 'issuer', authority, NOW)).toMatchObject({
      value: { role: 'issuer', clusterId: undefined, allowedClusters: ['c-1'] },
    })
    expect(await codeOf(issued.value.token, 'agent')).toBe('session_role_forbidden')
  })

  it.each<[string, Record<string, unknown>, string]>([
    ['nothing more', {}, 'ok'],
    ["a cluster, which is an agent's", { cluster_id: 'c-1' }, 'session_malformed'],
    ['clusters that are no list', { allowed_clusters: 'c-1' }, 'session_malformed'],
    ['clusters that are an object', { allowed_clusters: { 0: 'c-1', length: 1 } }, 'session_malformed'],
    ['a cluster that is no string', { allowed_clusters: ['c-1', 1] }, 'session_malformed'],
    ['null for clusters, which is not all of them', { allowed_clusters: null }, 'session_malformed'],
    ['an empty list of clusters, which is none of them', { allowed_clusters: [] }, 'ok'],
  ])('of an issuer holds %s', async (_what, claims, code) => {
    const issuer = { role: 'issuer', aud: authority.issuerUrl, cluster_id: undefined }
    expect(await codeOf(await forged({ ...issuer, ...claims }), 'issuer')).toBe(code)
  })

  it.each([
    ['in the last second of the skew', NOW + 3629, 'ok'],
    ['after it', NOW + 3630, 'session_expired'],
  ])('judges the time %s', async (_when, now, code) => {
    expect(await codeOf((await issue()).token, 'agent', now)).toBe(code)
  })

  it.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['an unknown version', { ver: 2 }, {}, 'session_malformed'],
    ['no version', { ver: undefined }, {}, 'session_malformed'],
    ['another role', { role: 'issuer', cluster_id: undefined }, {}, 'session_role_forbidden'],
    ['an unknown role', { role: 'admin' }, {}, 'session_malformed'],
    ['an audience of another role', { aud: 'https://login.example.org' }, {}, 'session_role_forbidden'],
    ['another issuer', { iss: 'https://other.example.org' }, {}, 'session_invalid'],
    ['no expiry', { exp: undefined }, {}, 'session_invalid'],
    ['no cluster', { cluster_id: undefined }, {}, 'session_malformed'],
    ['attributes of another shape', { attributes: [{ name: 'x' }] }, {}, 'session_malformed'],
    ['a decision that is none', { decision: 'x' }, {}, 'session_malformed'],
    ['a decision without a digest', { decision: { proofs: [] } }, {}, 'session_malformed'],
    ['a decision without proofs', { decision: { digest: 'd' } }, {}, 'session_malformed'],
    [
      'a proof without a type',
      { decision: { digest: 'd', proofs: [{ anchor: 'a', facts: 1 }] } },
      {},
      'session_malformed',
    ],
    [
      'a proof without an anchor',
      { decision: { digest: 'd', proofs: [{ type: 't', facts: 1 }] } },
      {},
      'session_malformed',
    ],
    [
      'a proof without facts',
      { decision: { digest: 'd', proofs: [{ type: 't', anchor: 'a' }] } },
      {},
      'session_malformed',
    ],
    ['a decision that an older version did not record', { decision: undefined }, {}, 'ok'],
    ['another type', {}, { typ: 'JWT' }, 'session_malformed'],
    ['an unknown key', {}, { kid: 'x' }, 'session_malformed'],
  ])('refuses %s', async (_what, claims, header, code) => {
    expect(await codeOf(await forged(claims, header))).toBe(code)
  })

  /** A session by our key whose parts are these very bytes. */
  async function signedParts(header: string, payload: string): Promise<string> {
    const input = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.')
    const key = await authority.keys.signer.key()
    const signature = await crypto.subtle.sign(
      { name: 'ECDSA', hash: 'SHA-256' },
      key as CryptoKey,
      new TextEncoder().encode(input),
    )
    return `${input}.${Buffer.from(signature).toString('base64url')}`
  }

  it.each<[string, (header: string, payload: string) => readonly [string, string], string]>([
    ['nothing', (header, payload) => [header, payload], 'ok'],
    [
      'a member given twice',
      (header, payload) => [header, payload.replace('{', '{"role":"issuer",')],
      'session_malformed',
    ],
    [
      'a header member given twice',
      (header, payload) => [header.replace('{', '{"kid":"x",'), payload],
      'session_malformed',
    ],
    ['a byte order mark', (header, payload) => [header, `\ufeff${payload}`], 'session_malformed'],
    [
      'a header parameter of no session',
      (header, payload) => [header.replace('{', '{"cty":"JWT",'), payload],
      'session_malformed',
    ],
    ['an unpaired surrogate', (header, payload) => [header, payload.replace('"p"', '"\\ud800"')], 'session_malformed'],
    ['a list for a payload', (header) => [header, '[]'], 'session_malformed'],
    [
      'an expiry with a fraction',
      (header, payload) => [header, payload.replace(/"exp":\d+/, '$&.5')],
      'session_malformed',
    ],
    [
      'an expiry after the year 9999',
      (header, payload) => [header, payload.replace(/"exp":\d+/, '"exp":1e15')],
      'session_malformed',
    ],
    [
      'an expiry before its start',
      (header, payload) => [header, payload.replace(/"iat":\d+/, `"iat":${NOW + 9_999}`)],
      'session_malformed',
    ],
  ])('reads a session as strictly as evidence: %s', async (_what, change, code) => {
    const { token } = await issue()
    const [header = '', payload = ''] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString())
    expect(await codeOf(await signedParts(...change(header, payload)))).toBe(code)
  })

  it.each<[string, (signature: string) => string]>([
    ['padding', (signature) => `${signature}==`],
    ['a line end', (signature) => `${signature}\n`],
    [
      'spare bits',
      (signature) => signature.slice(0, -1) + String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1),
    ],
  ])('refuses another spelling of a good session: %s', async (_what, change) => {
    const [header, payload, signature = ''] = (await issue()).token.split('.')
    expect(await codeOf(`${header}.${payload}.${change(signature)}`)).toBe('session_malformed')
  })

  it('refuses a session of the future, and allows for the skew of clocks', async () => {
    const { token } = await issue()
    expect(await codeOf(token, 'agent', NOW - 30)).toBe('ok')
    expect(await codeOf(token, 'agent', NOW - 31)).toBe('session_invalid')
  })

  it('refuses another key under our kid, an edited payload, and noise', async () => {
    const { privateKey } = await generateKeyPair('ES256')
    const { token } = await issue()
    const foreign = await new SignJWT(decodeJwt(token))
      .setProtectedHeader(decodeProtectedHeader(token) as { alg: string })
      .sign(privateKey)
    expect(await codeOf(foreign)).toBe('session_invalid')
    const [header, , signature] = token.split('.')
    expect(await codeOf(`${header}.${Buffer.from('{"role":"issuer"}').toString('base64url')}.${signature}`)).toBe(
      'session_invalid',
    )
    expect(await codeOf('x')).toBe('session_malformed')
    expect(await codeOf('x'.repeat(SESSION_MAX_BYTES + 1))).toBe('session_too_large')
  })
})

describe('readSessionKeys()', () => {
  let jwk: Record<string, unknown>
  let other: Record<string, unknown>
  beforeAll(async () => {
    jwk = JSON.parse(keyText).keys[0]
    other = JSON.parse(await makeSessionSigningKeys()).keys[0]
  })
  const without = (from: Record<string, unknown>, ...names: string[]) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => !names.includes(name)))
  const problemsOf = (keys: unknown): readonly string[] => {
    const read = readSessionKeys(typeof keys === 'string' ? keys : JSON.stringify({ keys }))
    return read.ok ? [] : read.problems
  }

  it('publishes every key, and no private member', () => {
    const { published } = keysOf(JSON.stringify({ keys: [jwk, other] }))
    expect(published.keys.map((key) => key['kid'])).toEqual([jwk['kid'], other['kid']])
    expect(JSON.stringify(published)).not.toContain(jwk['d'])
    expect(published.keys.every((key) => !('d' in key))).toBe(true)
  })

  it('verifies the sessions of an old key that has become public', async () => {
    const { token } = await issue()
    const rotated = { ...authority, keys: keysOf(JSON.stringify({ keys: [other, without(jwk, 'd')] })) }
    expect((await verifySession(token, 'agent', rotated, NOW)).ok).toBe(true)
    const gone = { ...authority, keys: keysOf(JSON.stringify({ keys: [other] })) }
    expect((await verifySession(token, 'agent', gone, NOW)).ok).toBe(false)
  })

  it.each<[string, () => unknown, number]>([
    ['no JSON', () => 'x', 1],
    ['no list', () => '{}', 1],
    ['no key', () => [], 1],
    ['a public key first', () => [without(jwk, 'd'), other], 1],
    ['one kid twice', () => [jwk, { ...other, kid: jwk['kid'] }], 1],
    ['no kid', () => [without(jwk, 'kid')], 1],
    ['no alg', () => [without(jwk, 'alg')], 1],
    ['no use', () => [without(jwk, 'use')], 1],
    ['use enc', () => [{ ...jwk, use: 'enc' }], 1],
    ['an alg of another kind', () => [{ ...jwk, alg: 'RS256' }], 1],
    ['a symmetric key', () => [{ kty: 'oct', k: 'AAAA', alg: 'HS256', kid: 'x', use: 'sig' }], 1],
    ['two faults', () => [without(jwk, 'kid'), without(other, 'alg')], 2],
  ])('lists the problems of %s', (_what, make, count) => {
    const problems = problemsOf(make())
    expect(problems).toHaveLength(count)
    expect(problems.join()).not.toContain(jwk['d'])
  })

  it.each(['RS256', 'EdDSA'])('signs with %s as well', async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true })
    const keys = keysOf(JSON.stringify({ keys: [{ ...(await exportJWK(privateKey)), alg, use: 'sig', kid: 'k' }] }))
    const issued = await issueSession(request, { ...authority, keys })
    expect(issued.ok && (await verifySession(issued.value.token, 'agent', { ...authority, keys }, NOW)).ok).toBe(true)
  })

  it('refuses an RSA key under 2048 bits', async () => {
    expect(
      problemsOf([{ kty: 'RSA', alg: 'RS256', use: 'sig', kid: 'k', n: 'A'.repeat(171), e: 'AQAB', d: 'x' }]),
    ).toHaveLength(1)
  })
})
