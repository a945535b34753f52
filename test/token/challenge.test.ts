import fc from 'fast-check'
import { CompactEncrypt } from 'jose'
import { describe, expect, it } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../src/core/base64.ts'
import { type Json, parseJson } from '../../src/core/json.ts'
import {
  CHALLENGE_LIFETIME_SECONDS,
  CHALLENGE_MAX_LENGTH,
  SEAL_KEY_MIN_BYTES,
  TOKEN_DEPTH_MAX,
} from '../../src/core/limits.ts'
import { type ChallengeScope, openChallenge, sealChallenge } from '../../src/token/challenge.ts'
import { makeChallengeMessage } from '../../src/token/challenge-message.ts'
import { deriveSaltedKey } from '../../src/token/seal-key.ts'
import { CHALLENGE, NOW_SECONDS, SCOPE, SEAL_KEY, SEALED } from './challenge-sample.ts'

const NOW = NOW_SECONDS
const SEAL = SEAL_KEY
const OTHER = new Uint8Array(SEAL_KEY_MIN_BYTES).fill(2)

async function seal(challenge = CHALLENGE, scope = SCOPE, keys = [SEAL]): Promise<string> {
  const sealed = await sealChallenge(challenge, scope, keys, NOW)
  if (sealed === undefined) throw new Error('too long')
  return sealed
}

/** What was sealed, or the code of the refusal. */
async function open(sealed: string, scope = SCOPE, keys = [SEAL], nowSeconds = NOW): Promise<unknown> {
  const opened = await openChallenge(sealed, scope, keys, nowSeconds)
  return opened.ok ? opened.value : opened.refusal.code
}

function headerOf(sealed: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(decodeBase64url(sealed.split('.')[0] ?? '')))
}

/** Any JSON data that is read again: no `-0`, and no integer that a double cannot hold. */
const json = fc
  .jsonValue({ maxDepth: TOKEN_DEPTH_MAX - 4 })
  .map((value) => JSON.stringify(value))
  .filter((text) => text.length < 600 && parseJson(text, TOKEN_DEPTH_MAX).ok)
  .map((text) => JSON.parse(text) as Json)
const scopes = fc.record({
  type: fc.stringMatching(/^[a-z][a-z0-9_]{0,39}$/),
  role: fc.constantFrom('agent', 'issuer'),
  clusterId: fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/), { nil: undefined }),
  issuerUrl: fc.webUrl(),
})

describe('a challenge', () => {
  it('opens as what was sealed, for the same scope', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record({ id: fc.uuid(), request: json, secret: json }), scopes, async (challenge, scope) => {
        const sealed = await sealChallenge(challenge, scope, [SEAL], NOW)
        if (sealed === undefined) throw new Error('too long')
        expect(await openChallenge(sealed, scope, [SEAL], NOW)).toEqual({ ok: true, value: challenge })
      }),
    )
  })

  it('opens as long as no release changes its form', async () => {
    expect(await open(SEALED)).toEqual(CHALLENGE)
  })

  it('opens for no other scope', async () => {
    await fc.assert(
      fc.asyncProperty(scopes, scopes, async (one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other))
        expect(await open(await seal(CHALLENGE, one), other)).toBe('challenge_mismatch')
      }),
    )
  })

  it.each<[string, Partial<ChallengeScope>]>([
    ['attestor', { type: 'ssh_pop' }],
    ['role', { role: 'issuer' }],
    ['cluster', { clusterId: 'c-2' }],
    ['place', { clusterId: undefined }],
    ['gateway', { issuerUrl: 'https://login.example.org/' }],
  ])('opens for no other %s', async (_what, change) => {
    expect(await open(await seal(), { ...SCOPE, ...change })).toBe('challenge_mismatch')
    expect(await open(await seal(CHALLENGE, { ...SCOPE, ...change }))).toBe('challenge_mismatch')
  })

  it('has one spelling: none of its characters can be another, be left out or be doubled', async () => {
    const sealed = await seal()
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.='
    const changed = [...sealed].flatMap((character, at) => {
      const [before, after] = [sealed.slice(0, at), sealed.slice(at + 1)]
      const next = (step: number) => alphabet[(alphabet.indexOf(character) + step) % alphabet.length] ?? ''
      return ['', character + character, next(1), next(2), next(16), next(33)]
        .map((other) => before + other + after)
        .filter((text) => text !== sealed)
    })
    expect(changed.length).toBeGreaterThan(2_000)
    const codes = await Promise.all(changed.map((text) => open(text)))
    expect(changed.filter((_, at) => codes[at] !== 'challenge_malformed')).toEqual([])
  })

  // The last one has the header `null`.
  it.each(['', '.', '....', 'a.b.c.d.e', '....'.repeat(50), 'é', '\u0000', 'bnVsbA.AA.AA.AA.AA'])(
    'is not %j',
    async (text) => {
      expect(await open(text)).toBe('challenge_malformed')
    },
  )

  it('is not what any text is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect(await open(text)).toBe('challenge_malformed')
      }),
    )
  })

  it('is good for its lifetime, and not a second longer', async () => {
    const sealed = await seal()
    expect(CHALLENGE_LIFETIME_SECONDS).toBe(60)
    const last = NOW + CHALLENGE_LIFETIME_SECONDS - 1
    expect(await open(sealed, SCOPE, [SEAL], last)).toEqual(CHALLENGE)
    expect(await open(sealed, SCOPE, [SEAL], last + 1)).toBe('challenge_expired')
  })

  it('is as long as it may be, and no longer', async () => {
    const sealOf = (length: number) => sealChallenge({ ...CHALLENGE, secret: 'x'.repeat(length) }, SCOPE, [SEAL], NOW)
    let length = 2_000
    while ((await sealOf(length + 1)) !== undefined) length++
    const longest = await sealOf(length)
    expect(longest?.length).toBeGreaterThan(CHALLENGE_MAX_LENGTH - 4)
    expect(longest?.length).toBeLessThanOrEqual(CHALLENGE_MAX_LENGTH)
    expect(await open(longest ?? '')).toEqual({ ...CHALLENGE, secret: 'x'.repeat(length) })
  })

  it('that is longer is not even looked at', async () => {
    const { kid, salt } = headerOf(await seal())
    const longer = (bytes: number) => forge({ ...PAYLOAD, secret: 'x'.repeat(bytes) }, { kid, salt })
    const [short, long] = await Promise.all([longer(2_000), longer(3_000)])
    expect([short.length <= CHALLENGE_MAX_LENGTH, long.length <= CHALLENGE_MAX_LENGTH]).toEqual([true, false])
    expect(await open(short)).toMatchObject({ id: CHALLENGE.id })
    expect(await open(long)).toBe('challenge_malformed')
  })

  it('is another one each time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => seal()))
    const parts = all.map((text) => text.split('.'))
    for (const at of [0, 2, 3, 4]) expect(new Set(parts.map((one) => one[at])).size).toBe(20)
  })

  it('shows nothing of what it seals', async () => {
    const sealed = await seal()
    expect(headerOf(sealed)).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      typ: 'postern-challenge+jwe',
      kid: expect.stringMatching(/^[\w-]{16}$/),
      salt: expect.stringMatching(/^[\w-]{22}$/),
    })
    const text = sealed.split('.').map((part) => new TextDecoder('latin1').decode(decodeBase64url(part)))
    expect(text.join()).not.toMatch(/key_proof|c-1|login\.example|01a21644/)
  })
})

describe('the key of a challenge', () => {
  it('is made of the first seal key, and any of them opens', async () => {
    const old = await seal(CHALLENGE, SCOPE, [OTHER])
    expect(await open(old, SCOPE, [SEAL, OTHER])).toEqual(CHALLENGE)
    expect(await open(await seal(CHALLENGE, SCOPE, [SEAL, OTHER]), SCOPE, [SEAL])).toEqual(CHALLENGE)
    expect(await open(await seal(CHALLENGE, SCOPE, [SEAL, OTHER]), SCOPE, [OTHER])).toBe('challenge_malformed')
  })

  it('is not one of other seal keys, or of none', async () => {
    expect(await open(await seal(), SCOPE, [OTHER])).toBe('challenge_malformed')
    expect(await open(await seal(), SCOPE, [])).toBe('challenge_malformed')
    await expect(sealChallenge(CHALLENGE, SCOPE, [], NOW)).rejects.toThrow()
  })

  it('is not one that was made for another use, or with another salt', async () => {
    const { kid, salt } = headerOf(await seal())
    expect(await open(await forge(PAYLOAD, { kid, salt }))).toMatchObject({ id: CHALLENGE.id })
    expect(await open(await forge(PAYLOAD, { kid, salt }, 'postern-applied/2'))).toBe('challenge_malformed')
    const other = encodeBase64url(new Uint8Array(16).fill(9))
    const [header = '', ...rest] = (await forge(PAYLOAD, { kid, salt })).split('.')
    const moved = { ...JSON.parse(new TextDecoder().decode(decodeBase64url(header))), salt: other }
    const text = [encodeBase64url(new TextEncoder().encode(JSON.stringify(moved))), ...rest].join('.')
    expect(await open(text)).toBe('challenge_malformed')
  })
})

describe('what is sealed by the right key', () => {
  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['no id', { id: undefined }],
    ['an id that is none', { id: 1 }],
    ['no end', { exp: undefined }],
    ['an end that is none', { exp: '1800000060' }],
    ['no request', { request: undefined }],
    ['no secret', { secret: undefined }],
  ])('is refused with %s', async (_what, change) => {
    const { kid, salt } = headerOf(await seal())
    expect(await open(await forge({ ...PAYLOAD, ...change }, { kid, salt }))).toBe('challenge_malformed')
  })

  it.each<[string, Readonly<Record<string, unknown>>]>([
    ['another type', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['a member more', { cty: 'JWT' }],
    ['a salt that is too short', { salt: 'AAAA' }],
    ['a key that it does not name', { kid: 'AAAAAAAAAAAAAAAA' }],
  ])('is refused with %s in its header', async (_what, change) => {
    const { kid, salt } = headerOf(await seal())
    expect(await open(await forge(PAYLOAD, { kid, salt, ...change }))).toBe('challenge_malformed')
  })

  it('is refused if it is no JSON, or a list', async () => {
    const { kid, salt } = headerOf(await seal())
    expect(await open(await forge([PAYLOAD], { kid, salt }))).toBe('challenge_malformed')
    expect(await open(await forge('{"a":1,"a":2}', { kid, salt }))).toBe('challenge_malformed')
  })
})

describe('makeChallengeMessage()', () => {
  it('has a line for each thing that an agent knows by itself, and the challenge', () => {
    expect(makeChallengeMessage('sealed', SCOPE)).toBe('postern-login/1\nhttps://login.example.org\nagent\nc-1\nsealed')
    expect(makeChallengeMessage('sealed', { ...SCOPE, role: 'issuer', clusterId: undefined })).toBe(
      'postern-login/1\nhttps://login.example.org\nissuer\n\nsealed',
    )
  })
})

const PAYLOAD = {
  id: CHALLENGE.id,
  type: SCOPE.type,
  role: SCOPE.role,
  clusterId: 'c-1',
  iss: SCOPE.issuerUrl,
  request: {},
  secret: 's',
  exp: NOW + 60,
}

/** A challenge as somebody would make it who has the seal key: by `info`, with any header. */
async function forge(payload: unknown, header: object, info = 'postern-challenge/1'): Promise<string> {
  const made = { alg: 'dir', enc: 'A256GCM', typ: 'postern-challenge+jwe', ...header } as {
    readonly alg: string
    readonly enc: string
    readonly salt?: string
  }
  const { key } = await deriveSaltedKey(SEAL, info, decodeBase64url(made.salt ?? '') ?? new Uint8Array())
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const kept = Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined))
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader(kept as { alg: string; enc: string })
    .encrypt(key)
}
