// The gateway's own signing keys: a private JWK Set from `SESSION_SIGNING_KEYS`. The first key signs, all verify.
// Rotation: a new key goes last for one max-age of the published set (300 s), then first; an old one stays for one
// session lifetime, and may drop its private members meanwhile.
import { CompactSign, type CryptoKey, compactVerify, importJWK, type JWK } from 'jose'
import { isJsonObject, type JsonObject, parseJson } from '../../core/json.ts'
import { SESSION_KID_MAX_LENGTH, TOKEN_DEPTH_MAX } from '../../core/limits.ts'
import { readPublicKey } from '../keys/public-key.ts'

interface SessionAlgorithm {
  readonly kty: string
  readonly crv?: string
  /** Members that are published; everything else of a key is secret or noise. */
  readonly publicMembers: readonly string[]
}

const ALGORITHMS: ReadonlyMap<string, SessionAlgorithm> = new Map<string, SessionAlgorithm>([
  ['ES256', { kty: 'EC', crv: 'P-256', publicMembers: ['crv', 'x', 'y'] }],
  ['EdDSA', { kty: 'OKP', crv: 'Ed25519', publicMembers: ['crv', 'x'] }],
  ['RS256', { kty: 'RSA', publicMembers: ['n', 'e'] }],
])

/** A key of the set, checked. Only `readSessionKeys` makes one. */
interface SessionKey {
  readonly kid: string
  readonly alg: string
  readonly publicJwk: JsonObject
  readonly privateJwk: JsonObject | undefined
}

export interface KeyPair {
  readonly kid: string
  readonly alg: string
  publicKey(): Promise<CryptoKey>
  /** Absent where the key only verifies. */
  readonly privateKey: (() => Promise<CryptoKey>) | undefined
}

export interface SessionKeys {
  readonly signer: { readonly kid: string; readonly alg: string; key(): Promise<CryptoKey> }
  readonly algorithms: readonly string[]
  /** The public set, as `/.well-known/jwks.json` serves it. */
  readonly published: { readonly keys: readonly JsonObject[] }
  /** Every key, in order: its halves as they are imported. */
  readonly pairs: readonly KeyPair[]
  /** The public key of this `kid`, or `undefined`. */
  verifier(kid: string): { readonly alg: string; key(): Promise<CryptoKey> } | undefined
}

export type SessionKeysResult =
  | { readonly ok: true; readonly value: SessionKeys }
  | { readonly ok: false; readonly problems: readonly [string, ...string[]] }

/** Reads the set and lists every problem of it. The problems name keys by position and `kid`, never their members. */
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
      problems.push(`key ${index}: the kid "${read.kid}" is used twice`)
    else keys.push(read)
  }
  if (problems.length === 0 && keys[0]?.privateJwk === undefined) {
    problems.push(keys.length === 0 ? 'it holds no key' : 'the first key signs, and has no private members')
  }
  const [problem, ...others] = problems
  return problem === undefined
    ? { ok: true, value: createSessionKeys(keys) }
    : { ok: false, problems: [problem, ...others] }
}

function readKey(jwk: JsonObject): SessionKey | string {
  const { kid, alg, kty, use } = jwk
  if (typeof kid !== 'string' || kid.length > SESSION_KID_MAX_LENGTH || !/^[\x21-\x7e]+$/.test(kid))
    return `it needs a kid of 1 to ${SESSION_KID_MAX_LENGTH} printable characters`
  const row = typeof alg === 'string' ? ALGORITHMS.get(alg) : undefined
  if (typeof alg !== 'string' || row === undefined) return `it needs an alg of ${[...ALGORITHMS.keys()].join(', ')}`
  if (kty !== row.kty || (row.crv !== undefined && jwk['crv'] !== row.crv))
    return `its kty and crv are not those of ${alg}`
  if (use !== 'sig') return 'it needs use: "sig"'
  const publicJwk: Record<string, string> = { kid, alg, kty, use }
  for (const member of row.publicMembers) {
    const value = jwk[member]
    if (typeof value !== 'string' || value === '') return `the member ${member} is missing`
    publicJwk[member] = value
  }
  // What would make an issuer's key forgeable makes ours so as well: short moduli, small exponents, ROCA.
  const checked = readPublicKey(publicJwk)
  if (!checked.ok) return checked.reason
  return { kid, alg, publicJwk, privateJwk: typeof jwk['d'] === 'string' ? jwk : undefined }
}

/**
 * Imports every key, and has each private half sign what its public half then verifies. Lists what fails, by position;
 * no member of a key is quoted.
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
    const signed = await new CompactSign(PROOF).setProtectedHeader({ alg }).sign(signing)
    return await compactVerify(signed, verifying, { algorithms: [alg] }).then(
      () => undefined,
      () => 'its private members do not belong to its public ones',
    )
  } catch {
    // The error of an import may quote the key.
    return `this host cannot use it as a key of ${alg}: its members do not make one key`
  }
}

/** What a proof signs; the signature is discarded. */
const PROOF = new TextEncoder().encode('postern session key')

function createSessionKeys(keys: readonly SessionKey[]): SessionKeys {
  const pairs = keys.map(({ kid, alg, publicJwk, privateJwk }) => ({
    kid,
    alg,
    publicKey: importOnce(publicJwk, alg),
    privateKey: privateJwk === undefined ? undefined : importOnce(privateJwk, alg),
  }))
  const [first] = keys
  const sign = pairs[0]?.privateKey
  if (first === undefined || sign === undefined) throw new Error('the first key of a set always signs')
  const verifiers = new Map(pairs.map(({ kid, alg, publicKey }) => [kid, { alg, key: publicKey }]))
  return {
    signer: { kid: first.kid, alg: first.alg, key: sign },
    algorithms: [...new Set(keys.map(({ alg }) => alg))],
    published: { keys: keys.map(({ publicJwk }) => publicJwk) },
    pairs,
    verifier: (kid) => verifiers.get(kid),
  }
}

/** Keeps the imported key, not the promise of it: a promise must not be shared between requests on Workers. */
function importOnce(jwk: JsonObject, alg: string): () => Promise<CryptoKey> {
  let imported: CryptoKey | undefined
  return async () => {
    if (imported !== undefined) return imported
    const key = await importJWK({ ...jwk } as JWK, alg)
    if (key instanceof Uint8Array) throw new Error('a session key is never symmetric')
    imported = key
    return imported
  }
}
