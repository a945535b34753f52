import { generateKeyPairSync } from 'node:crypto'
import process from 'node:process'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { encodeBase64url } from '../../../src/core/base64.ts'
import { KEY_SET_MAX_BYTES, KEY_SET_UNNAMED_SKIPPED_MAX, KID_MAX_BYTES } from '../../../src/core/limits.ts'
import { type KeySelection, type KeySet, readKeySet, selectKey } from '../../../src/token/keys/key-set.ts'
import { type ParsedToken, parseToken } from '../../../src/token/parse.ts'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../issuer.ts'

let ec: SigningKey
let otherEc: SigningKey
let rsa: SigningKey
let ed: SigningKey

beforeAll(async () => {
  ;[ec, otherEc, rsa, ed] = await Promise.all([
    createSigningKey('ec-1'),
    createSigningKey('ec-2'),
    createSigningKey('rsa-1', 'RS256'),
    createSigningKey('ed-1', 'EdDSA'),
  ])
})

function read(keys: readonly unknown[]): KeySet {
  const set = readKeySet({ keys })
  if (set === undefined) throw new Error('not read as a key set')
  return set
}

/** An RSA key of so many bits that nobody has the factors of: enough for what is judged before any import. */
function rsaOf(bits: number, change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff)
  bytes[0] = 0xff >> (bytes.length * 8 - bits)
  return { kty: 'RSA', kid: 'weak', n: encodeBase64url(bytes), e: 'AQAB', ...change }
}

/** A modulus as the faulty chip makes it: a power of 65537 modulo the product of the small primes. */
function rocaModulus(): string {
  const isPrime = (n: number): boolean => Array.from({ length: n - 2 }, (_, index) => index + 2).every((d) => n % d > 0)
  const primes = Array.from({ length: 165 }, (_, index) => index + 3).filter(isPrime)
  const product = primes.reduce((value, prime) => value * BigInt(prime), 1n)
  const start = ((1n << 2047n) / product + 1n) * product + (65537n ** 7n % product)
  const modulus = start % 2n === 0n ? start + product : start
  return Buffer.from(modulus.toString(16), 'hex').toString('base64url')
}

/** Base64url of 32 bytes that differ by `n`. */
function xOf(n: number): string {
  return encodeBase64url(
    Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? n >> 8 : index === 1 ? n & 0xff : 7)),
  )
}

async function tokenOf(key: SigningKey, header: Readonly<Record<string, unknown>> = {}): Promise<ParsedToken> {
  const result = parseToken(await signClaims(key, serviceAccountClaims(1_760_000_000), header))
  if (!result.ok) throw new Error(result.refusal.detail)
  return result.value
}

function kindOf(selection: KeySelection): string {
  return selection.kind === 'unusable' ? `unusable: ${selection.reason}` : selection.kind
}

describe('readKeySet()', () => {
  it('reads the keys of every accepted type', () => {
    const set = read([ec.publicJwk, rsa.publicJwk, ed.publicJwk])
    expect(set.keys.map((key) => [key.kid, key.algorithms])).toEqual([
      ['ec-1', ['ES256']],
      ['rsa-1', ['RS256']],
      ['ed-1', ['EdDSA']],
    ])
    expect(set.skipped).toEqual([])
  })

  it.each([
    undefined,
    null,
    'keys',
    1,
    [],
    {},
    { keys: null },
    { keys: {} },
    { keys: 'x' },
    Object.create({ keys: [] }),
  ])('reads no set from %j', (json) => expect(readKeySet(json)).toBeUndefined())

  it('reads an empty set as one, since an issuer may withdraw every key', () => {
    expect(read([])).toMatchObject({ count: 0, skipped: [] })
  })

  it.each<[string, () => unknown, string]>([
    ['null', () => null, 'not an object'],
    ['a text', () => 'key', 'not an object'],
    ['a list', () => [], 'not an object'],
    ['an ML-DSA key', () => ({ kty: 'AKP', alg: 'ML-DSA-65', kid: 'pq', pub: 'AAAA' }), 'key type is unknown'],
    ['a key without a type', () => ({ kid: 'x' }), 'key type is unknown'],
    ['a type named like a member of every object', () => ({ kty: 'constructor' }), 'key type is unknown'],
    ['a symmetric key', () => ({ kty: 'oct', k: 'AAAA' }), 'symmetric'],
    ['RSA of 512 bits', () => rsaOf(512), 'RSA modulus of 512 bits'],
    ['RSA of 2047 bits', () => rsaOf(2047), 'RSA modulus of 2047 bits'],
    ['RSA of 8193 bits', () => rsaOf(8193), 'RSA modulus of 8193 bits'],
    ['RSA of 16384 bits', () => rsaOf(16384), 'RSA modulus of 16384 bits'],
    ['RSA exponent 1', () => rsaOf(2048, { e: 'AQ' }), 'RSA exponent 1;'],
    ['RSA exponent 3', () => rsaOf(2048, { e: 'Aw' }), 'RSA exponent 3;'],
    ['RSA exponent 2', () => rsaOf(2048, { e: 'Ag' }), 'RSA exponent 2;'],
    ['a long RSA exponent', () => rsaOf(2048, { e: 'AAAA' }), 'begins with a zero byte'],
    ['an RSA exponent of 48 bits', () => rsaOf(2048, { e: '____AQAB' }), 'over 32 bits'],
    [
      'an RSA exponent with a leading zero',
      () => rsaOf(2048, { e: 'AAEAAQ' }),
      '"e" begins with a zero byte, which RFC 7518 section 6.3.1.2 forbids',
    ],
    ['an even RSA modulus', () => rsaOf(2048, { n: encodeBase64url(new Uint8Array(256).fill(0xfe)) }), 'even'],
    ['an RSA modulus with the ROCA fingerprint', () => rsaOf(2048, { n: rocaModulus() }), 'ROCA'],
    ['an RSA modulus with padding', () => rsaOf(2048, { n: `${rsaOf(2048)['n']}=` }), 'not a canonical'],
    [
      'an RSA modulus with a leading zero',
      () => rsaOf(2048, { n: encodeBase64url(new Uint8Array(257)) }),
      '"n" begins with a zero byte, which RFC 7518 section 6.3.1.1 forbids',
    ],
    ['an RSA key without a modulus', () => ({ kty: 'RSA', e: 'AQAB' }), 'not a canonical'],
    ['a private member', () => ({ ...ec.publicJwk, d: 'AAAA' }), 'private members'],
    ['an RSA key with a prime', () => rsaOf(2048, { p: 'AAAA' }), 'private members'],
    ['use enc', () => ({ ...ec.publicJwk, use: 'enc' }), 'use is not'],
    ['use jwt-svid', () => ({ ...ec.publicJwk, use: 'jwt-svid' }), 'use is not'],
    ['use null', () => ({ ...ec.publicJwk, use: null }), 'use is not'],
    ['key_ops without verify', () => ({ ...ec.publicJwk, key_ops: ['encrypt'] }), 'key_ops'],
    ['key_ops that is a text', () => ({ ...ec.publicJwk, key_ops: 'verify' }), 'key_ops'],
    ['an alg of another type', () => ({ ...ec.publicJwk, alg: 'RS256' }), 'alg is not'],
    ['an alg of another curve', () => ({ ...ec.publicJwk, alg: 'ES384' }), 'alg is not'],
    ['an encryption alg', () => rsaOf(2048, { alg: 'RSA-OAEP' }), 'alg is not'],
    ['HS256 on an RSA key', () => rsaOf(2048, { alg: 'HS256' }), 'alg is not'],
    ['an unknown curve', () => ({ ...ec.publicJwk, crv: 'secp256k1', alg: undefined }), 'curve is unknown'],
    ['a curve of another type', () => ({ ...ec.publicJwk, crv: 'Ed25519' }), 'curve is unknown'],
    ['Ed448', () => ({ ...ed.publicJwk, crv: 'Ed448' }), 'curve is unknown'],
    ['a short coordinate', () => ({ ...ec.publicJwk, x: 'AAAA' }), '"x" is not 32 bytes'],
    ['a coordinate with padding', () => ({ ...ec.publicJwk, y: `${ec.publicJwk.y}=` }), '"y" is not 32 bytes'],
    ['a numeric kid', () => ({ ...ec.publicJwk, kid: 1 }), 'kid is not'],
    ['a kid over the longest', () => ({ ...ec.publicJwk, kid: 'k'.repeat(KID_MAX_BYTES + 1) }), 'kid is not 1 to 1024'],
    ['a kid outside ASCII', () => ({ ...ec.publicJwk, kid: 'clé' }), 'kid is not 1 to 1024'],
    ['a kid with a line end', () => ({ ...ec.publicJwk, kid: 'a\nb' }), 'kid is not'],
  ])('skips %s, and keeps the rest of the set', (_what, entry, reason) => {
    const set = read([entry(), ed.publicJwk])
    expect(set.keys.map((key) => key.kid)).toEqual(['ed-1'])
    expect(set.skipped).toHaveLength(1)
    expect(set.skipped[0]).toMatchObject({ index: 0 })
    expect(set.skipped[0]?.reason).toContain(reason)
  })

  it.each([2048, 4096, 8192])('keeps RSA of %d bits', (bits) => {
    expect(read([rsaOf(bits)]).count).toBe(1)
  })

  it('lets an RSA key without alg serve every RSA algorithm, and one with alg that alone', () => {
    expect(read([rsaOf(2048)]).keys[0]?.algorithms).toEqual(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])
    expect(read([rsaOf(2048, { alg: 'PS384' })]).keys[0]?.algorithms).toEqual(['PS384'])
  })

  it('reads every key of a set, however many there are', () => {
    const keys = Array.from({ length: 1_600 }, (_, index) => ({ ...ec.publicJwk, kid: `k${index}` }))
    expect(read(keys)).toMatchObject({ count: 1_600, skipped: [] })
  })

  it('keeps the reasons of so many entries without a kid, and counts the others', () => {
    const bad = Array.from({ length: KEY_SET_UNNAMED_SKIPPED_MAX }, () => null)
    expect(read([...bad, ec.publicJwk]).skipped).toHaveLength(KEY_SET_UNNAMED_SKIPPED_MAX)
    const over = read([...bad, null, { kid: 'named' }, null, ec.publicJwk])
    expect(over.count).toBe(1)
    expect(over.skipped).toHaveLength(KEY_SET_UNNAMED_SKIPPED_MAX + 2)
    expect(over.skipped.at(-1)).toMatchObject({ index: KEY_SET_UNNAMED_SKIPPED_MAX + 1, kid: 'named' })
    expect(over.skipped.at(-2)).toEqual({
      index: KEY_SET_UNNAMED_SKIPPED_MAX,
      reason: expect.stringContaining('2 entries'),
    })
  })

  it('reads the largest sets in a time that nobody notices', () => {
    const filled = (entry: unknown): unknown[] =>
      Array.from({ length: Math.floor(KEY_SET_MAX_BYTES / (JSON.stringify(entry).length + 1)) }, () => entry)
    const sets = [[null], [{ kid: 'k' }], [{ ...ed.publicJwk, kid: 'k' }], [{ kty: 'RSA', kid: 'k' }]].map(([entry]) =>
      filled(entry),
    )
    sets.push(Array.from({ length: 1_600 }, (_, n) => ({ kty: 'OKP', crv: 'Ed25519', kid: 'k', x: xOf(n) })))
    for (const keys of sets) {
      const start = process.cpuUsage()
      read(keys)
      const { user, system } = process.cpuUsage(start)
      expect(user + system).toBeLessThan(400_000)
    }
  })

  it('uses neither of two different keys with one kid', () => {
    const set = read([{ ...ec.publicJwk, kid: 'same' }, { ...otherEc.publicJwk, kid: 'same' }, ed.publicJwk])
    expect(set.keys.map((key) => key.kid)).toEqual(['ed-1'])
    expect(set.skipped.map((key) => key.index)).toEqual([0, 1])
  })

  it('reads the same key listed twice once', () => {
    const set = read([ec.publicJwk, ec.publicJwk])
    expect(set.count).toBe(1)
    expect(set.skipped).toMatchObject([{ index: 1, kid: 'ec-1' }])
  })

  it('reads one key that is listed for two algorithms as a key for both', async () => {
    const { publicJwk } = await createSigningKey('same', 'RS256')
    const set = read([
      { ...publicJwk, alg: 'RS256' },
      { ...publicJwk, alg: 'PS256' },
    ])
    expect(set.keys.flatMap((key) => key.algorithms)).toEqual(['RS256', 'PS256'])
    expect(set.skipped).toEqual([])
  })

  it('takes from a kid only the algorithms that its keys contend for', async () => {
    const other = await createSigningKey('rsa-1', 'RS256')
    const { alg: _, ...bare } = rsa.publicJwk
    const set = read([bare, other.publicJwk])
    expect(set.keys.map((key) => key.algorithms)).toEqual([['RS384', 'RS512', 'PS256', 'PS384', 'PS512']])
    expect(kindOf(selectKey(set, await tokenOf(rsa)))).toContain('unusable: for RS256 another key has the same kid')
    expect(kindOf(selectKey(set, await tokenOf(other)))).toContain('unusable: for RS256 another key has the same kid')
  })

  it('adds nothing by the same key listed for an algorithm that it has', () => {
    const { alg: _, ...bare } = rsa.publicJwk
    const set = read([bare, rsa.publicJwk])
    expect(set.count).toBe(1)
    expect(set.skipped).toMatchObject([{ index: 1, reason: 'the same key is listed before it' }])
  })

  it('lets keys that no algorithm shares have one kid', () => {
    expect(
      read([
        { ...ec.publicJwk, kid: 'same' },
        { ...ed.publicJwk, kid: 'same' },
      ]).count,
    ).toBe(2)
  })

  it('takes nothing from a prototype', () => {
    const inherited = Object.assign(Object.create({ use: 'enc', d: 'AAAA' }), ec.publicJwk)
    expect(read([inherited]).count).toBe(1)
  })

  it('never throws, and accounts for every entry', () => {
    const member = fc.constantFrom('kty', 'kid', 'alg', 'use', 'key_ops', 'crv', 'x', 'y', 'n', 'e', 'd', '__proto__')
    const value = fc.oneof(fc.constantFrom('RSA', 'EC', 'OKP', 'AQAB', 'P-256', 'sig', 'ES256'), fc.jsonValue())
    const entry = fc.oneof(fc.dictionary(member, value), fc.jsonValue())
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 8 }), (keys) => {
        const set = read(keys)
        return set.count + set.skipped.length === keys.length
      }),
    )
  })
})

describe('selectKey()', () => {
  it('takes the key that kid names, and no other', async () => {
    const set = read([otherEc.publicJwk, ec.publicJwk])
    const selection = selectKey(set, await tokenOf(ec))
    expect(selection.kind === 'found' && selection.key.kid).toBe('ec-1')
    expect(kindOf(selectKey(set, await tokenOf(ec, { kid: 'ec-3' })))).toBe('unknown')
  })

  it('does not take a key without kid for a token with one', async () => {
    expect(kindOf(selectKey(read([{ ...ec.publicJwk, kid: undefined }]), await tokenOf(ec)))).toBe('unknown')
  })

  it('takes the only key that fits a token without kid', async () => {
    const selection = selectKey(read([rsa.publicJwk, ec.publicJwk]), await tokenOf(ec, { kid: undefined }))
    expect(selection.kind === 'found' && selection.key.kid).toBe('ec-1')
  })

  it('takes the key that kid names from the end of a long list', async () => {
    const others = Array.from({ length: 120 }, (_, n) => ({ ...otherEc.publicJwk, kid: `k${n}` }))
    const selection = selectKey(read([...others, ec.publicJwk]), await tokenOf(ec))
    expect(selection.kind === 'found' && selection.key.kid).toBe('ec-1')
    expect(kindOf(selectKey(read([...others, { ...ec.publicJwk, use: 'enc' }]), await tokenOf(ec)))).toBe(
      'unusable: its use is not "sig"',
    )
  })

  it('takes a key whose kid is as long as Kubernetes allows', async () => {
    const kid = '~'.repeat(1024)
    const selection = selectKey(read([{ ...ec.publicJwk, kid }]), await tokenOf(ec, { kid }))
    expect(selection.kind === 'found' && selection.key.kid).toBe(kid)
  })

  it('takes none of two that fit a token without kid', async () => {
    expect(kindOf(selectKey(read([otherEc.publicJwk, ec.publicJwk]), await tokenOf(ec, { kid: undefined })))).toBe(
      'ambiguous',
    )
  })

  it('finds nothing for a token without kid that no key fits', async () => {
    expect(kindOf(selectKey(read([rsa.publicJwk]), await tokenOf(ec, { kid: undefined })))).toBe('unknown')
  })

  it('says of a skipped key why it was skipped', async () => {
    const { n, e } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' })
    const set = read([{ kty: 'RSA', kid: 'ec-1', n, e }, rsaOf(2048, { e: 'AQ', kid: 'e1' })])
    expect(kindOf(selectKey(set, await tokenOf(ec)))).toContain('unusable: RSA modulus of 1024 bits')
    expect(kindOf(selectKey(set, await tokenOf(rsa, { kid: 'e1' })))).toContain('unusable: RSA exponent 1;')
  })

  it('does not use a key with an algorithm that it is not for', async () => {
    const set = read([{ ...rsa.publicJwk, kid: 'ec-1' }])
    expect(kindOf(selectKey(set, await tokenOf(ec)))).toBe('unusable: the key is not for ES256')
  })
})
