// Public keys in PEM: those that Node and openssl write are read, each byte of them matters, and nothing makes the reader
// throw.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPemKey } from '../../../src/token/keys/pem-key.ts'

const KEYS: Readonly<Record<string, KeyObject>> = {
  'RSA 1024': generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  'RSA 2048': generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
  'RSA 2055, whose modulus has a short first byte': generateKeyPairSync('rsa', { modulusLength: 2055 }).publicKey,
  'RSA of exponent 3': generateKeyPairSync('rsa', { modulusLength: 1024, publicExponent: 3 }).publicKey,
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
  Ed25519: generateKeyPairSync('ed25519').publicKey,
}
const OTHERS: Readonly<Record<string, KeyObject>> = {
  X25519: generateKeyPairSync('x25519').publicKey,
  Ed448: generateKeyPairSync('ed448').publicKey,
  secp256k1: generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey,
  'RSA-PSS': generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).publicKey,
  DSA: generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).publicKey,
}
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString()
const derOf = (key: KeyObject): Buffer => key.export({ type: 'spki', format: 'der' })
const wrap = (der: Uint8Array): string =>
  `-----BEGIN PUBLIC KEY-----\n${Buffer.from(der).toString('base64')}\n-----END PUBLIC KEY-----\n`

describe('readPemKey()', () => {
  it.each(Object.entries(KEYS))('reads %s as Node does', (_name, key) => {
    expect(readPemKey(pemOf(key))).toEqual({ jwk: key.export({ format: 'jwk' }) })
    expect(readPemKey(`\n  ${pemOf(key).replaceAll('\n', '\r\n')}\n`)).toEqual({ jwk: key.export({ format: 'jwk' }) })
  })

  it.each(Object.entries(OTHERS))('reads no %s', (_name, key) => {
    expect(readPemKey(pemOf(key))).toEqual({ fault: 'its type is not RSA, P-256, P-384, P-521 or Ed25519' })
  })

  it.each<[string, (pem: string) => string]>([
    [
      'a private key',
      () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['PKCS#1', () => (KEYS['RSA 2048'] as KeyObject).export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['two keys', (pem) => pem + pem],
    ['text before it', (pem) => `key:\n${pem}`],
    ['text after it', (pem) => `${pem}more`],
    ['another first line', (pem) => pem.replace('BEGIN PUBLIC KEY', 'BEGIN CERTIFICATE')],
    ['another last line', (pem) => pem.replace('END PUBLIC KEY', 'END CERTIFICATE')],
    ['no last line', (pem) => pem.replace(/-----END.*/, '')],
    ['a header line within', (pem) => pem.replace('KEY-----\n', 'KEY-----\nProc-Type: 4\n')],
    ['base64url', (pem) => pem.replace(/\n(.)/, '\n-')],
    ['nothing within', () => '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----'],
    ['nothing', () => ''],
  ])('refuses %s', (_what, change) => {
    expect(readPemKey(change(pemOf(KEYS['P-256'] as KeyObject)))).toEqual({ fault: expect.any(String) })
  })

  it.each(Object.entries(KEYS))(
    '%s: refuses every truncation, every byte more, and no change reads as the same key',
    (_name, key) => {
      const der = derOf(key)
      const original = JSON.stringify(readPemKey(wrap(der)))
      for (let length = 0; length < der.length; length++)
        expect(readPemKey(wrap(der.subarray(0, length)))).toEqual({ fault: expect.any(String) })
      expect(readPemKey(wrap(Buffer.concat([der, Buffer.of(0)])))).toEqual({ fault: expect.any(String) })
      for (let at = 0; at < der.length; at++) {
        const changed = Buffer.from(der)
        changed[at] = (changed[at] ?? 0) ^ 0x01
        const read = readPemKey(wrap(changed))
        expect(JSON.stringify(read)).not.toBe(original)
        // What is read, and read by Node as well, is read alike: no bytes mean two keys.
        const other = tryNode(changed)
        if ('jwk' in read && other !== undefined) expect(read.jwk).toEqual(other)
      }
    },
  )

  it('refuses lengths that are not minimal, which Node takes', () => {
    const der = derOf(KEYS['Ed25519'] as KeyObject)
    const long = Buffer.concat([Buffer.of(0x30, 0x81, der.length - 2), der.subarray(2)])
    expect(readPemKey(wrap(long))).toEqual({ fault: expect.any(String) })
  })

  it('throws for no text and no bytes', () => {
    fc.assert(fc.property(fc.string(), (text) => void readPemKey(text)))
    fc.assert(fc.property(fc.uint8Array({ maxLength: 128 }), (bytes) => void readPemKey(wrap(bytes))))
  })
})

/** One element of DER, in its shortest form. */
function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const { length } = content
  const long = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...(length < 0x80 ? [length] : long)), content])
}

const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const spki = (oid: string, key: Uint8Array, ...more: readonly Uint8Array[]): Buffer =>
  tlv(0x30, tlv(0x30, hex(oid)), tlv(0x03, Buffer.of(0), key), ...more)
const rsa = (modulus: Uint8Array): Buffer =>
  spki('06092a864886f70d0101010500', tlv(0x30, tlv(0x02, modulus), tlv(0x02, hex('010001'))))
const positive = (bytes: number): Buffer => Buffer.alloc(bytes, 0x7f)
const ED25519 = '06032b6570'
const P256 = '06072a8648ce3d020106082a8648ce3d030107'

describe('the bytes of a key', () => {
  // What follows the length of the whole is 128 bytes long, and 256.
  const of128 = rsa(positive(101))
  const of256 = rsa(positive(226))

  it.each<[string, Buffer]>([
    ['32 of Ed25519', spki(ED25519, positive(32))],
    ['a point of P-256', spki(P256, Buffer.concat([Buffer.of(4), positive(64)]))],
    ['a modulus that needs its zero byte', rsa(hex('0080'))],
    ['a modulus that needs none', rsa(hex('7f'))],
    ['a modulus of 128 bytes', rsa(positive(128))],
    ['a modulus of 256 bytes', rsa(positive(256))],
    ['128 in all', of128],
    ['256 in all', of256],
  ])('are read: %s', (_what, der) => {
    expect(readPemKey(wrap(der))).toHaveProperty('jwk')
  })

  it('are so many as the cases need', () => {
    expect([of128.length, of256.length]).toEqual([3 + 128, 4 + 256])
  })

  it.each<[string, Buffer]>([
    ['31 of Ed25519', spki(ED25519, positive(31))],
    ['33 of Ed25519', spki(ED25519, positive(33))],
    ['an element behind the key', spki(ED25519, positive(32), hex('0500'))],
    ['a modulus that is negative', rsa(hex('80'))],
    ['a modulus with a zero byte that it does not need', rsa(hex('007f'))],
    ['a modulus of zero', rsa(hex('00'))],
    ['no modulus', rsa(hex(''))],
    ['a length that is not stated', Buffer.concat([hex('3080'), of128.subarray(3)])],
    ['a length of one byte in two', Buffer.concat([hex('30820080'), of128.subarray(3)])],
    ['a length in three bytes', Buffer.concat([hex('3083000100'), of256.subarray(4)])],
  ])('are refused: %s', (_what, der) => {
    expect(readPemKey(wrap(der))).toEqual({
      fault: 'the text between the lines is not one SubjectPublicKeyInfo in base64',
    })
  })

  it.each([
    ['compressed', Buffer.concat([Buffer.of(2), positive(32)])],
    ['of another length', Buffer.concat([Buffer.of(4), positive(65)])],
    ['marked otherwise', Buffer.concat([Buffer.of(6), positive(64)])],
  ])('are refused: a point that is %s', (_what, point) => {
    expect(readPemKey(wrap(spki(P256, point)))).toEqual({ fault: 'its point is not uncompressed' })
  })
})

function tryNode(der: Buffer): object | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'jwk' })
  } catch {
    return undefined
  }
}
