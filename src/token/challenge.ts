// Challenges: what the gateway asks an agent to prove, without state. A challenge is a JWE (RFC 7516, `dir` with
// A256GCM): the agent holds it but cannot read it, because it contains what a TPM must open or a web server must
// publish. Each challenge has its own key, so no nonce is used twice with one key.
import { CompactEncrypt, compactDecrypt } from 'jose'
import { decodeBase64url, encodeBase64url } from '../core/base64.ts'
import { isJsonObject, type Json, parseJsonBytes } from '../core/json.ts'
import { CHALLENGE_LIFETIME_SECONDS, CHALLENGE_MAX_LENGTH, TOKEN_DEPTH_MAX } from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { encodeUtf8 } from '../core/utf8.ts'
import type { ChallengeRole } from './challenge-message.ts'
import { deriveSaltedKey, type SealKeys } from './seal-key.ts'

const INFO = 'postern-challenge/1'
const TYPE = 'postern-challenge+jwe'
const SALT_BYTES = 16

/** What a challenge is for. A challenge that was issued for anything else is refused. */
export interface ChallengeScope {
  /** The attestor's type. */
  readonly type: string
  readonly role: ChallengeRole
  /** Absent for the trust domain. */
  readonly clusterId: string | undefined
  readonly issuerUrl: string
}

export interface Challenge {
  /** UUIDv7. */
  readonly id: string
  readonly request: Json
  readonly secret: Json
}

/**
 * Seals a challenge that expires after {@link CHALLENGE_LIFETIME_SECONDS}.
 *
 * @param nowSeconds Seconds since 1970.
 * @returns The JWE in compact form, at most {@link CHALLENGE_MAX_LENGTH} characters; `undefined` if it would be longer.
 * @throws Error if there is no seal key.
 */
export async function sealChallenge(
  { id, request, secret }: Challenge,
  { type, role, clusterId, issuerUrl }: ChallengeScope,
  [first]: SealKeys,
  nowSeconds: number,
): Promise<string | undefined> {
  if (first === undefined) throw new Error('cannot seal a challenge: no seal key is configured')
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES))
  const { kid, key } = await deriveSaltedKey(first, INFO, salt)
  const exp = nowSeconds + CHALLENGE_LIFETIME_SECONDS
  const payload = { id, type, role, clusterId: clusterId ?? null, iss: issuerUrl, request, secret, exp }
  const sealed = await new CompactEncrypt(encodeUtf8(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', typ: TYPE, kid, salt: encodeBase64url(salt) })
    .encrypt(key)
  return sealed.length > CHALLENGE_MAX_LENGTH ? undefined : sealed
}

/**
 * Opens a challenge that an agent sent back.
 *
 * @returns The challenge; or `challenge_malformed` if this gateway did not seal it, `challenge_mismatch` if it sealed
 *   it for another attestor, role or cluster, or `challenge_expired`.
 */
export async function openChallenge(
  sealed: string,
  { type, role, clusterId, issuerUrl }: ChallengeScope,
  keys: SealKeys,
  nowSeconds: number,
): Promise<Checked<Challenge>> {
  const payload = await decrypt(sealed, keys)
  if (payload === undefined || !isJsonObject(payload)) return refuse(MALFORMED)
  const { id, request, secret, exp } = payload
  if (typeof id !== 'string' || typeof exp !== 'number' || request === undefined || secret === undefined)
    return refuse(MALFORMED)
  const isOurs =
    payload['type'] === type &&
    payload['role'] === role &&
    payload['clusterId'] === (clusterId ?? null) &&
    payload['iss'] === issuerUrl
  if (!isOurs) return refuse(MISMATCH)
  return nowSeconds >= exp ? refuse(EXPIRED) : pass({ id, request, secret })
}

async function decrypt(sealed: string, keys: SealKeys): Promise<Json | undefined> {
  if (sealed.length > CHALLENGE_MAX_LENGTH) return undefined
  const header = readHeader(sealed)
  if (header === undefined) return undefined
  for (const secret of keys) {
    const { kid, key } = await deriveSaltedKey(secret, INFO, header.salt)
    if (kid !== header.kid) continue
    try {
      const { plaintext } = await compactDecrypt(sealed, key, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      const json = parseJsonBytes(new Uint8Array(plaintext), TOKEN_DEPTH_MAX)
      return json.ok ? json.value : undefined
    } catch {
      return undefined
    }
  }
  return undefined
}

/**
 * Five parts (RFC 7516 section 7.1) in their one spelling, which jose does not ask for, and of the header exactly what
 * {@link sealChallenge} writes.
 */
function readHeader(sealed: string): { readonly kid: string; readonly salt: Uint8Array<ArrayBuffer> } | undefined {
  const parts = sealed.split('.', 6).map(decodeBase64url)
  const [bytes] = parts
  if (bytes === undefined || parts.length !== 5 || parts.includes(undefined)) return undefined
  const json = parseJsonBytes(bytes, 2)
  if (!json.ok || !isJsonObject(json.value)) return undefined
  const { alg, enc, typ, kid, salt: text, ...others } = json.value
  if (alg !== 'dir' || enc !== 'A256GCM' || typ !== TYPE || Object.keys(others).length > 0) return undefined
  const salt = typeof text === 'string' ? decodeBase64url(text) : undefined
  if (typeof kid !== 'string' || salt?.length !== SALT_BYTES) return undefined
  return { kid, salt }
}

const MALFORMED: Refusal = {
  code: 'challenge_malformed',
  detail: 'the challenge was not issued by this gateway: request a new one and send it back unchanged',
}
const MISMATCH: Refusal = {
  code: 'challenge_mismatch',
  detail: 'the challenge was issued for another attestor, role or cluster: request one for this request',
}
const EXPIRED: Refusal = {
  code: 'challenge_expired',
  detail: `the challenge has expired: it is valid for ${CHALLENGE_LIFETIME_SECONDS} seconds; request a new one`,
}
