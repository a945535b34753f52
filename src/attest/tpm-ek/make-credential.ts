// TPM2_MakeCredential without a TPM (TPM 2.0 Library, Part 1, section 24 and annexes B.10.3 and C.6.3), by WebCrypto: a secret that only
// the TPM of the endorsement key opens, and only while it holds the attestation key of that name.
import { concatBytes } from '../../core/bytes.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { PublicArea } from './public-area.ts'
import { writeSpki } from './tpm-keys.ts'

type Bytes = Uint8Array<ArrayBuffer>

const LABEL = 'IDENTITY\0'
/** The head of a file of `tpm2_makecredential`: a magic number and its version. */
const FILE_HEAD = Uint8Array.of(0xba, 0xdc, 0xc0, 0xde, 0, 0, 0, 1)

/**
 * Makes a credential.
 *
 * @param ek one that `findEkFault` accepts
 * @param ak what it is bound to: its name is computed here, and never taken from a caller
 * @param secret at most as long as the hash of the EK
 * @returns the file that `tpm2_activatecredential -i` takes: {@link FILE_HEAD}, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET; or
 *   `undefined` if the EK is no key that WebCrypto takes, such as a point that is not on its curve
 */
export async function makeCredential(ek: PublicArea, ak: PublicArea, secret: Bytes): Promise<Bytes | undefined> {
  const name = concatBytes([writeUint(2, ak.nameAlg), await digest(ak.nameHash, ak.bytes)])
  const hashBits = Number(ek.nameHash.slice(4))
  // Hosts differ in the errors that they throw for a key that is none.
  const made = await makeSeed(ek, hashBits / 8).catch(() => undefined)
  if (made === undefined) return undefined
  const { seed, encrypted } = made
  const derive = (label: string, context: Bytes, bits: number): Promise<Bytes> =>
    hmac(ek.nameHash, seed, [writeUint(4, 1), encodeUtf8(`${label}\0`), context, writeUint(4, bits)])
  const storage = await derive('STORAGE', name, ek.aesBits)
  const identity = await encryptCfb(storage.subarray(0, ek.aesBits / 8), writeSized(secret))
  const integrity = await derive('INTEGRITY', new Uint8Array(), hashBits)
  const mac = await hmac(ek.nameHash, integrity, [identity, name])
  return concatBytes([FILE_HEAD, writeSized(writeSized(mac), identity), writeSized(encrypted)])
}

/** A seed of as many bytes as the hash has, and what the EK gets it back from. */
async function makeSeed(ek: PublicArea, bytes: number): Promise<{ readonly seed: Bytes; readonly encrypted: Bytes }> {
  const { key, nameHash } = ek
  const spki = writeSpki(ek)
  if (key.kind === 'RSA') {
    const seed = crypto.getRandomValues(new Uint8Array(bytes))
    const algorithm = { name: 'RSA-OAEP', hash: nameHash }
    const to = await crypto.subtle.importKey('spki', spki, algorithm, false, ['encrypt'])
    const encrypted = await crypto.subtle.encrypt({ name: 'RSA-OAEP', label: encodeUtf8(LABEL) }, to, seed)
    return { seed, encrypted: new Uint8Array(encrypted) }
  }
  const algorithm = { name: 'ECDH', namedCurve: key.curve }
  const to = await crypto.subtle.importKey('spki', spki, algorithm, false, [])
  const own = (await crypto.subtle.generateKey(algorithm, false, ['deriveBits'])) as CryptoKeyPair
  const length = key.x.length
  // Not written in place: the types of Workers have another name for `public`, which they take.
  const agreement = { name: 'ECDH', public: to }
  const shared = await crypto.subtle.deriveBits(agreement, own.privateKey, length * 8)
  const point = new Uint8Array((await crypto.subtle.exportKey('raw', own.publicKey)) as ArrayBuffer)
  const [x, y] = [point.subarray(1, 1 + length), point.subarray(1 + length)]
  // KDFe (Part 1, section 11.4.10.3).
  const input = [writeUint(4, 1), new Uint8Array(shared), encodeUtf8(LABEL), x, key.x]
  return { seed: await digest(nameHash, concatBytes(input)), encrypted: concatBytes([writeSized(x), writeSized(y)]) }
}

async function digest(hash: string, bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes))
}

/** Also KDFa (Part 1, section 11.4.10.2), of which one block is enough for every key here. */
async function hmac(hash: string, key: Bytes, parts: readonly Bytes[]): Promise<Bytes> {
  const by = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', by, concatBytes(parts)))
}

/** CFB with a block of zeros first: CTR of one block, whose counter is the block before it. WebCrypto has no CFB. */
async function encryptCfb(key: Bytes, plain: Bytes): Promise<Bytes> {
  const by = await crypto.subtle.importKey('raw', key, 'AES-CTR', false, ['encrypt'])
  const blocks: Bytes[] = []
  let counter = new Uint8Array(16)
  for (let at = 0; at < plain.length; at += 16) {
    const block = plain.subarray(at, at + 16)
    counter = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CTR', counter, length: 128 }, by, block))
    blocks.push(counter)
  }
  return concatBytes(blocks)
}

/** A TPM2B: the size in two bytes, and the parts. */
function writeSized(...parts: readonly Bytes[]): Bytes {
  const whole = concatBytes(parts)
  return concatBytes([writeUint(2, whole.length), whole])
}

function writeUint(bytes: 2 | 4, value: number): Bytes {
  const written = new Uint8Array(4)
  new DataView(written.buffer).setUint32(0, value)
  return written.subarray(4 - bytes)
}
