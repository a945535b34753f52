// The public area of a key in a TPM, as `tpm2-tools` write it to a file: a TPM2B_PUBLIC of RSA or of an elliptic curve (TPM 2.0
// Library, Part 2, section 12.2). Read strictly: every byte is accounted for, and each number has one length.
import { TPM_PUBLIC_MAX_BYTES } from '../../core/limits.ts'

type TpmHash = 'SHA-256' | 'SHA-384' | 'SHA-512'

export interface PublicArea {
  /** The area without its size: what the name of the key is made of. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly nameAlg: number
  readonly nameHash: TpmHash
  /** The bits of TPMA_OBJECT: see {@link ATTRIBUTE}. */
  readonly attributes: number
  /** Bits of the AES key by which it protects others, in CFB mode. 0: it protects none. */
  readonly aesBits: number
  /** Whether it signs by one scheme alone, with SHA-256 or better. */
  readonly hasScheme: boolean
  readonly key: TpmKey
}

export type TpmKey =
  | { readonly kind: 'RSA'; readonly bits: number; readonly modulus: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: 'EC'
      readonly curve: 'P-256' | 'P-384'
      readonly x: Uint8Array<ArrayBuffer>
      readonly y: Uint8Array<ArrayBuffer>
    }

/** TPMA_OBJECT (Part 2, section 8.3), by the names of `tpm2-tools`. */
export const ATTRIBUTE = {
  fixedtpm: 1 << 1,
  fixedparent: 1 << 4,
  sensitivedataorigin: 1 << 5,
  restricted: 1 << 16,
  decrypt: 1 << 17,
  sign: 1 << 18,
} as const

/** Bits that are reserved must be zero. */
const RESERVED = ~0x000f_0cf6
const ALG = { rsa: 0x0001, aes: 0x0006, null: 0x0010, ecc: 0x0023, cfb: 0x0043 } as const
const HASHES: Readonly<Record<number, TpmHash>> = { 11: 'SHA-256', 12: 'SHA-384', 13: 'SHA-512' }
/** RSASSA and RSAPSS, and ECDSA: each is followed by a hash. */
const SCHEMES: Readonly<Record<number, readonly number[]>> = { [ALG.rsa]: [0x0014, 0x0016], [ALG.ecc]: [0x0018] }
const CURVES: Readonly<Record<number, readonly ['P-256' | 'P-384', number]>> = {
  3: ['P-256', 32],
  4: ['P-384', 48],
}

/** Reads one public area; `undefined` if the bytes are not exactly one, of a kind that is known here. */
export function readPublicArea(bytes: Uint8Array<ArrayBuffer>): PublicArea | undefined {
  if (bytes.length > TPM_PUBLIC_MAX_BYTES) return undefined
  try {
    return read(bytes)
  } catch (error) {
    // Only for bytes that end too early.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function read(bytes: Uint8Array<ArrayBuffer>): PublicArea | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const take = (length: number): number => {
    at += length
    return at - length
  }
  const readUint16 = (): number => view.getUint16(take(2))
  const readUint32 = (): number => view.getUint32(take(4))
  const readSized = (): Uint8Array<ArrayBuffer> => {
    const length = readUint16()
    const start = take(length)
    return bytes.subarray(start, at)
  }
  const size = readUint16()
  const [type, nameAlg] = [readUint16(), readUint16()]
  const [nameHash, schemes] = [HASHES[nameAlg], SCHEMES[type]]
  const attributes = readUint32()
  const policy = readSized()
  const symmetric = readUint16()
  const aesBits = symmetric === ALG.aes ? readUint16() : 0
  const isSymmetric = symmetric === ALG.aes ? readUint16() === ALG.cfb : symmetric === ALG.null
  const scheme = readUint16()
  const hasScheme = scheme !== ALG.null
  const isScheme = !hasScheme || (schemes?.includes(scheme) && HASHES[readUint16()] !== undefined)
  const isKnown = size === bytes.length - 2 && isSymmetric && isScheme && (attributes & RESERVED) === 0
  if (!isKnown || nameHash === undefined || schemes === undefined || policy.length > 64) return undefined
  const key = type === ALG.rsa ? readRsa() : readPoint()
  if (key === undefined || at !== bytes.length) return undefined
  return { bytes: bytes.subarray(2), nameAlg, nameHash, attributes, aesBits, hasScheme, key }

  function readRsa(): TpmKey | undefined {
    const [bits, exponent, modulus] = [readUint16(), readUint32(), readSized()]
    // 0 stands for 65537 (Part 2, section 12.2.3.5).
    const isExponent = exponent === 0 || exponent === 65_537
    const isFull = modulus.length * 8 === bits && (modulus[0] ?? 0) >= 0x80 && ((modulus.at(-1) ?? 0) & 1) === 1
    return isExponent && isFull ? { kind: 'RSA', bits, modulus } : undefined
  }

  function readPoint(): TpmKey | undefined {
    const [curve, length] = CURVES[readUint16()] ?? []
    const [kdf, x, y] = [readUint16(), readSized(), readSized()]
    // Coordinates are filled up to the size of the curve (Part 1, annex C.8).
    const isFull = x.length === length && y.length === length
    return curve !== undefined && kdf === ALG.null && isFull ? { kind: 'EC', curve, x, y } : undefined
  }
}
