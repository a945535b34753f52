// Wycheproof's signature vectors (testvectors or testvectors_v1) against the keys and signatures of tokens: each key is read
// as an entry of a JWK Set, each signature verified as that of a token. A signature in another form than JOSE's is left out.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeUtf8 } from '../../src/core/utf8.ts'
import type { Algorithm } from '../../src/token/algorithms.ts'
import { type PublicKey, readPublicKey } from '../../src/token/keys/public-key.ts'
import { verifySignatureBytes } from '../../src/token/signature.ts'
import { createTally, type Tally } from './tally.ts'

interface Vector {
  readonly tcId: number
  readonly msg: string
  readonly sig: string
  readonly result: 'valid' | 'invalid' | 'acceptable'
}

interface Numbers {
  readonly curve?: string
  readonly uncompressed?: string
  readonly pk?: string
  readonly modulus?: string
  readonly publicExponent?: string
}

interface Group {
  readonly type: string
  readonly sha?: string
  readonly mgfSha?: string
  readonly sLen?: number
  readonly n?: string
  readonly e?: string
  /** `key` in testvectors, `publicKey` in testvectors_v1. */
  readonly key?: Numbers
  readonly publicKey?: Numbers
  readonly tests: readonly Vector[]
}

/** By the type of a group and what names its algorithm, in the order of {@link nameKind}. */
const ALGORITHM_OF: ReadonlyMap<string, Algorithm> = new Map<string, Algorithm>([
  ['RsassaPkcs1Verify SHA-256', 'RS256'],
  ['RsassaPkcs1Verify SHA-384', 'RS384'],
  ['RsassaPkcs1Verify SHA-512', 'RS512'],
  ['RsassaPssVerify SHA-256 SHA-256 32', 'PS256'],
  ['RsassaPssVerify SHA-384 SHA-384 48', 'PS384'],
  ['RsassaPssVerify SHA-512 SHA-512 64', 'PS512'],
  ['EcdsaP1363Verify secp256r1 SHA-256', 'ES256'],
  ['EcdsaP1363Verify secp384r1 SHA-384', 'ES384'],
  ['EcdsaP1363Verify secp521r1 SHA-512', 'ES512'],
  ['EddsaVerify edwards25519', 'EdDSA'],
])
const JOSE_CURVES: ReadonlyMap<string, string> = new Map([
  ['secp256r1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
])

/** @param folder the folder of the JSON files */
export async function runWycheproof(folder: string): Promise<Tally> {
  const tally = createTally()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { testGroups = [] } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      testGroups?: readonly Group[]
    }
    for (const group of testGroups) await runGroup(file, group, tally)
  }
  return tally
}

async function runGroup(file: string, group: Group, tally: Tally): Promise<void> {
  if (!/Verify$/.test(group.type)) return
  const algorithm = ALGORITHM_OF.get(nameKind(group))
  if (algorithm === undefined) {
    for (const _ of group.tests) tally.count('left out: no algorithm or form of a token')
    return
  }
  const key = readPublicKey(toJwk(group))
  for (const vector of group.tests) {
    const name = `${file} ${vector.tcId}`
    if (key.ok) await runVector(name, vector, algorithm, key.value, tally)
    else if (vector.result === 'valid') tally.count(`${algorithm} valid, but the key is refused: ${key.reason}`)
    else tally.count(`${algorithm} ${vector.result}, and the key is refused`)
  }
}

async function runVector(name: string, vector: Vector, algorithm: Algorithm, key: PublicKey, tally: Tally) {
  const message = decodeUtf8(new Uint8Array(Buffer.from(vector.msg, 'hex')))
  if (message === undefined) {
    tally.count('left out: the message is not text, as that of a token is')
    return
  }
  const signature = new Uint8Array(Buffer.from(vector.sig, 'hex'))
  const isValid = await verifySignatureBytes(algorithm, await key.importFor(algorithm), signature, message)
  if (vector.result === 'acceptable' || isValid === (vector.result === 'valid')) {
    tally.count(`${algorithm} ${vector.result}, ${isValid ? 'verified' : 'refused'}`)
  } else tally.fail(name, `is ${vector.result}, and was ${isValid ? 'verified' : 'refused'}`)
}

function nameKind(group: Group): string {
  const curve = (group.publicKey ?? group.key)?.curve
  return [group.type, curve, group.sha, group.mgfSha, group.sLen].filter((part) => part !== undefined).join(' ')
}

function toJwk(group: Group): unknown {
  const numbers: Numbers = group.publicKey ?? group.key ?? {}
  const { uncompressed, pk, curve = '' } = numbers
  if (uncompressed !== undefined) {
    // 04, then both coordinates.
    const digits = (uncompressed.length - 2) / 2
    const x = toBase64url(uncompressed.slice(2, 2 + digits))
    return { kty: 'EC', crv: JOSE_CURVES.get(curve), x, y: toBase64url(uncompressed.slice(2 + digits)) }
  }
  if (pk !== undefined) return { kty: 'OKP', crv: 'Ed25519', x: toBase64url(pk) }
  const { modulus = group.n ?? '', publicExponent = group.e ?? '' } = numbers
  return { kty: 'RSA', n: toBase64url(trimZeros(modulus)), e: toBase64url(trimZeros(publicExponent)) }
}

/** ASN.1 writes a zero byte before a number whose first bit is set. */
function trimZeros(hex: string): string {
  return hex.replace(/^(00)+(?=..)/, '')
}

function toBase64url(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64url')
}
