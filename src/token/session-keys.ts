// The gateway's own signing keys: a private JWK Set from `SESSION_SIGNING_KEYS`. The first key signs, all verify.
// Rotation: a new key goes last for one max-age of the published set (300 s), then first; an old one stays for one
// session lifetime, and may drop its private members meanwhile.
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { decodeBase64url } from '../core/base64.ts'
import { isJsonObject, type JsonObject, parseJson } from '../core/json.ts'
import { RSA_MAX_BITS, RSA_MIN_BITS, TOKEN_DEPTH_MAX } from '../core/limits.ts'

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

export interface SessionKeys {
  readonly signer: { readonly kid: string; readonly alg: string; key(): Promise<CryptoKey> }
  readonly algorithms: readonly string[]
  /** The public set, as `/.well-known/jwks.json` serves it. */
  readonly published: { readonly keys: readonly JsonObject[] }
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
  if (typeof kid !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(kid))
    return 'it needs a kid of 1 to 256 printable characters'
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
  if (kty === 'RSA') {
    const modulus = decodeBase64url(publicJwk['n'] ?? '')
    const bits = modulus === undefined ? 0 : modulus.length * 8
    if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
      return `its modulus must have ${RSA_MIN_BITS} to ${RSA_MAX_BITS} bits`
  }
  return { kid, alg, publicJwk, privateJwk: typeof jwk['d'] === 'string' ? jwk : undefined }
}

function createSessionKeys(keys: readonly SessionKey[]): SessionKeys {
  const [first] = keys
  if (first === undefined) throw new Error('a set of session keys is never empty')
  const verifiers = new Map(keys.map(({ kid, alg, publicJwk }) => [kid, { alg, key: importOnce(publicJwk, alg) }]))
  return {
    signer: { kid: first.kid, alg: first.alg, key: importOnce(first.privateJwk ?? first.publicJwk, first.alg) },
    algorithms: [...new Set(keys.map(({ alg }) => alg))],
    published: { keys: keys.map(({ publicJwk }) => publicJwk) },
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
