// Makes new session keys, for the operator who sets up a gateway.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/**
 * Makes a private JWK Set (RFC 7517 section 5) with one new ES256 key; its `kid` is its thumbprint (RFC 7638).
 *
 * @returns JSON, as the setting `SESSION_SIGNING_KEYS` expects it. It is secret.
 */
export async function makeSessionSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return JSON.stringify({ keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }] })
}
