import { beforeAll, describe, expect, it } from 'vitest'
import { findAnchor, listAnchors } from '../../../src/token/keys/anchor.ts'
import { readKeySet } from '../../../src/token/keys/key-set.ts'
import type { KeySourceSpec } from '../../../src/token/keys/key-source-spec.ts'
import { readPublicKey } from '../../../src/token/keys/public-key.ts'
import { createSigningKey, type SigningKey } from '../issuer.ts'

let key: SigningKey
let spare: SigningKey
beforeAll(async () => {
  ;[key, spare] = await Promise.all([createSigningKey('k'), createSigningKey('s')])
})

function inline(keys: readonly unknown[], digest = 'sha256:0'): KeySourceSpec {
  const set = readKeySet({ keys })
  if (set === undefined) throw new Error('not a key set')
  return { kind: 'inline', digest, keys: set }
}

function publicKey(jwk: unknown) {
  const read = readPublicKey(jwk)
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

describe('the thumbprint of a key', () => {
  it.each<[string, object, string]>([
    [
      'RSA, RFC 7638 section 3.1',
      {
        kty: 'RSA',
        n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
        e: 'AQAB',
        alg: 'RS256',
        kid: '2011-04-29',
      },
      'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs',
    ],
    [
      'Ed25519, RFC 8037 appendix A.3',
      { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    ],
  ])('is that of the standard: %s', async (_what, jwk, expected) => {
    const { thumbprint } = publicKey(jwk)
    expect([await thumbprint(), await thumbprint()]).toEqual([expected, expected])
  })
})

describe('anchors', () => {
  const spec: Record<string, KeySourceSpec> = {
    discovery: { kind: 'discovery', issuer: 'https://a.example' },
    'another issuer': { kind: 'discovery', issuer: 'https://a.example/' },
    'more origins': { kind: 'discovery', issuer: 'https://a.example', jwksOrigins: ['https://b.example'] },
    'a URL': { kind: 'jwks_uri', url: 'https://a.example' },
    'another URL': { kind: 'jwks_uri', url: 'https://a.example/' },
  }

  it('of fetched keys name the place, and every place differently', async () => {
    const names = await Promise.all(Object.values(spec).map((one) => findAnchor(one, publicKey(key.publicJwk))))
    expect(new Set(names).size).toBe(names.length)
    for (const [at, one] of Object.values(spec).entries()) {
      expect(await listAnchors({ ...one })).toEqual([names[at]])
      // Whichever of its keys signs: they change by themselves.
      expect(await findAnchor(one, publicKey(spare.publicJwk))).toBe(names[at])
    }
  })

  it('of inline keys name the key, in whatever document it stands', async () => {
    const set = inline([key.publicJwk, spare.publicJwk])
    const name = await findAnchor(set, publicKey(key.publicJwk))
    expect(name).toBe(await publicKey(key.publicJwk).thumbprint())
    expect(await listAnchors(set)).toContain(name)
    expect(await listAnchors(set)).toEqual(await listAnchors(inline([spare.publicJwk, key.publicJwk], 'y')))
    expect(await listAnchors(inline([spare.publicJwk]))).not.toContain(name)
  })

  it('leave out a key that the set does not use', async () => {
    const rival = { ...spare.publicJwk, kid: key.kid }
    expect(await listAnchors(inline([key.publicJwk, rival]))).toEqual([])
  })
})
