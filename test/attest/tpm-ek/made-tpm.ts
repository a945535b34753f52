// A TPM in a few lines: keys of node:crypto, their public areas part by part, and TPM2_ActivateCredential by other code than the
// gateway's (AES-CFB, OAEP and ECDH of OpenSSL). For what a real one cannot be brought to, and where none is installed.
import {
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
} from 'node:crypto'
import { concat, sized, uint } from './tpm-bytes.ts'

export const TPM_KINDS = ['RSA-2048', 'P-256', 'P-384'] as const
export type TpmKind = (typeof TPM_KINDS)[number]

/** A public area in its parts (TPMT_PUBLIC), each of which a test may replace. */
export interface PublicParts {
  readonly type: Buffer
  readonly nameAlg: Buffer
  readonly attributes: number
  readonly policy: Buffer
  readonly symmetric: Buffer
  readonly scheme: Buffer
  /** Of RSA the bits and the exponent, of a curve its number and a key derivation. */
  readonly parameters: Buffer
  readonly unique: Buffer
}

export function writePublic(parts: PublicParts): string {
  const { type, nameAlg, attributes, policy, symmetric, scheme, parameters, unique } = parts
  const whole = [type, nameAlg, uint(4, attributes), sized(policy), symmetric, scheme, parameters, unique]
  return sized(...whole).toString('base64')
}

export const SHA256 = uint(2, 0x000b)
export const SHA384 = uint(2, 0x000c)
export const NONE = uint(2, 0x0010)
const aes = (bits: number): Buffer => concat(uint(2, 0x0006), uint(2, bits), uint(2, 0x0043))
/** As tpm2_createek and tpm2_createak make them. */
export const EK_ATTRIBUTES = 0x000300b2
export const AK_ATTRIBUTES = 0x00050072

interface Kind {
  readonly hash: 'sha256' | 'sha384'
  readonly aesBits: 128 | 256
  readonly curve?: string
}
const KINDS: Readonly<Record<TpmKind, Kind>> = {
  'RSA-2048': { hash: 'sha256', aesBits: 128 },
  'P-256': { hash: 'sha256', aesBits: 128, curve: 'P-256' },
  'P-384': { hash: 'sha384', aesBits: 256, curve: 'P-384' },
}

export interface MadeTpm {
  readonly ek: PublicParts
  readonly ak: PublicParts
  /** The request for a challenge. */
  readonly request: { readonly ek: string; readonly ak: string }
  /** SHA-256 of the EK as a SubjectPublicKeyInfo, in hex. */
  readonly hash: string
  /** @param ak the public area of another AK. @throws if the credential is not for this EK and AK */
  activate(credential: string, ak?: string): Buffer
  /** The answer that an agent sends. */
  answer(credential: string, message: string): string
}

/** Its AK is of P-256. @param key the private key of the EK, as a certificate was made for it; default a new one */
export function makeTpm(kind: TpmKind = 'P-256', key: KeyObject = makeKey(kind)): MadeTpm {
  const { hash, aesBits } = KINDS[kind]
  const publicKey = createPublicKey(key)
  const ek: PublicParts = {
    ...describeKey(kind, publicKey),
    nameAlg: hash === 'sha256' ? SHA256 : SHA384,
    attributes: EK_ATTRIBUTES,
    policy: Buffer.alloc(hash === 'sha256' ? 32 : 48, 7),
    symmetric: aes(aesBits),
    scheme: NONE,
  }
  const ak: PublicParts = {
    ...describeKey('P-256', createPublicKey(makeKey('P-256'))),
    nameAlg: SHA256,
    attributes: AK_ATTRIBUTES,
    policy: Buffer.alloc(0),
    symmetric: NONE,
    scheme: concat(uint(2, 0x0018), SHA256),
  }
  const request = { ek: writePublic(ek), ak: writePublic(ak) }
  const activate = (credential: string, area = request.ak): Buffer => open(kind, key, credential, area)
  return {
    ek,
    ak,
    request,
    hash: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    activate,
    answer: (credential, message) => createHmac('sha256', activate(credential)).update(message).digest('base64'),
  }
}

function makeKey(kind: TpmKind): KeyObject {
  const { curve } = KINDS[kind]
  return curve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    : generateKeyPairSync('ec', { namedCurve: curve }).privateKey
}

function describeKey(kind: TpmKind, key: KeyObject): Pick<PublicParts, 'type' | 'parameters' | 'unique'> {
  const { n = '', x = '', y = '' } = key.export({ format: 'jwk' })
  const number = (text: string): Buffer => sized(Buffer.from(text, 'base64url'))
  if (kind === 'RSA-2048') return { type: uint(2, 1), parameters: concat(uint(2, 2048), uint(4, 0)), unique: number(n) }
  const curve = uint(2, kind === 'P-256' ? 3 : 4)
  return { type: uint(2, 0x23), parameters: concat(curve, NONE), unique: concat(number(x), number(y)) }
}

function open(kind: TpmKind, key: KeyObject, credential: string, ak: string): Buffer {
  const { hash, aesBits, curve } = KINDS[kind]
  const file = Buffer.from(credential, 'base64')
  if (file.subarray(0, 8).toString('hex') !== 'badcc0de00000001') throw new Error('not a file of tpm2-tools')
  const [blob, encrypted, rest] = takeSized(file.subarray(8))
  if (rest.length > 0) throw new Error('bytes after the credential')
  const seed = curve === undefined ? openSeed(key, encrypted) : agreeSeed(key, encrypted, hash, curve)
  const name = concat(SHA256, createHash('sha256').update(Buffer.from(ak, 'base64').subarray(2)).digest())
  const derive = (label: string, context: Buffer, bits: number): Buffer =>
    createHmac(hash, seed)
      .update(concat(uint(4, 1), Buffer.from(`${label}\0`), context, uint(4, bits)))
      .digest()
      .subarray(0, bits / 8)
  const [mac, identity] = takeOne(blob)
  const bits = Number(hash.slice(3))
  const expected = createHmac(hash, derive('INTEGRITY', Buffer.alloc(0), bits))
    .update(concat(identity, name))
    .digest()
  if (!expected.equals(mac)) throw new Error('the integrity does not hold')
  const by = derive('STORAGE', name, aesBits)
  // Decryption of CFB: the key stream is made by the same cipher.
  const cipher = createCipheriv(`aes-${aesBits}-ecb`, by, null).setAutoPadding(false)
  const plain = Buffer.from(identity)
  for (let at = 0; at < identity.length; at += 16) {
    const before = at === 0 ? Buffer.alloc(16) : identity.subarray(at - 16, at)
    const stream = cipher.update(before)
    for (let index = at; index < Math.min(at + 16, identity.length); index++)
      plain[index] = (plain[index] ?? 0) ^ (stream[index - at] ?? 0)
  }
  const [secret, after] = takeOne(plain)
  if (after.length > 0) throw new Error('bytes after the secret')
  return secret
}

function openSeed(key: KeyObject, encrypted: Buffer): Buffer {
  return privateDecrypt({ key, oaepHash: 'sha256', oaepLabel: Buffer.from('IDENTITY\0') }, encrypted)
}

function agreeSeed(key: KeyObject, encrypted: Buffer, hash: string, curve: string): Buffer {
  const [x, y, rest] = takeSized(encrypted)
  if (rest.length > 0) throw new Error('bytes after the point')
  const jwk = { kty: 'EC', crv: curve, x: x.toString('base64url'), y: y.toString('base64url') }
  const shared = diffieHellman({ privateKey: key, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) })
  const own = Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url')
  return createHash(hash)
    .update(concat(uint(4, 1), shared, Buffer.from('IDENTITY\0'), x, own))
    .digest()
}

function takeOne(bytes: Buffer): readonly [Buffer, Buffer] {
  const length = bytes.readUint16BE()
  return [bytes.subarray(2, 2 + length), bytes.subarray(2 + length)]
}
function takeSized(bytes: Buffer): readonly [Buffer, Buffer, Buffer] {
  const [first, others] = takeOne(bytes)
  return [first, ...takeOne(others)]
}
