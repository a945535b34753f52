// Public keys and signatures of SSH (RFC 4253 section 6.6, RFC 5656, RFC 8332, RFC 8709), verified by WebCrypto.
import { encodeBase64url } from '../../core/base64.ts'
import { encodeHex } from '../../core/bytes.ts'
import { RSA_MAX_BITS, RSA_MIN_BITS } from '../../core/limits.ts'
import { parseSsh, type SshReader } from './ssh-wire.ts'

export type SshKey = {
  /** As SSH names it: `ssh-ed25519`. */
  readonly type: string
  /** The whole key, for comparison and for its fingerprint; of a certificate without what is around it. */
  readonly identity: string
} & (
  | { readonly kind: 'Ed25519'; readonly point: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'EC'; readonly curve: SshCurve; readonly point: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'RSA'; readonly modulus: Uint8Array<ArrayBuffer>; readonly exponent: Uint8Array<ArrayBuffer> }
)

interface SshCurve {
  readonly name: string
  readonly curve: string
  readonly bytes: number
  readonly hash: string
}

/** By the type of a key. RFC 5656 section 6.2.1 binds the hash to the curve. */
const CURVES: Readonly<Record<string, SshCurve>> = {
  'ecdsa-sha2-nistp256': { name: 'nistp256', curve: 'P-256', bytes: 32, hash: 'SHA-256' },
  'ecdsa-sha2-nistp384': { name: 'nistp384', curve: 'P-384', bytes: 48, hash: 'SHA-384' },
  'ecdsa-sha2-nistp521': { name: 'nistp521', curve: 'P-521', bytes: 66, hash: 'SHA-512' },
}
/** Signature algorithms of RSA keys. `ssh-rsa` is SHA-1, and not one of them. */
const RSA_HASHES: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'SHA-256', 'rsa-sha2-512': 'SHA-512' }

/** Reads a key after its type; also what a certificate has between its nonce and its serial number. */
export function readKeyFields(type: string, reader: SshReader): SshKey {
  if (type === 'ssh-ed25519') {
    const point = reader.readBytes()
    return point.length === 32
      ? { type, kind: 'Ed25519', point, identity: `${type} ${encodeHex(point)}` }
      : reader.fail()
  }
  if (type === 'ssh-rsa') {
    const exponent = reader.readPositive()
    const modulus = reader.readPositive()
    const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
    if (encodeHex(exponent) !== '010001' || bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) reader.fail()
    return { type, kind: 'RSA', modulus, exponent, identity: `${type} ${encodeHex(modulus)}` }
  }
  const curve = Object.hasOwn(CURVES, type) ? CURVES[type] : undefined
  if (curve === undefined || reader.readName() !== curve.name) reader.fail()
  const point = reader.readBytes()
  if (point.length !== 1 + 2 * curve.bytes || point[0] !== 0x04) reader.fail()
  return { type, kind: 'EC', curve, point, identity: `${type} ${encodeHex(point)}` }
}

/** Reads a public key; `undefined` for a certificate and for any type or size that is not accepted. */
export function readSshKey(blob: Uint8Array<ArrayBuffer>): SshKey | undefined {
  return parseSsh(blob, (reader) => readKeyFields(reader.readName(), reader))
}

/**
 * Verifies a signature.
 *
 * @param blob the signature with its algorithm, as SSH writes it
 * @returns `false` also for an algorithm that is not of the key's type, for SHA-1, and for a key that this host cannot use
 */
export async function verifySsh(
  key: SshKey,
  blob: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const read = parseSsh(blob, (reader) => [reader.readName(), reader.readBytes()] as const)
  if (read === undefined) return false
  const [algorithm, signature] = read
  try {
    switch (key.kind) {
      case 'Ed25519': {
        if (algorithm !== key.type) return false
        const host = await crypto.subtle.importKey('raw', key.point, { name: 'Ed25519' }, false, ['verify'])
        return await crypto.subtle.verify({ name: 'Ed25519' }, host, signature, signed)
      }
      case 'EC': {
        const { curve, bytes, hash } = key.curve
        const raw = algorithm === key.type ? readEcdsa(signature, bytes) : undefined
        if (raw === undefined) return false
        const host = await crypto.subtle.importKey('raw', key.point, { name: 'ECDSA', namedCurve: curve }, false, [
          'verify',
        ])
        return await crypto.subtle.verify({ name: 'ECDSA', hash }, host, raw, signed)
      }
      case 'RSA': {
        const hash = Object.hasOwn(RSA_HASHES, algorithm) ? RSA_HASHES[algorithm] : undefined
        if (hash === undefined || signature.length > key.modulus.length) return false
        const jwk = { kty: 'RSA', n: encodeBase64url(key.modulus), e: encodeBase64url(key.exponent) }
        const scheme = { name: 'RSASSA-PKCS1-v1_5', hash }
        const host = await crypto.subtle.importKey('jwk', jwk, scheme, false, ['verify'])
        // It may come without its leading zero bytes.
        const padded = new Uint8Array(key.modulus.length)
        padded.set(signature, key.modulus.length - signature.length)
        return await crypto.subtle.verify(scheme, host, padded, signed)
      }
    }
  } catch {
    return false
  }
}

/** `r` and `s`, each filled up to the length that WebCrypto takes. */
function readEcdsa(signature: Uint8Array<ArrayBuffer>, bytes: number): Uint8Array<ArrayBuffer> | undefined {
  const parts = parseSsh(signature, (reader) => [reader.readPositive(), reader.readPositive()] as const)
  if (parts === undefined || parts.some((part) => part.length > bytes)) return undefined
  const raw = new Uint8Array(2 * bytes)
  for (const [index, part] of parts.entries()) raw.set(part, (index + 1) * bytes - part.length)
  return raw
}
