// What must be true of the gateway's own keys before it serves, and is found by using them.
import { exportJWK, generateKeyPair } from 'jose'
import { describe, expect, it } from 'vitest'
import { SESSION_KID_MAX_LENGTH } from '../../../src/core/limits.ts'
import { readServingSettings } from '../../../src/runtime/settings.ts'
import { findKeyFaults, readSessionKeys } from '../../../src/token/session/session-keys.ts'

type Jwk = Readonly<Record<string, unknown>>

async function makeKey(alg: string, kid: string): Promise<Jwk> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid }
}

/** An RSA key pair by WebCrypto, which makes what jose would not. */
async function makeRsa(modulusLength: number, publicExponent: readonly number[]): Promise<Jwk> {
  const algorithm = {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength,
    publicExponent: Uint8Array.from(publicExponent),
  }
  const { privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { kty, n, e, d, p, q, dp, dq, qi } = await crypto.subtle.exportKey('jwk', privateKey)
  return { kty, n, e, d, p, q, dp, dq, qi, alg: 'RS256', use: 'sig', kid: 'rsa' }
}

function publicOf({ d, p, q, dp, dq, qi, ...members }: Jwk): Jwk {
  return members
}

/** The problems of the text itself, or else what using the keys shows. */
async function faultsOf(...keys: readonly Jwk[]): Promise<readonly string[]> {
  const read = readSessionKeys(JSON.stringify({ keys }))
  return read.ok ? findKeyFaults(read.value) : read.problems
}

const RSA_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi']

describe('the kid of a session key', () => {
  it.each([
    ['at its longest', 'k'.repeat(SESSION_KID_MAX_LENGTH), 0],
    ['over that', 'k'.repeat(SESSION_KID_MAX_LENGTH + 1), 1],
    ['of nothing', '', 1],
    ['with a space', 'a b', 1],
    ['outside ASCII', 'ä', 1],
  ])('%s has %i faults', async (_what, kid, faults) => {
    expect(await faultsOf(await makeKey('ES256', kid))).toHaveLength(faults)
  })
})

describe('session keys whose halves', () => {
  it.each(['ES256', 'EdDSA', 'RS256'])('fit are good: %s', async (alg) => {
    const [first, second] = [await makeKey(alg, 'a'), await makeKey(alg, 'b')]
    expect(await faultsOf(first, second)).toEqual([])
    expect(await faultsOf(first, publicOf(second))).toEqual([])
  })

  it.each(['ES256', 'EdDSA', 'RS256'])('do not fit are found wherever they stand: %s', async (alg) => {
    const [first, second] = [await makeKey(alg, 'a'), await makeKey(alg, 'b')]
    const privateOf = (jwk: Jwk): Jwk =>
      Object.fromEntries(Object.entries(jwk).filter(([name]) => RSA_MEMBERS.includes(name)))
    const mixed = { ...first, ...privateOf(second) }
    for (const [faults, position] of [
      [await faultsOf(mixed), 0],
      [await faultsOf(second, mixed), 1],
    ] as const) {
      expect(faults).toHaveLength(1)
      expect(faults[0]).toContain(`key ${position}:`)
      expect(faults.join()).not.toContain(String(second['d']).slice(0, 16))
    }
  })

  it('are not on the curve, or not of its length, are found', async () => {
    const key = await makeKey('ES256', 'a')
    const twisted = `${String(key['y']).startsWith('A') ? 'B' : 'A'}${String(key['y']).slice(1)}`
    expect(await faultsOf({ ...key, y: twisted })).toHaveLength(1)
    expect(await faultsOf(await makeKey('ES256', 'b'), publicOf({ ...key, y: twisted }))).toHaveLength(1)
    expect(await faultsOf({ ...key, x: 'AAAA' })).toHaveLength(1)
    expect(await faultsOf({ ...key, d: 'AAAA' })).toHaveLength(1)
    expect(await faultsOf({ ...key, key_ops: ['verify'] })).toHaveLength(1)
  })
})

describe('an RSA session key', () => {
  it.each([
    ['with exponent 65537', 2048, [1, 0, 1], 0],
    ['with exponent 3', 2048, [3], 1],
    ['with exponent 17', 2048, [17], 1],
    ['of 2047 bits and less', 1024, [1, 0, 1], 1],
  ] as const)('%s', async (_what, bits, exponent, count) => {
    expect(await faultsOf(await makeRsa(bits, exponent))).toHaveLength(count)
  })

  it('is held to what holds for issuers also where it only verifies', async () => {
    const [good, weak] = [await makeKey('ES256', 'a'), await makeRsa(2048, [3])]
    expect(await faultsOf(good, publicOf(weak))).toHaveLength(1)
  })

  it('with the fingerprint of a faulty generator is refused', async () => {
    // 65537^e modulo the product of small primes is what such a generator leaves; 1 has it, and is odd and of any size.
    const product = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
      .concat([101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167])
      .reduce((all, prime) => all * BigInt(prime), 2n)
    const modulus = product * (2n ** 2048n / product - 1n) + 1n
    const n = Buffer.from(modulus.toString(16).padStart(512, '0'), 'hex').toString('base64url')
    const faults = await faultsOf(await makeKey('ES256', 'a'), {
      kty: 'RSA',
      n,
      e: 'AQAB',
      alg: 'RS256',
      use: 'sig',
      kid: 'r',
    })
    expect(faults).toEqual([expect.stringContaining('ROCA')])
  })
})

describe('readServingSettings()', () => {
  const environment = { TRUST_DOMAIN: 'example.org', ISSUER_URL: 'https://login.example.org' }

  it('names the setting, and lists what is wrong with each key', async () => {
    const [a, b] = [await makeKey('ES256', 'a'), await makeKey('ES256', 'b')]
    const keys = [
      { ...a, d: b['d'] },
      { ...b, d: a['d'] },
    ]
    const read = await readServingSettings(
      { ...environment, SESSION_SIGNING_KEYS: JSON.stringify({ keys }) },
      { canResolve: true },
    )
    const names = read.ok ? [] : read.problems.map((problem) => problem.split(':').slice(0, 2).join(':'))
    expect(names).toEqual(['SESSION_SIGNING_KEYS: key 0', 'SESSION_SIGNING_KEYS: key 1'])
  })

  it('takes keys that sign', async () => {
    const keys = [await makeKey('EdDSA', 'a')]
    const read = await readServingSettings(
      { ...environment, SESSION_SIGNING_KEYS: JSON.stringify({ keys }) },
      { canResolve: true },
    )
    expect(read.ok).toBe(true)
  })
})
