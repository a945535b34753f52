// The two keys of a request: the endorsement key (EK), which is the identity of a TPM, and an attestation key (AK) in the same TPM.
import { decodeBase64 } from '../../core/base64.ts'
import { concatBytes } from '../../core/bytes.ts'
import { ATTRIBUTE, type PublicArea, readPublicArea } from './public-area.ts'

/** Reads what `tpm2_createek -u`, `tpm2_createak -u` or `tpm2_readpublic -o` write, in base64. */
export function readPublicText(text: string): PublicArea | undefined {
  const bytes = decodeBase64(text)
  return bytes && readPublicArea(bytes)
}

/** Of the templates of the TCG EK Credential Profile (annex B): the hash of the name, and the bits of AES. */
const TEMPLATES: Readonly<Record<string, string>> = {
  'RSA-2048': 'SHA-256 128',
  'P-256': 'SHA-256 128',
  'P-384': 'SHA-384 256',
}

const { fixedtpm, fixedparent, sensitivedataorigin, restricted, decrypt, sign } = ATTRIBUTE
const RESIDENT = fixedtpm | fixedparent | sensitivedataorigin | restricted

/** Why a key is not an EK, as what follows `the field ek`; `undefined` if it is one. */
export function findEkFault({ key, nameHash, aesBits, hasScheme, attributes }: PublicArea): string | undefined {
  if (hasScheme || TEMPLATES[nameKind(key)] !== `${nameHash} ${aesBits}`)
    return 'is not by a template for an EK of RSA-2048, P-256 or P-384: make it with tpm2_createek'
  return findAttributeFault(attributes, RESIDENT | decrypt, sign)
}

/** Why a key is not an AK, as what follows `the field ak`; `undefined` if it is one. */
export function findAkFault({ key, aesBits, hasScheme, attributes }: PublicArea): string | undefined {
  const isShort = key.kind === 'RSA' && key.bits < 2048
  if (isShort || aesBits !== 0 || !hasScheme)
    return 'is not a signing key of RSA-2048 or more, P-256 or P-384 with a scheme: make it with tpm2_createak'
  return findAttributeFault(attributes, RESIDENT | sign, decrypt)
}

function nameKind(key: PublicArea['key']): string {
  return key.kind === 'RSA' ? `RSA-${key.bits}` : key.curve
}

function findAttributeFault(attributes: number, required: number, forbidden: number): string | undefined {
  for (const [name, bit] of Object.entries(ATTRIBUTE)) {
    if ((required & ~attributes & bit) !== 0) return `does not have the attribute ${name}`
    if ((forbidden & attributes & bit) !== 0) return `has the attribute ${name}`
  }
  return undefined
}

/** The DER of a SubjectPublicKeyInfo up to the numbers of the key, which have one length each. */
const SPKI_HEADS = {
  RSA: '30820122300d06092a864886f70d01010105000382010f003082010a0282010100',
  'P-256': '3059301306072a8648ce3d020106082a8648ce3d03010703420004',
  'P-384': '3076301006072a8648ce3d020106052b8104002203620004',
} as const
const RSA_EXPONENT = '0203010001'

/** Writes the key of an EK as a SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7), as its certificate has it. */
export function writeSpki({ key }: Pick<PublicArea, 'key'>): Uint8Array<ArrayBuffer> {
  return key.kind === 'RSA'
    ? concatBytes([fromHex(SPKI_HEADS.RSA), key.modulus, fromHex(RSA_EXPONENT)])
    : concatBytes([fromHex(SPKI_HEADS[key.curve]), key.x, key.y])
}

function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
