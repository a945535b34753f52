// Verifies a signature of a certificate, of a signed document or of a proof, by WebCrypto, with a key as a certificate holds it.

import { encodeHex } from '../core/bytes.ts'
import { parseDer, readPositive, TAG } from '../core/der.ts'
import { RSA_MAX_BITS, RSA_MIN_BITS } from '../core/limits.ts'
import { OID } from './object-ids.ts'

/** A key that may verify. Only {@link readSpki} makes one. */
export type CertificateKey = { readonly spki: Uint8Array<ArrayBuffer> } & (
  | { readonly kind: 'RSA'; readonly bits: number }
  | { readonly kind: 'EC'; readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly bytes: number }
  | { readonly kind: 'Ed25519' }
)

export type Hash = 'SHA-256' | 'SHA-384' | 'SHA-512'

/** How a signature was made. */
export type Scheme =
  | { readonly kind: 'RSA'; readonly padding: 'PKCS1' | 'PSS'; readonly hash: Hash }
  | { readonly kind: 'EC'; readonly hash: Hash }
  | { readonly kind: 'Ed25519' }

/** By the OID of the signature algorithm. SHA-1 and DSA are not here. */
export const SCHEMES: Readonly<Record<string, Scheme>> = {
  [OID.sha256WithRsa]: { kind: 'RSA', padding: 'PKCS1', hash: 'SHA-256' },
  [OID.sha384WithRsa]: { kind: 'RSA', padding: 'PKCS1', hash: 'SHA-384' },
  [OID.sha512WithRsa]: { kind: 'RSA', padding: 'PKCS1', hash: 'SHA-512' },
  [OID.ecdsaWithSha256]: { kind: 'EC', hash: 'SHA-256' },
  [OID.ecdsaWithSha384]: { kind: 'EC', hash: 'SHA-384' },
  [OID.ecdsaWithSha512]: { kind: 'EC', hash: 'SHA-512' },
  [OID.ed25519]: { kind: 'Ed25519' },
}

const CURVES = {
  [OID.p256]: { curve: 'P-256', bytes: 32 },
  [OID.p384]: { curve: 'P-384', bytes: 48 },
  [OID.p521]: { curve: 'P-521', bytes: 66 },
} as const

/**
 * Reads a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7; RFC 3279, RFC 5480, RFC 8410): RSA of 2048 to 8192 bits with the
 * exponent 65537, uncompressed points of three curves, Ed25519.
 *
 * @returns `undefined` for any other key
 */
export function readSpki(spki: Uint8Array<ArrayBuffer>): CertificateKey | undefined {
  const read = parseDer(spki, (reader) =>
    reader.inside(TAG.sequence, (info) => {
      const algorithm = info.inside(TAG.sequence, (inner) => {
        const oid = encodeHex(inner.read(TAG.oid))
        const parameter = inner.peek() === undefined ? undefined : inner.readAny()
        return { oid, parameter }
      })
      const bits = info.read(TAG.bitString)
      // Its first byte counts unused bits: a key has none.
      if (bits[0] !== 0) info.fail()
      return { ...algorithm, key: bits.subarray(1) }
    }),
  )
  if (read === undefined) return undefined
  const { oid, parameter, key } = read
  if (oid === OID.ed25519) return parameter === undefined && key.length === 32 ? { spki, kind: 'Ed25519' } : undefined
  if (oid === OID.rsaEncryption) {
    const isNull = parameter?.tag === TAG.null && parameter.contents.length === 0
    const bits = isNull ? readRsaBits(key) : undefined
    return bits === undefined ? undefined : { spki, kind: 'RSA', bits }
  }
  if (oid !== OID.ecPublicKey || parameter?.tag !== TAG.oid) return undefined
  const curve = CURVES[encodeHex(parameter.contents) as keyof typeof CURVES]
  return curve !== undefined && key.length === 1 + 2 * curve.bytes && key[0] === 0x04
    ? { spki, kind: 'EC', ...curve }
    : undefined
}

/** WebCrypto takes keys of 512 bits and the exponent 1, by which anybody can forge. */
function readRsaBits(key: Uint8Array<ArrayBuffer>): number | undefined {
  const read = parseDer(key, (reader) =>
    reader.inside(TAG.sequence, (inner) => [inner.read(TAG.integer), inner.read(TAG.integer)] as const),
  )
  if (read === undefined) return undefined
  const [modulus, exponent] = read.map(readPositive)
  if (modulus === undefined || exponent === undefined || encodeHex(exponent) !== '010001') return undefined
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  return bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS ? bits : undefined
}

/**
 * Verifies a signature.
 *
 * @param signature as certificates hold it: of ECDSA the SEQUENCE of `r` and `s` (RFC 3279 section 2.2.3)
 * @returns `false` also for a scheme that does not fit the key, and for a key that this host cannot use
 */
export async function verifyWith(
  key: CertificateKey,
  scheme: Scheme,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  if (key.kind !== scheme.kind) return false
  const raw = key.kind === 'EC' ? readEcdsa(signature, key.bytes) : signature
  if (raw === undefined) return false
  try {
    const { imported, used } = describe(key, scheme)
    const host = await crypto.subtle.importKey('spki', key.spki, imported, false, ['verify'])
    return await crypto.subtle.verify(used, host, raw, signed)
  } catch {
    return false
  }
}

function describe(key: CertificateKey, scheme: Scheme) {
  if (key.kind === 'Ed25519' || scheme.kind === 'Ed25519')
    return { imported: { name: 'Ed25519' }, used: { name: 'Ed25519' } }
  const { hash } = scheme
  if (key.kind === 'EC') return { imported: { name: 'ECDSA', namedCurve: key.curve }, used: { name: 'ECDSA', hash } }
  const name = scheme.kind === 'RSA' && scheme.padding === 'PSS' ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
  // The salt has the length of the hash (RFC 7518 section 3.5).
  const saltLength = Number(hash.slice(4)) / 8
  return { imported: { name, hash }, used: name === 'RSA-PSS' ? { name, saltLength } : { name } }
}

/** `r` and `s`, each filled up to the length that WebCrypto takes. */
function readEcdsa(signature: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> | undefined {
  const read = parseDer(signature, (reader) =>
    reader.inside(TAG.sequence, (inner) => [inner.read(TAG.integer), inner.read(TAG.integer)] as const),
  )
  const parts = read?.map(readPositive)
  const raw = new Uint8Array(2 * bytes)
  for (const [index, part] of (parts ?? []).entries()) {
    if (part === undefined || part.length > bytes) return undefined
    raw.set(part, (index + 1) * bytes - part.length)
  }
  return parts === undefined ? undefined : raw
}
