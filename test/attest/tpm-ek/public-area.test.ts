// Public areas, read strictly: limits on both sides, one field wrong in each case, and any bytes at all.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPublicArea } from '../../../src/attest/tpm-ek/public-area.ts'
import { writeSpki } from '../../../src/attest/tpm-ek/tpm-keys.ts'
import { TPM_PUBLIC_MAX_BYTES } from '../../../src/core/limits.ts'
import { type MadeTpm, makeTpm, NONE, type PublicParts, TPM_KINDS, type TpmKind, writePublic } from './made-tpm.ts'
import { concat, sized, uint } from './tpm-bytes.ts'

const TPMS = Object.fromEntries(TPM_KINDS.map((kind) => [kind, makeTpm(kind)])) as Record<TpmKind, MadeTpm>
const read = (text: string) => readPublicArea(Uint8Array.from(Buffer.from(text, 'base64')))
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'))

describe('a public area', () => {
  it.each(TPM_KINDS)('of %s is read as it is written', (kind) => {
    const { request } = TPMS[kind]
    const [ek, ak] = [read(request.ek), read(request.ak)]
    const isLong = kind === 'P-384'
    expect(ek).toMatchObject({
      nameHash: isLong ? 'SHA-384' : 'SHA-256',
      aesBits: isLong ? 256 : 128,
      hasScheme: false,
    })
    expect(ak).toMatchObject({ nameHash: 'SHA-256', aesBits: 0, hasScheme: true })
    expect(Buffer.from(ek?.bytes ?? []).toString('base64')).toBe(bufferOf(request.ek).subarray(2).toString('base64'))
  })

  const rsa = (bits: number, unique = sized(Buffer.alloc(bits / 8, 0xff)), exponent = 0): Partial<PublicParts> => ({
    parameters: concat(uint(2, bits), uint(4, exponent)),
    unique,
  })
  const point = (x: number, y: number): Buffer => concat(sized(Buffer.alloc(x, 1)), sized(Buffer.alloc(y, 1)))
  it.each<[string, TpmKind, Partial<PublicParts>, boolean]>([
    ['a policy of 64 bytes', 'P-256', { policy: Buffer.alloc(64) }, true],
    ['a policy of 65 bytes', 'P-256', { policy: Buffer.alloc(65) }, false],
    ['no policy', 'P-256', { policy: Buffer.alloc(0) }, true],
    ['every attribute that is defined', 'P-256', { attributes: 0x000f0cf6 }, true],
    ['a reserved attribute', 'P-256', { attributes: 0x000f0cf7 }, false],
    ['the highest attribute', 'P-256', { attributes: 0x80000000 }, false],
    ['a name by SHA-512', 'P-256', { nameAlg: uint(2, 0x000d) }, true],
    ['a name by SHA-1', 'P-256', { nameAlg: uint(2, 0x0004) }, false],
    ['a name by nothing', 'P-256', { nameAlg: NONE }, false],
    ['another type', 'P-256', { type: uint(2, 0x0008) }, false],
    ['another mode of AES', 'P-256', { symmetric: concat(uint(2, 6), uint(2, 128), uint(2, 0x42)) }, false],
    ['Camellia', 'P-256', { symmetric: concat(uint(2, 0x26), uint(2, 128), uint(2, 0x43)) }, false],
    ['a cipher without parameters', 'P-256', { symmetric: uint(2, 0x26) }, false],
    ['ECDSA', 'P-256', { scheme: concat(uint(2, 0x18), uint(2, 0x0b)) }, true],
    ['ECDSA with SHA-1', 'P-256', { scheme: concat(uint(2, 0x18), uint(2, 0x04)) }, false],
    ['RSAPSS of a point', 'P-256', { scheme: concat(uint(2, 0x16), uint(2, 0x0b)) }, false],
    ['ECDAA', 'P-256', { scheme: concat(uint(2, 0x1a), uint(2, 0x0b), uint(2, 0)) }, false],
    ['RSAPSS', 'RSA-2048', { scheme: concat(uint(2, 0x16), uint(2, 0x0b)) }, true],
    ['a curve that is not known', 'P-256', { parameters: concat(uint(2, 0x10), NONE) }, false],
    ['a key derivation', 'P-256', { parameters: concat(uint(2, 3), uint(2, 0x20), uint(2, 0x0b)) }, false],
    ['a key derivation without a hash', 'P-256', { parameters: concat(uint(2, 3), uint(2, 0x20)) }, false],
    ['a point of the size of the curve', 'P-256', { unique: point(32, 32) }, true],
    ['an x that is shorter', 'P-256', { unique: point(31, 32) }, false],
    ['a y that is longer', 'P-256', { unique: point(32, 33) }, false],
    ['the exponent 65537 in figures', 'RSA-2048', rsa(2048, undefined, 65_537), true],
    ['the exponent 3', 'RSA-2048', rsa(2048, undefined, 3), false],
    ['a modulus that is shorter than its bits', 'RSA-2048', rsa(2048, sized(Buffer.alloc(255, 0xff))), false],
    ['a modulus that begins with zero', 'RSA-2048', rsa(2048, sized(Buffer.alloc(256, 0x7f))), false],
    ['an even modulus', 'RSA-2048', rsa(2048, sized(Buffer.alloc(256, 0xfe))), false],
    ['RSA-4096', 'RSA-2048', rsa(4096), true],
  ])('with %s', (_what, kind, change, isRead) => {
    expect(read(writePublic({ ...TPMS[kind].ek, ...change })) !== undefined).toBe(isRead)
  })

  it('is at most as long as its limit', () => {
    const ofBytes = (bytes: number): string => {
      const modulus = sized(Buffer.alloc(bytes, 0xff))
      return writePublic({ ...TPMS['RSA-2048'].ek, policy: Buffer.alloc(0), ...rsa(bytes * 8, modulus) })
    }
    const around = bytesOf(ofBytes(0)).length
    expect(bytesOf(ofBytes(TPM_PUBLIC_MAX_BYTES - around))).toHaveLength(TPM_PUBLIC_MAX_BYTES)
    expect(read(ofBytes(TPM_PUBLIC_MAX_BYTES - around))).toBeDefined()
    expect(read(ofBytes(TPM_PUBLIC_MAX_BYTES - around + 1))).toBeUndefined()
  })

  it.each(TPM_KINDS)('of %s is exactly its bytes: no part, nothing after it, no change without a meaning', (kind) => {
    const { request } = TPMS[kind]
    for (const text of [request.ek, request.ak]) {
      const bytes = bytesOf(text)
      for (let length = 0; length < bytes.length; length++)
        expect(readPublicArea(bytes.slice(0, length))).toBeUndefined()
      expect(readPublicArea(Uint8Array.from([...bytes, 0]))).toBeUndefined()
      // Each of two checks alone: bytes after the key that the size counts, and a size of more or fewer bytes than there are.
      expect(
        readPublicArea(Uint8Array.from(sized(concat(bufferOf(text).subarray(2), Buffer.alloc(1))))),
      ).toBeUndefined()
      for (const other of [-1, 1]) {
        const [high = 0, low = 0, ...area] = bytes
        const size = high * 256 + low + other
        expect(readPublicArea(Uint8Array.from([size >> 8, size & 255, ...area]))).toBeUndefined()
      }
      const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255))
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
          const mutated = Uint8Array.from(bytes)
          for (const [at, byte] of changes) mutated[at] = byte
          const area = readPublicArea(mutated)
          // What is read is what the name is made of, and two areas with one key are two names.
          if (area !== undefined) expect([...area.bytes]).toEqual([...mutated.subarray(2)])
        }),
        { numRuns: 2000 },
      )
    }
  })

  it('is read from no other bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        readPublicArea(Uint8Array.from(bytes))
      }),
    )
  })

  it.each(TPM_KINDS)('of %s is written as the SubjectPublicKeyInfo that OpenSSL writes', async (kind) => {
    const { request, hash } = TPMS[kind]
    const area = read(request.ek)
    const spki = area && writeSpki(area)
    expect(Buffer.from(await crypto.subtle.digest('SHA-256', spki ?? new Uint8Array())).toString('hex')).toBe(hash)
  })
})

function bufferOf(text: string): Buffer {
  return Buffer.from(text, 'base64')
}
