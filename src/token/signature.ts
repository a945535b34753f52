// Signatures by WebCrypto, where everything around them has been checked: the algorithm is a row of the table, the key was
// imported for that algorithm, and the bytes are those that were decoded once. jose would parse all of it again.
import type { CryptoKey } from 'jose'
import { encodeUtf8 } from '../core/utf8.ts'
import type { Algorithm } from './algorithms.ts'

interface SignatureParameters {
  readonly name: string
  readonly saltLength?: number
  readonly hash?: string
}

/** RFC 7518 section 3.1 and RFC 8037 section 3.1, in the terms of Web Cryptography. */
const PARAMETERS: Readonly<Record<Algorithm, SignatureParameters>> = {
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
  RS384: { name: 'RSASSA-PKCS1-v1_5' },
  RS512: { name: 'RSASSA-PKCS1-v1_5' },
  // The salt has the length of the hash (RFC 7518 section 3.5).
  PS256: { name: 'RSA-PSS', saltLength: 32 },
  PS384: { name: 'RSA-PSS', saltLength: 48 },
  PS512: { name: 'RSA-PSS', saltLength: 64 },
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  ES384: { name: 'ECDSA', hash: 'SHA-384' },
  ES512: { name: 'ECDSA', hash: 'SHA-512' },
  EdDSA: { name: 'Ed25519' },
}

/**
 * Verifies a JWS signature (RFC 7515 section 5.2).
 *
 * @param key a public key that was imported for `algorithm` and for `verify`
 * @param signingInput `header.payload`, ASCII
 * @returns whether the signature holds, whatever its length. Rejects only if the host cannot work with the key.
 */
export function verifySignatureBytes(
  algorithm: Algorithm,
  key: CryptoKey,
  signature: Uint8Array<ArrayBuffer>,
  signingInput: string,
): Promise<boolean> {
  return crypto.subtle.verify(PARAMETERS[algorithm], toHostKey(key), signature, encodeUtf8(signingInput))
}

/**
 * Signs `header.payload` (RFC 7515 section 5.1).
 *
 * @param key a private key that was imported for `algorithm` and for `sign`
 */
export async function signBytes(
  algorithm: Algorithm,
  key: CryptoKey,
  signingInput: string,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign(PARAMETERS[algorithm], toHostKey(key), encodeUtf8(signingInput)))
}

type HostKey = Parameters<typeof crypto.subtle.verify>[1]

/** One object by two declarations: jose's, and the host's, which on Deno lists fewer usages. */
function toHostKey(key: CryptoKey): HostKey {
  return key as HostKey
}
