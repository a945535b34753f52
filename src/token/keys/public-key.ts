// One public key out of a JWK (RFC 7517, RFC 7518 section 6, RFC 8037): whether it may check signatures, and which.
// WebCrypto accepts 512-bit RSA keys and e = 1, which allow forgery, and slow 16384-bit keys. They are rejected here.
import { type CryptoKey, importJWK } from 'jose'
import { decodeBase64url } from '../../core/base64.ts'
import { sha256Base64url } from '../../core/digest.ts'
import { writeCanonicalJson } from '../../core/json.ts'
import {
  IMPORTED_KEY_SHARE_BYTES,
  IMPORTED_KEYS_MAX,
  KID_MAX_BYTES,
  RSA_MAX_BITS,
  RSA_MIN_BITS,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { ALGORITHMS, type Algorithm, CURVES, fitsKey, isAlgorithm, type KeyType } from '../algorithms.ts'
import { isKid } from '../parse.ts'
import { isRocaModulus } from './roca.ts'

/** A usable key. Only {@link readPublicKey} makes one. */
export interface PublicKey {
  readonly kid?: string
  /** The algorithms that it may be used with: the JWK's own `alg`, or else all that its type and curve fit. */
  readonly algorithms: readonly Algorithm[]
  /** Equal for equal keys: the required members in their canonical form, which is what RFC 7638 section 3 hashes. */
  readonly identity: string
  /**
   * The RFC 7638 thumbprint: base64url of the SHA-256 of {@link PublicKey.identity}. Hashed at the first use and kept.
   */
  readonly thumbprint: () => Promise<string>
  /** The key for WebCrypto, imported at the first use and kept. Rejects if the host cannot import it. */
  readonly importFor: (algorithm: Algorithm) => Promise<CryptoKey>
}

export type PublicKeyResult =
  | { readonly ok: true; readonly value: PublicKey }
  | { readonly ok: false; readonly reason: string }

/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 9964 (`priv`). With a published private half anyone can sign. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']

type Members = Readonly<Record<string, unknown>>
/** The public members of one key type, or the reason why the key is not usable. */
type Material =
  | { readonly ok: true; readonly members: Readonly<Record<string, string>>; readonly curve?: string }
  | { readonly ok: false; readonly reason: string }

const MATERIALS: ReadonlyMap<unknown, { readonly keyType: KeyType; readonly read: (jwk: Members) => Material }> =
  new Map([
    ['RSA', { keyType: 'RSA', read: readRsa }],
    ['EC', { keyType: 'EC', read: (jwk: Members) => readCurve(jwk, 'EC', ['x', 'y']) }],
    ['OKP', { keyType: 'OKP', read: (jwk: Members) => readCurve(jwk, 'OKP', ['x']) }],
  ] as const)

/**
 * Reads one entry of a JWK Set.
 *
 * @returns A key that may verify signatures, or the reason why it may not. The reason quotes no member of the key.
 */
export function readPublicKey(entry: unknown): PublicKeyResult {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return refuseKey('it is not an object')
  // Own members alone, and no prototype: a set that is written inline comes from a document, not from our JSON reader.
  const jwk: Members = Object.assign(Object.create(null), entry)
  const { kty, use, key_ops: operations, alg, kid } = jwk
  if (kid !== undefined && (typeof kid !== 'string' || !isKid(kid)))
    return refuseKey(`its kid is not 1 to ${KID_MAX_BYTES} printable ASCII characters`)
  if (kty === 'oct') return refuseKey('it is a symmetric key')
  const material = MATERIALS.get(kty)
  if (material === undefined) return refuseKey('its key type is unknown')
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) return refuseKey('it holds private members')
  if (use !== undefined && use !== 'sig') return refuseKey('its use is not "sig"')
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    return refuseKey('its key_ops do not include "verify"')
  }
  const read = material.read(jwk)
  if (!read.ok) return read
  const algorithms = findAlgorithms(alg, material.keyType, read.curve)
  if (algorithms.length === 0) return refuseKey('its alg is not a signature algorithm of its type')
  const identity = writeCanonicalJson({ kty: material.keyType, ...read.members })
  return {
    ok: true,
    value: {
      ...(kid === undefined ? {} : { kid }),
      algorithms,
      identity,
      thumbprint: makeThumbprinter(identity),
      importFor: makeImporter(identity),
    },
  }
}

/** The `kid` of an entry, if it has one that may be printed. */
export function readKid(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || !Object.hasOwn(entry, 'kid')) return undefined
  const { kid } = entry as { readonly kid: unknown }
  return typeof kid === 'string' && isKid(kid) ? kid : undefined
}

function refuseKey(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason }
}

function findAlgorithms(alg: unknown, keyType: KeyType, curve: string | undefined): readonly Algorithm[] {
  const fitting = Object.keys(ALGORITHMS)
    .filter(isAlgorithm)
    .filter((name) => fitsKey(name, keyType, curve))
  return alg === undefined ? fitting : fitting.filter((name) => name === alg)
}

function readRsa({ n, e }: Members): Material {
  const modulus = readInteger(n, '"n"', '6.3.1.1')
  if (typeof modulus === 'string') return refuseKey(modulus)
  const exponent = readInteger(e, '"e"', '6.3.1.2')
  if (typeof exponent === 'string') return refuseKey(exponent)
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS) {
    return refuseKey(`RSA modulus of ${bits} bits; ${RSA_MIN_BITS} to ${RSA_MAX_BITS} are accepted`)
  }
  // Every issuer in this field uses 65537. With exponent 1 a signature equals its message; with 3, known forgeries
  // work.
  if (e !== 'AQAB')
    return refuseKey(
      `RSA exponent ${exponent.length > 4 ? 'over 32 bits' : toInteger(exponent)}; only 65537 is accepted`,
    )
  if (((modulus.at(-1) ?? 0) & 1) === 0) return refuseKey('RSA modulus is even')
  if (isRocaModulus(modulus)) return refuseKey('RSA modulus was made by a faulty generator (ROCA, CVE-2017-15361)')
  return { ok: true, members: { n: String(n), e } }
}

/**
 * Reads a Base64urlUInt (RFC 7518 section 2), or describes its fault. Some exporters write ASN.1's leading zero byte.
 */
function readInteger(text: unknown, name: string, section: string): Uint8Array | string {
  const bytes = typeof text === 'string' ? decodeBase64url(text) : undefined
  if (bytes === undefined || bytes.length === 0) return `its ${name} is not a canonical base64url integer`
  return bytes[0] === 0 ? `its ${name} begins with a zero byte, which RFC 7518 section ${section} forbids` : bytes
}

function toInteger(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0)
}

/** The import checks whether the point is on the curve. */
function readCurve(jwk: Members, keyType: KeyType, coordinates: readonly string[]): Material {
  const { crv: curve } = jwk
  const row = typeof curve === 'string' ? CURVES.get(curve) : undefined
  if (row === undefined || row.keyType !== keyType || typeof curve !== 'string')
    return refuseKey('its curve is unknown')
  const members: Record<string, string> = { crv: curve }
  for (const name of coordinates) {
    const text = jwk[name]
    const bytes = typeof text === 'string' ? decodeBase64url(text) : undefined
    if (bytes?.length !== row.coordinateBytes || typeof text !== 'string') {
      return refuseKey(`its "${name}" is not ${row.coordinateBytes} bytes of canonical base64url`)
    }
    members[name] = text
  }
  return { ok: true, members, curve }
}

function makeThumbprinter(identity: string): PublicKey['thumbprint'] {
  let kept: string | undefined
  return async function thumbprint() {
    kept ??= await sha256Base64url(identity)
    return kept
  }
}

/**
 * Imported keys of all sets: each takes some 6 KiB outside the heap, and a document may have thousands. What is kept is
 * the key, never the promise of one: on Workers a promise belongs to the request that made it, and jose's own local key
 * set shares it. Two requests at once import twice, which is harmless.
 */
const IMPORTED_BOUNDS = { maxEntries: IMPORTED_KEYS_MAX }
const IMPORTED = createLru<CryptoKey>(IMPORTED_BOUNDS)

/**
 * Holds more keys where key sets have more memory. All gateways of an isolate share them, so the largest bound holds.
 *
 * @param keySetsMaxBytes memory for key sets
 */
export function holdImportedKeys(keySetsMaxBytes: number): void {
  const maxEntries = Math.floor(keySetsMaxBytes / IMPORTED_KEY_SHARE_BYTES)
  IMPORTED_BOUNDS.maxEntries = Math.max(IMPORTED_BOUNDS.maxEntries, maxEntries)
}

/** The closure holds only the identity, which exists anyway: see `weighHeap`. */
function makeImporter(identity: string): PublicKey['importFor'] {
  return async function importFor(algorithm) {
    const name = `${algorithm} ${identity}`
    const kept = IMPORTED.get(name)
    if (kept !== undefined) return kept
    const key = await importJWK(JSON.parse(identity), algorithm)
    if (key instanceof Uint8Array) throw new TypeError('a symmetric key cannot be a public key')
    IMPORTED.set(name, key)
    return key
  }
}
