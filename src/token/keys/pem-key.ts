// A public key in PEM (RFC 7468 section 13, SubjectPublicKeyInfo of RFC 5280 section 4.1) as a JWK. Read strictly: every
// byte is accounted for, lengths are minimal, and only the key types that can verify a token are known.
import { decodeBase64, encodeBase64url } from '../../core/base64.ts'

/** A JWK, or what is wrong with the text; completes `Cannot use the key: ...`. */
export type PemKey = { readonly jwk: Readonly<Record<string, string>> } | { readonly fault: string }

const BEGIN = '-----BEGIN PUBLIC KEY-----'
const END = '-----END PUBLIC KEY-----'
const RSA = '06092a864886f70d010101'
const EC = '06072a8648ce3d0201'
const ED25519 = '06032b6570'
const CURVES: Readonly<Record<string, { readonly crv: string; readonly bytes: number }>> = {
  '06082a8648ce3d030107': { crv: 'P-256', bytes: 32 },
  '06052b81040022': { crv: 'P-384', bytes: 48 },
  '06052b81040023': { crv: 'P-521', bytes: 66 },
}

/** Reads one key. Whether it is strong enough is decided when the JWK is read. */
export function readPemKey(pem: string): PemKey {
  const lines = pem
    .trim()
    .split('\n')
    .map((line) => line.trim())
  if (lines[0] !== BEGIN || lines.at(-1) !== END || lines.indexOf(END) !== lines.length - 1)
    return { fault: `expected one public key between ${BEGIN} and ${END}` }
  const der = decodeBase64(lines.slice(1, -1).join(''))
  const outer = der && readTlv(der, 0, 0x30)
  if (der === undefined || outer === undefined || outer.end !== der.length) return MALFORMED
  const algorithm = readTlv(der, outer.start, 0x30)
  const bits = algorithm && readTlv(der, algorithm.end, 0x03)
  // The first byte of a bit string counts its unused bits: a key has none.
  if (algorithm === undefined || bits === undefined || bits.end !== der.length || der[bits.start] !== 0)
    return MALFORMED
  const oid = toHex(der.subarray(algorithm.start, algorithm.end))
  const key = der.subarray(bits.start + 1, bits.end)
  if (oid === `${RSA}0500`) return readRsa(key)
  if (oid === ED25519)
    return key.length === 32 ? { jwk: { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(key) } } : MALFORMED
  const curve = oid.startsWith(EC) ? CURVES[oid.slice(EC.length)] : undefined
  if (curve === undefined) return { fault: 'its type is not RSA, P-256, P-384, P-521 or Ed25519' }
  const { crv, bytes } = curve
  if (key.length !== 1 + 2 * bytes || key[0] !== 0x04) return { fault: 'its point is not uncompressed' }
  const [x, y] = [key.subarray(1, 1 + bytes), key.subarray(1 + bytes)]
  return { jwk: { kty: 'EC', crv, x: encodeBase64url(x), y: encodeBase64url(y) } }
}

const MALFORMED: PemKey = { fault: 'the text between the lines is not one SubjectPublicKeyInfo in base64' }

/** RFC 8017 appendix A.1.1. */
function readRsa(key: Uint8Array): PemKey {
  const sequence = readTlv(key, 0, 0x30)
  const modulus = sequence && readTlv(key, sequence.start, 0x02)
  const exponent = modulus && readTlv(key, modulus.end, 0x02)
  if (sequence?.end !== key.length || exponent?.end !== key.length || modulus === undefined) return MALFORMED
  const n = readUnsigned(key.subarray(modulus.start, modulus.end))
  const e = readUnsigned(key.subarray(exponent.start, exponent.end))
  return n === undefined || e === undefined
    ? MALFORMED
    : { jwk: { kty: 'RSA', n: encodeBase64url(n), e: encodeBase64url(e) } }
}

/** A positive integer in its shortest form (X.690 section 8.3), without the zero byte that keeps it positive. */
function readUnsigned(bytes: Uint8Array): Uint8Array | undefined {
  const [first = 0x80, second = 0] = bytes
  if (first !== 0) return first < 0x80 ? bytes : undefined
  return second >= 0x80 ? bytes.subarray(1) : undefined
}

interface Tlv {
  readonly start: number
  readonly end: number
}

/** One element of this tag at `at`, with a definite length in its shortest form (X.690 section 10.1). */
function readTlv(bytes: Uint8Array, at: number, tag: number): Tlv | undefined {
  const first = bytes[at + 1]
  if (bytes[at] !== tag || first === undefined) return undefined
  const count = first & 0x7f
  if (first < 0x80) return bound(bytes, at + 2, first)
  if (count === 0 || count > 2) return undefined
  let length = 0
  for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte
  const isShortest = length >= 0x80 && (count === 1 || length >= 0x100)
  return isShortest ? bound(bytes, at + 2 + count, length) : undefined
}

function bound(bytes: Uint8Array, start: number, length: number): Tlv | undefined {
  return start + length <= bytes.length ? { start, end: start + length } : undefined
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
