// Keys that are pasted in place of a fetch: what is one is used, and what is not is named.
import { beforeAll, describe, expect, it } from 'vitest'
import { KEY_SET_MAX_BYTES } from '../../src/core/limits.ts'
import { readGivenKeys } from '../../src/explain/read-given-keys.ts'
import { createSigningKey } from '../token/issuer.ts'

let jwk: object
let other: object
let pem: string
beforeAll(async () => {
  const key = await createSigningKey('a')
  jwk = key.publicJwk
  other = (await createSigningKey('b')).publicJwk
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const imported = await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['verify'])
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', imported)).toString('base64')
  pem = `-----BEGIN PUBLIC KEY-----\n${spki.replace(/.{64}/g, '$&\n').trim()}\n-----END PUBLIC KEY-----\n`
})

const block = (label: string) => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`

describe('readGivenKeys()', () => {
  it('has nothing to say of nothing', () => expect(readGivenKeys(' \n')).toBeUndefined())

  it.each<[string, () => string, number]>([
    ['a key set', () => JSON.stringify({ keys: [jwk, other] }), 2],
    ['an array of key sets', () => JSON.stringify([{ keys: [jwk] }, { keys: [other] }]), 2],
    ['one key', () => JSON.stringify(jwk), 1],
    ['an array of keys', () => JSON.stringify([jwk, other]), 2],
  ])('reads %s', (_name, make, count) => {
    expect(readGivenKeys(make())).toMatchObject({ named: { count }, faults: [] })
  })

  it('reads PEM, whose keys have no names', () => {
    expect(readGivenKeys(pem)).toMatchObject({ nameless: { count: 1, isNameless: true }, faults: [] })
  })

  it.each<[string, () => string]>([
    ['text', () => 'keys'],
    ['a discovery document', () => '{"jwks_uri":"https://x.example"}'],
    ['an object of another kind', () => '{"key":1}'],
    ['a list of other things', () => '[1]'],
    ['a private key', () => block('PRIVATE KEY')],
    ['a certificate', () => block('CERTIFICATE')],
    ['PEM that is cut', () => pem.slice(0, 60)],
  ])('names a fault of %s, and has no keys of it', (_name, make) => {
    const read = readGivenKeys(make())
    expect(read?.faults).toHaveLength(1)
    expect(read).not.toHaveProperty('named')
    expect(read).not.toHaveProperty('nameless')
  })

  it('names the keys of a set that are not used, and keeps the others', () => {
    const read = readGivenKeys(JSON.stringify({ keys: [jwk, { kty: 'oct', k: 'secret', kid: 'weak' }] }))
    expect(read).toMatchObject({ named: { count: 1 }, faults: [expect.stringContaining('weak')] })
    expect(read?.faults.join()).not.toContain('secret')
  })

  it('keeps a set without a usable key: nothing verifies by it', () => {
    expect(readGivenKeys('{"keys":[]}')).toMatchObject({ named: { count: 0 }, faults: [expect.any(String)] })
  })

  it('takes as many characters as the limit, and no more', () => {
    const padded = (length: number) => {
      const text = JSON.stringify({ keys: [jwk], pad: '' })
      return text.replace('"pad":""', `"pad":"${'x'.repeat(length - text.length)}"`)
    }
    expect(readGivenKeys(padded(4 * KEY_SET_MAX_BYTES))).toMatchObject({ named: { count: 1 } })
    expect(readGivenKeys(padded(4 * KEY_SET_MAX_BYTES + 1))).not.toHaveProperty('named')
  })
})
