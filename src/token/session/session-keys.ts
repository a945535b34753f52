// The gateway's own signing keys: a private JWK Set from `SESSION_SIGNING_KEYS`. The first key signs, all verify.
// Rotation: a new key goes last for one max-age of the published set (300 s), then first; an old one stays for one
// session lifetime, and may drop its private members meanwhile.
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { encodeBase64url } from '../../core/base64.ts'
import { isJsonObject, type JsonObject, parseJson } from '../../core/json.ts'
import { SESSION_KID_MAX_LENGTH, TOKEN_DEPTH_MAX } from '../../core/limits.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import { type Algorithm, isAlgorithm } from '../algorithms.ts'
import { readPublicKey } from '../keys/public-key.ts'
import { SESSION_TYPE } from '../parse.ts'
import { signBytes, verifySignatureBytes } from '../signature.ts'

interface SessionAlgorithm {
  readonly kty: string
  readonly crv?: string
  /** Members that are published; everything else of a key is secret or noise. */
  readonly publicMembers: readonly string[]
}

const ALGORITHMS: ReadonlyMap<Algorithm, SessionAlgorithm> = new Map<Algorithm, SessionAlgorithm>([
  ['ES256', { kty: 'EC', crv: 'P-256', publicMembers: ['crv', 'x', 'y'] }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', publicMembers: ['crv', 'x'] }],
  ['RS256', { kty: 'RSA', publicMembers: ['n', 'e'] }],
])

/** A key of the set, checked. Only `readSessionKeys` makes one. */
interface SessionKey {
  readonly kid: string
  readonly alg: Algorithm
  readonly publicJwk: JsonObject
  readonly privateJwk: JsonObject | undefined
}

export interface KeyPair {
  readonly kid: string
  readonly alg: Algorithm
  publicKey(): Promise<CryptoKey>
  /** Absent where the key only verifies. */
  readonly privateKey: (() => Promise<CryptoKey>) | undefined
}

export interface SessionKeys {
  /** `header`: the protected header of every session that it signs, encoded once. */
  readonly signer: {
    readonly kid: string
    readonly alg: Algorithm
    readonly header: string
    key(): Promise<CryptoKey>
  }
  readonly algorithms: readonly string[]
  /** The public set, as `/.well-known/jwks.json` serves it. */
  readonly published: { readonly keys: readonly JsonObject[] }
  /** Every key, in order: its halves as they are imported. */
  readonly pairs: readonly KeyPair[]
  /** The public key of this `kid`, or `undefined`. */
  verifier(kid: string): { readonly alg: Algorithm; key(): Promise<CryptoKey> } | undefined
}

export type SessionKeysResult =
  | { readonly ok: true; readonly value: SessionKeys }
  | { readonly ok: false; readonly problems: readonly [string, ...string[]] }

/**
 * Reads a private JWK Set (RFC 7517 section 5).
 *
 * @param text JSON, as `SESSION_SIGNING_KEYS` has it. The first key signs, so it needs its private members.
 * @returns The keys, or every problem of the set. Problems name keys by position and `kid`, and quote no member.
 */
export function readSessionKeys(text: string): SessionKeysResult {
  const json = parseJson(text, TOKEN_DEPTH_MAX)
  if (!json.ok || !isJsonObject(json.value) || !Array.isArray(json.value['keys'])) {
    return { ok: false, problems: ['it is not a JWK Set: write {"keys": [...]} as JSON'] }
  }
  const problems: string[] = []
  const keys: SessionKey[] = []
  for (const [index, jwk] of json.value['keys'].entries()) {
    const read = isJsonObject(jwk) ? readKey(jwk) : 'it is not an object'
    if (typeof read === 'string') problems.push(`key ${index}: ${read}`)
    else if (keys.some(({ kid }) => kid === read.kid))
      problems.push(`key ${index}: its kid "${read.kid}" is already used by another key`)
    else keys.push(read)
  }
  if (problems.length === 0 && keys[0]?.privateJwk === undefined) {
    problems.push(keys.length === 0 ? 'it has no keys' : 'the first key signs, but has no private members')
  }
  const [problem, ...others] = problems
  return problem === undefined
    ? { ok: true, value: createSessionKeys(keys) }
    : { ok: false, problems: [problem, ...others] }
}

function readKey(jwk: JsonObject): SessionKey | string {
  const { kid, alg, kty, use } = jwk
  if (typeof kid !== 'string' || kid.length > SESSION_KID_MAX_LENGTH || !/^[\x21-\x7e]+$/.test(kid))
    return `its kid must be 1 to ${SESSION_KID_MAX_LENGTH} printable characters`
  const row = typeof alg === 'string' && isAlgorithm(alg) ? ALGORITHMS.get(alg) : undefined
  if (typeof alg !== 'string' || !isAlgorithm(alg) || row === undefined)
    return `its alg must be one of ${[...ALGORITHMS.keys()].join(', ')}`
  if (kty !== row.kty || (row.crv !== undefined && jwk['crv'] !== row.crv))
    return `its kty and crv do not match its alg ${alg}`
  if (use !== 'sig') return 'its use must be "sig"'
  const publicJwk: Record<string, string> = { kid, alg, kty, use }
  for (const member of row.publicMembers) {
    const value = jwk[member]
    if (typeof value !== 'string' || value === '') return `its member ${member} is missing`
    publicJwk[member] = value
  }
  // The weaknesses of issuers' keys are refused in ours too: short moduli, small exponents, ROCA.
  const checked = readPublicKey(publicJwk)
  if (!checked.ok) return checked.reason
  return { kid, alg, publicJwk, privateJwk: typeof jwk['d'] === 'string' ? jwk : undefined }
}

/**
 * Imports every key, signs with each private half, and verifies with its public half. Lists the failures by position,
 * and quotes no member of a key.
 */
export async function findKeyFaults({ pairs }: SessionKeys): Promise<readonly string[]> {
  const faults = await Promise.all(
    pairs.map(async (pair, index) => {
      const fault = await findPairFault(pair)
      return fault === undefined ? [] : [`key ${index}: ${fault}`]
    }),
  )
  return faults.flat()
}

async function findPairFault({ alg, publicKey, privateKey }: KeyPair): Promise<string | undefined> {
  try {
    const verifying = await publicKey()
    if (privateKey === undefined) return undefined
    const signing = await privateKey()
    const signature = await signBytes(alg, signing, PROOF)
    const matches = await verifySignatureBytes(alg, verifying, signature, PROOF)
    return matches ? undefined : 'its private members do not match its public members'
  } catch {
    // The error of an import may quote the key.
    return `this host cannot import it as a key for ${alg}: its members do not form a valid key`
  }
}

/** What a proof signs; the signature is discarded. */
const PROOF = 'postern session key'

function createSessionKeys(keys: readonly SessionKey[]): SessionKeys {
  const pairs = keys.map(({ kid, alg, publicJwk, privateJwk }) => ({
    kid,
    alg,
    publicKey: importOnce(publicJwk, alg),
    privateKey: privateJwk === undefined ? undefined : importOnce(privateJwk, alg),
  }))
  const [first] = keys
  const sign = pairs[0]?.privateKey
  if (first === undefined || sign === undefined)
    throw new Error('a set of session keys always has a first key that signs')
  const verifiers = new Map(pairs.map(({ kid, alg, publicKey }) => [kid, { alg, key: publicKey }]))
  return {
    signer: { kid: first.kid, alg: first.alg, header: encodeHeader(first), key: sign },
    algorithms: [...new Set(keys.map(({ alg }) => alg))],
    published: { keys: keys.map(({ publicJwk }) => publicJwk) },
    pairs,
    verifier: (kid) => verifiers.get(kid),
  }
}

function encodeHeader({ alg, kid }: SessionKey): string {
  return encodeBase64url(encodeUtf8(JSON.stringify({ alg, kid, typ: SESSION_TYPE })))
}

/** Keeps the imported key, not the promise of it: a promise must not be shared between requests on Workers. */
function importOnce(jwk: JsonObject, alg: string): () => Promise<CryptoKey> {
  let imported: CryptoKey | undefined
  return async () => {
    if (imported !== undefined) return imported
    const key = await importJWK({ ...jwk } as JWK, alg)
    if (key instanceof Uint8Array) throw new Error('a session key must not be symmetric')
    imported = key
    return imported
  }
}
