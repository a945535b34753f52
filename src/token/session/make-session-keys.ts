// New session keys, for whoever sets up a gateway.
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

/** A private JWK Set with one new ES256 key, as the setting `SESSION_SIGNING_KEYS` wants it. Its `kid` is RFC 7638's. */
export async function makeSessionSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return JSON.stringify({ keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'ES256', use: 'sig' }] })
}
