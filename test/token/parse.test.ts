import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../src/core/base64.ts'
import {
  KID_MAX_BYTES,
  NUMERIC_DATE_MAX_SECONDS,
  TOKEN_DEPTH_MAX,
  TOKEN_MAX_BYTES,
  URL_MAX_LENGTH,
} from '../../src/core/limits.ts'
import type { RefusalCode } from '../../src/core/refusal.ts'
import { ALGORITHMS } from '../../src/token/algorithms.ts'
import { checkTimes, type ParsedToken, parseToken, parseTokenForm, SESSION_TYPE } from '../../src/token/parse.ts'
import { serviceAccountClaims } from './issuer.ts'

const NOW = 1_760_000_000
const HEADER = { alg: 'RS256', kid: 'key-1' }
const SIGNATURE = Uint8Array.from({ length: 256 }, (_, index) => index)

function encode(part: unknown): string {
  return encodeBase64url(new TextEncoder().encode(typeof part === 'string' ? part : JSON.stringify(part)))
}

function compact(header: unknown = HEADER, claims: unknown = serviceAccountClaims(NOW), signature = SIGNATURE): string {
  return `${encode(header)}.${encode(claims)}.${encodeBase64url(signature)}`
}

function withClaims(change: Readonly<Record<string, unknown>>): string {
  return compact(HEADER, serviceAccountClaims(NOW, change))
}

function refusalOf(text: string): { readonly code: RefusalCode; readonly where?: string } | 'accepted' {
  const result = parseToken(text)
  return result.ok ? 'accepted' : result.refusal
}

function parsed(text: string): ParsedToken {
  const result = parseToken(text)
  if (!result.ok) throw new Error(result.refusal.detail)
  return result.value
}

const valid = compact()
const [validHeader = '', validClaims = '', validSignature = ''] = valid.split('.')

describe('parseToken()', () => {
  it('reads a bound service account token once, into names', () => {
    const token = parsed(valid)
    expect(token).toMatchObject({
      compact: valid,
      header: { alg: 'RS256', kid: 'key-1' },
      issuer: 'https://oidc.example.com/id/1',
      audiences: ['spiffe://example.org'],
      issuedAtSeconds: NOW,
      expiresAtSeconds: NOW + 3600,
      notBeforeSeconds: NOW,
      signingInput: `${validHeader}.${validClaims}`,
    })
    expect(token.claims['sub']).toBe('system:serviceaccount:spirl-system:spirl-agent')
  })

  it.each([
    ['typ JWT', compact({ ...HEADER, typ: 'JWT' })],
    ['no kid', compact({ alg: 'ES256' })],
    ['a thumbprint, which changes nothing', compact({ ...HEADER, x5t: 'abc' })],
    ['one audience as a text', withClaims({ aud: 'spiffe://example.org' })],
    ['no nbf', withClaims({ nbf: undefined })],
    ['nbf before iat', withClaims({ nbf: NOW - 60 })],
    ['claims named like members of a prototype', withClaims({ constructor: 1, toString: 'x' })],
    ['a kid of the longest length', compact({ ...HEADER, kid: 'k'.repeat(KID_MAX_BYTES) })],
    ['neither sub nor jti', withClaims({ sub: undefined, jti: undefined })],
    ['an iss of the longest length', withClaims({ iss: 'x'.repeat(URL_MAX_LENGTH) })],
    ['exp in the last second of the year 9999', withClaims({ exp: NUMERIC_DATE_MAX_SECONDS })],
  ])('accepts %s', (_what, text) => {
    expect(refusalOf(text)).toBe('accepted')
  })

  it.each([[{ alg: 'RS256' }], [{ alg: 'RS256', kid: 'k' }], [{ alg: 'RS256', kid: 'k', typ: 'JWT' }]])(
    'reads of the header %j what is there, and nothing else',
    (header) => expect(parsed(compact({ ...header, x5t: 'abc' })).header).toStrictEqual(header),
  )

  it('calls a session by its name, however its type is spelled', () => {
    const detailOf = (typ: unknown): string => {
      const result = parseToken(compact({ ...HEADER, typ }))
      return result.ok ? 'accepted' : result.refusal.detail
    }
    const said = [SESSION_TYPE, SESSION_TYPE.toUpperCase(), `application/${SESSION_TYPE}`].map(detailOf)
    expect(new Set(said).size).toBe(1)
    for (const other of ['at+jwt', 'application/at+jwt', `x/${SESSION_TYPE}`, 7, null]) {
      expect(said).not.toContain(detailOf(other))
    }
  })

  it.each(Object.keys(ALGORITHMS))('accepts the algorithm %s', (alg) => {
    expect(refusalOf(compact({ alg }))).toBe('accepted')
  })

  it.each<[string, string, RefusalCode, string?]>([
    // Base64url has one spelling.
    [
      'spare bits in the signature',
      `${validHeader}.${validClaims}.${validSignature.slice(0, -1)}x`,
      'token_malformed',
      'signature',
    ],
    ['a space inside the signature', valid.replace(/.{4}$/, ' $&'), 'token_malformed', 'signature'],
    ['a line end after the signature', `${valid}\n`, 'token_malformed', 'signature'],
    ['padding after the signature', `${valid}=`, 'token_malformed', 'signature'],
    ['the standard base64 alphabet', `${validHeader}.${validClaims}.+/+/`, 'token_malformed', 'signature'],
    ['letters that are not ASCII', `${validHeader}.${validClaims}.ſſſſ`, 'token_malformed', 'signature'],
    ['padding in the header', `${encode('{"alg":"RS256"} ')}==.${validClaims}.AAAA`, 'token_malformed', 'header'],
    ['padding in the payload', `${validHeader}.${validClaims}=.${validSignature}`, 'token_malformed', 'payload'],
    ['an empty signature', `${validHeader}.${validClaims}.`, 'token_malformed', 'signature'],
    ['two parts', `${validHeader}.${validClaims}`, 'token_malformed'],
    ['four parts', `${valid}.AAAA`, 'token_malformed'],
    ['five parts, as a JWE', `${valid}.AAAA.AAAA`, 'token_malformed'],
    ['the empty text', '', 'token_malformed'],
    ['a bearer prefix', `Bearer ${valid}`, 'token_malformed', 'header'],
    // JSON has one meaning.
    [
      'two aud members',
      compact(HEADER, JSON.stringify(serviceAccountClaims(NOW)).replace('{', '{"aud":"other",')),
      'token_malformed',
      'payload',
    ],
    [
      'two sub members, one of them escaped',
      compact(HEADER, JSON.stringify(serviceAccountClaims(NOW)).replace('{', '{"\\u0073ub":"x",')),
      'token_malformed',
      'payload',
    ],
    ['two __proto__ members', compact(HEADER, '{"__proto__":1,"__proto__":2}'), 'token_malformed', 'payload'],
    ['two alg members, the first none', compact('{"alg":"none","alg":"RS256"}'), 'token_malformed', 'header'],
    [
      'a byte order mark before the payload',
      compact(HEADER, `\ufeff${JSON.stringify(serviceAccountClaims(NOW))}`),
      'token_malformed',
      'payload',
    ],
    ['a byte order mark before the header', compact(`\ufeff${JSON.stringify(HEADER)}`), 'token_malformed', 'header'],
    [
      'invalid UTF-8 in a claim',
      `${validHeader}.${encodeBase64url(Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))}.AAAA`,
      'token_malformed',
      'payload',
    ],
    ['a lone surrogate in a claim', compact(HEADER, '{"sub":"\\ud800"}'), 'token_malformed', 'payload'],
    [
      'an integer over 2^53',
      compact(HEADER, JSON.stringify(serviceAccountClaims(NOW)).replace('{', '{"n":9007199254740993,')),
      'token_malformed',
      'payload',
    ],
    [
      'text after the payload',
      compact(HEADER, `${JSON.stringify(serviceAccountClaims(NOW))} {}`),
      'token_malformed',
      'payload',
    ],
    ['a payload that is a list', compact(HEADER, []), 'token_malformed', 'payload'],
    ['a header that is a text', compact('"RS256"'), 'token_malformed', 'header'],
    // The header brings no key and changes no rule.
    ['jku', compact({ ...HEADER, jku: 'https://evil.example.com' }), 'token_header_forbidden', 'jku'],
    ['jwk', compact({ ...HEADER, jwk: {} }), 'token_header_forbidden', 'jwk'],
    ['x5u', compact({ ...HEADER, x5u: 'https://evil.example.com' }), 'token_header_forbidden', 'x5u'],
    ['x5c', compact({ ...HEADER, x5c: [] }), 'token_header_forbidden', 'x5c'],
    ['an unknown crit', compact({ ...HEADER, crit: ['x'], x: 1 }), 'token_header_forbidden', 'crit'],
    ['an empty crit', compact({ ...HEADER, crit: [] }), 'token_header_forbidden', 'crit'],
    ['b64 false', compact({ ...HEADER, b64: false }), 'token_header_forbidden', 'b64'],
    ['zip', compact({ ...HEADER, zip: 'DEF' }), 'token_header_forbidden', 'zip'],
    ['a nested token', compact({ ...HEADER, cty: 'JWT' }), 'token_header_forbidden', 'cty'],
    ['alg none', compact({ alg: 'none' }), 'algorithm_forbidden', 'alg'],
    ['alg none without a signature', `${encode({ alg: 'none' })}.${validClaims}.`, 'algorithm_forbidden', 'alg'],
    ['alg nOnE', compact({ alg: 'nOnE' }), 'algorithm_forbidden', 'alg'],
    ['HS256', compact({ alg: 'HS256' }), 'algorithm_forbidden', 'alg'],
    ['rs256', compact({ alg: 'rs256' }), 'algorithm_forbidden', 'alg'],
    ['ES256K', compact({ alg: 'ES256K' }), 'algorithm_forbidden', 'alg'],
    ['ML-DSA-65', compact({ alg: 'ML-DSA-65' }), 'algorithm_forbidden', 'alg'],
    ['an algorithm named like a member of every object', compact({ alg: 'constructor' }), 'algorithm_forbidden', 'alg'],
    ['alg as a list', compact({ alg: ['RS256'] }), 'algorithm_forbidden', 'alg'],
    ['no alg', compact({ kid: 'key-1' }), 'algorithm_forbidden', 'alg'],
    ['typ at+jwt', compact({ ...HEADER, typ: 'at+jwt' }), 'token_type_forbidden', 'typ'],
    ['typ jwt in small letters', compact({ ...HEADER, typ: 'jwt' }), 'token_type_forbidden', 'typ'],
    ['typ null', compact({ ...HEADER, typ: null }), 'token_type_forbidden', 'typ'],
    ['a session', compact({ ...HEADER, typ: 'postern-session+jwt' }), 'token_type_forbidden', 'typ'],
    ['a numeric kid', compact({ ...HEADER, kid: 1 }), 'token_malformed', 'kid'],
    ['a kid in a list', compact({ ...HEADER, kid: ['key-1'] }), 'token_malformed', 'kid'],
    ['an empty kid', compact({ ...HEADER, kid: '' }), 'token_malformed', 'kid'],
    [
      'a kid over the longest length',
      compact({ ...HEADER, kid: 'k'.repeat(KID_MAX_BYTES + 1) }),
      'token_malformed',
      'kid',
    ],
    ['a kid with a line end', compact({ ...HEADER, kid: 'key-1\n' }), 'token_malformed', 'kid'],
    ['a kid that is not ASCII', compact({ ...HEADER, kid: 'kéy' }), 'token_malformed', 'kid'],
    // Claims.
    ['no exp', withClaims({ exp: undefined }), 'claim_missing', 'exp'],
    ['no iat', withClaims({ iat: undefined }), 'claim_missing', 'iat'],
    ['no iss', withClaims({ iss: undefined }), 'claim_missing', 'iss'],
    ['no aud', withClaims({ aud: undefined }), 'claim_missing', 'aud'],
    ['exp before all other absences', compact(HEADER, {}), 'claim_missing', 'exp'],
    ['exp as a text', withClaims({ exp: String(NOW + 60) }), 'claim_malformed', 'exp'],
    [
      'exp 1e308',
      compact(HEADER, JSON.stringify(serviceAccountClaims(NOW)).replace(String(NOW + 3600), '1e308')),
      'claim_malformed',
      'exp',
    ],
    ['exp in the year 10000', withClaims({ exp: NUMERIC_DATE_MAX_SECONDS + 1 }), 'claim_malformed', 'exp'],
    ['exp with a fraction', withClaims({ exp: NOW + 0.5 }), 'claim_malformed', 'exp'],
    ['exp null', withClaims({ exp: null }), 'claim_malformed', 'exp'],
    ['exp equal to iat', withClaims({ exp: NOW }), 'claim_malformed', 'exp'],
    ['exp before iat', withClaims({ exp: NOW - 1 }), 'claim_malformed', 'exp'],
    ['a negative iat', withClaims({ iat: -1 }), 'claim_malformed', 'iat'],
    ['nbf after exp', withClaims({ nbf: NOW + 3600 }), 'claim_malformed', 'nbf'],
    ['nbf null', withClaims({ nbf: null }), 'claim_malformed', 'nbf'],
    ['an empty iss', withClaims({ iss: '' }), 'claim_malformed', 'iss'],
    ['iss as a list', withClaims({ iss: ['https://oidc.example.com/id/1'] }), 'claim_malformed', 'iss'],
    ['an iss of 2049 characters', withClaims({ iss: 'x'.repeat(2049) }), 'claim_malformed', 'iss'],
    ['an empty aud', withClaims({ aud: '' }), 'claim_malformed', 'aud'],
    ['an empty list of aud', withClaims({ aud: [] }), 'claim_malformed', 'aud'],
    ['an empty text in aud', withClaims({ aud: ['spiffe://example.org', ''] }), 'claim_malformed', 'aud'],
    ['a number in aud', withClaims({ aud: ['spiffe://example.org', 1] }), 'claim_malformed', 'aud'],
    ['a list in aud', withClaims({ aud: [['spiffe://example.org']] }), 'claim_malformed', 'aud'],
    ['a numeric sub', withClaims({ sub: 1 }), 'claim_malformed', 'sub'],
    ['a numeric jti', withClaims({ jti: 1 }), 'claim_malformed', 'jti'],
  ])('refuses %s', (_what, text, code, where) => {
    expect(refusalOf(text)).toMatchObject(where === undefined ? { code } : { code, where })
  })

  it('refuses the form before the header, and the header before the claims', () => {
    expect(refusalOf(compact({ alg: 'none' }, '{'))).toMatchObject({ code: 'token_malformed' })
    expect(refusalOf(compact({ alg: 'none' }, {}))).toMatchObject({ code: 'algorithm_forbidden' })
  })

  it('accepts a token of the longest length and refuses one character more', () => {
    const fill = (length: number): string => {
      const shorter = withClaims({ pad: '' }).length
      return withClaims({ pad: 'x'.repeat(Math.floor(((length - shorter) * 3) / 4)) })
    }
    const longest = fill(TOKEN_MAX_BYTES)
    expect(longest.length).toBeGreaterThan(TOKEN_MAX_BYTES - 4)
    expect(longest.length).toBeLessThanOrEqual(TOKEN_MAX_BYTES)
    expect(refusalOf(longest)).toBe('accepted')
    expect(refusalOf('a'.repeat(TOKEN_MAX_BYTES))).toMatchObject({ code: 'token_malformed' })
    expect(refusalOf('a'.repeat(TOKEN_MAX_BYTES + 1))).toMatchObject({ code: 'token_too_large' })
  })

  it('accepts claims nested to the bound and refuses one level more', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
    expect(refusalOf(withClaims({ nested: nested(TOKEN_DEPTH_MAX - 1) }))).toBe('accepted')
    expect(refusalOf(withClaims({ nested: nested(TOKEN_DEPTH_MAX) }))).toMatchObject({ code: 'token_malformed' })
  })

  it('puts no part of the token in a message', () => {
    const secret = 'c2VjcmV0LXBhcnQ'
    for (const text of [`${valid}.${secret}`, `${secret}.${validClaims}.AAAA`, compact({ ...HEADER, jku: secret })]) {
      const result = parseToken(text)
      expect(result.ok).toBe(false)
      if (!result.ok) expect(result.refusal.detail).not.toContain(secret)
    }
  })

  it('never throws, whatever the text', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.json().map(encode))
    const dotted = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.'))
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), dotted), (text) => !parseToken(text).ok))
  })

  it('gives no token a second spelling: what still parses after a change decodes to other bytes', () => {
    const alphabet = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n\t.~é']
    const bytesOf = (text: string): string =>
      text
        .split('.')
        .map((part) => String(decodeBase64url(part)))
        .join('.')
    const original = bytesOf(valid)
    fc.assert(
      fc.property(
        fc.nat(valid.length - 1),
        fc.constantFrom(...alphabet),
        fc.constantFrom(0, 1),
        (at, character, removed) => {
          const mutated = valid.slice(0, at) + character + valid.slice(at + removed)
          fc.pre(mutated !== valid)
          return !parseToken(mutated).ok || bytesOf(mutated) !== original
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('treats __proto__ as a claim like any other', () => {
    const text = compact(HEADER, JSON.stringify(serviceAccountClaims(NOW)).replace('{', '{"__proto__":{"admin":true},'))
    const { claims } = parsed(text)
    expect(Object.hasOwn(claims, '__proto__')).toBe(true)
    expect(claims['admin']).toBeUndefined()
  })
})

describe('parseTokenForm()', () => {
  it('reads the claims of a legacy token, which parseToken() refuses for want of exp', () => {
    const text = compact(
      { alg: 'RS256' },
      { iss: 'kubernetes/serviceaccount', 'kubernetes.io/serviceaccount/namespace': 'x' },
    )
    expect(refusalOf(text)).toMatchObject({ code: 'claim_missing', where: 'exp' })
    const form = parseTokenForm(text)
    expect(form.ok && form.value.claims['iss']).toBe('kubernetes/serviceaccount')
  })
})

describe('checkTimes()', () => {
  const token = parsed(valid)
  const SKEW = 30

  it.each([
    ['at its issue', NOW],
    ['as early as the skew allows', NOW - SKEW],
    ['in its last second', NOW + 3599],
    ['in the last second of the skew', NOW + 3600 + SKEW - 1],
  ])('passes a token %s', (_when, now) => {
    expect(checkTimes(token, now, SKEW)).toEqual({ ok: true, value: token })
  })

  it.each<[string, string, number, RefusalCode, string]>([
    ['when the skew runs out', valid, NOW + 3600 + SKEW, 'token_expired', 'expired 30 s ago'],
    ['an hour after', valid, NOW + 7200, 'token_expired', 'expired 60 min ago'],
    ['before nbf', withClaims({ nbf: NOW + 600 }), NOW, 'token_not_yet_valid', 'another 10 min'],
    [
      'issued in the future',
      withClaims({ nbf: undefined, iat: NOW + SKEW + 1 }),
      NOW,
      'token_issued_in_future',
      'issued 31 s in the future',
    ],
  ])('refuses a token %s, and says by how much', (_when, text, now, code, words) => {
    const result = checkTimes(parsed(text), now, SKEW)
    expect(result).toMatchObject({ ok: false, refusal: { code } })
    if (!result.ok) {
      expect(result.refusal.detail.startsWith('JWT verification failed: ')).toBe(true)
      expect(result.refusal.detail).toContain(words)
    }
  })
})
