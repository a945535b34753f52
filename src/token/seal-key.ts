// One secret, several uses: each use has a key of its own, derived by HKDF (RFC 5869), so that what was sealed for one
// use can never be presented for another.
import { encodeBase64url } from '../core/base64.ts'
import { SEAL_KEY_MIN_BYTES } from '../core/limits.ts'
import { encodeUtf8 } from '../core/utf8.ts'

/** `SEAL_KEYS`: secrets of at least 32 bytes; the first seals, all open. Never used as keys themselves. */
export type SealKeys = readonly Uint8Array<ArrayBuffer>[]

export interface DerivedKey {
  /** Identifies the key without revealing it: part of a second output of the same derivation. */
  readonly kid: string
  /** 32 bytes. */
  readonly key: Uint8Array<ArrayBuffer>
}

/** Derived once per secret and use; plain data, since a promise must not be shared between requests. */
const derivedKeys = new WeakMap<Uint8Array, Map<string, DerivedKey>>()

const KEY_BYTES = 32
const KID_BYTES = 12

/**
 * The key of one use, by HKDF-SHA-256 with `info` and no salt (RFC 5869 section 3.1: the secret is uniformly random).
 *
 * @throws RangeError if the secret is shorter than {@link SEAL_KEY_MIN_BYTES}, which the check of the settings rules
 *   out.
 */
export async function deriveKey(secret: Uint8Array<ArrayBuffer>, info: string): Promise<DerivedKey> {
  if (secret.length < SEAL_KEY_MIN_BYTES)
    throw new RangeError(`a seal key must have at least ${SEAL_KEY_MIN_BYTES} bytes`)
  const known = derivedKeys.get(secret)?.get(info)
  if (known !== undefined) return known
  const derived = await derive(secret, info, new Uint8Array())
  derivedKeys.set(secret, (derivedKeys.get(secret) ?? new Map<string, DerivedKey>()).set(info, derived))
  return derived
}

/**
 * A key for one thing alone: with a fresh salt each time, no nonce can be used twice with one key. `kid` names the
 * secret, whatever the salt. Throws as {@link deriveKey} does.
 */
export async function deriveSaltedKey(
  secret: Uint8Array<ArrayBuffer>,
  info: string,
  salt: Uint8Array<ArrayBuffer>,
): Promise<DerivedKey> {
  const { kid } = await deriveKey(secret, info)
  const { key } = await derive(secret, info, salt)
  return { kid, key }
}

async function derive(
  secret: Uint8Array<ArrayBuffer>,
  info: string,
  salt: Uint8Array<ArrayBuffer>,
): Promise<DerivedKey> {
  const material = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits(
    { name: 'HKDF', hash: 'SHA-256', salt, info: encodeUtf8(info) },
    material,
    (KEY_BYTES + KID_BYTES) * 8,
  )
  const bytes = new Uint8Array(bits)
  return { key: bytes.slice(0, KEY_BYTES), kid: encodeBase64url(bytes.subarray(KEY_BYTES)) }
}
