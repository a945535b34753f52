// Signed documents (CMS, RFC 5652) in the two shapes that clouds make, and in no other. The document, one signer, and signed
// attributes are read once, and what is verified is what is used: a reader that looks away from a second signer, from an
// appended document or from a certificate in the bag can be made to see another document than was signed.
import { concatBytes, encodeHex } from '../core/bytes.ts'
import { context, type DerReader, parseDer, TAG } from '../core/der.ts'
import { sha256 } from '../core/digest.ts'
import { SIGNED_DOCUMENT_CERTIFICATES_MAX, SIGNED_DOCUMENT_MAX_BYTES } from '../core/limits.ts'
import { OID } from './object-ids.ts'
import { type CertificateKey, type Scheme, verifyWith } from './signature-check.ts'

export interface SignedDocument {
  readonly content: Uint8Array<ArrayBuffer>
  /** The names of the signer's certificate, as DER. */
  readonly issuer: Uint8Array<ArrayBuffer>
  readonly serial: Uint8Array<ArrayBuffer>
  /** Absent: the content itself is signed. */
  readonly attributes:
    | { readonly signed: Uint8Array<ArrayBuffer>; readonly digest: Uint8Array<ArrayBuffer> }
    | undefined
  readonly signature: Uint8Array<ArrayBuffer>
  /** Never trusted: they may only lead to something that is. */
  readonly certificates: readonly Uint8Array<ArrayBuffer>[]
}

/**
 * - `aws`: indefinite lengths around the content, no certificates, known attributes alone
 * - `azure`: DER, the signer's certificate inside; names the signature algorithm where the digest belongs
 */
export type DocumentShape = 'aws' | 'azure'

/** Digest and signature are SHA-256 with RSA, the one pair that both clouds use. */
const SCHEME: Scheme = { kind: 'RSA', padding: 'PKCS1', hash: 'SHA-256' }
const DIGESTS: Readonly<Record<DocumentShape, ReadonlySet<string>>> = {
  aws: new Set([OID.sha256]),
  azure: new Set([OID.sha256, OID.sha256WithRsa]),
}
const SIGNATURES: ReadonlySet<string> = new Set([OID.rsaEncryption, OID.sha256WithRsa])
const KNOWN_ATTRIBUTES: ReadonlySet<string> = new Set([
  OID.contentType,
  OID.messageDigest,
  OID.signingTime,
  OID.algorithmProtection,
])

/** Reads a signed document; `undefined` if the bytes are not exactly one of this shape. Nothing is verified. */
export function readSignedDocument(bytes: Uint8Array<ArrayBuffer>, shape: DocumentShape): SignedDocument | undefined {
  if (bytes.length > SIGNED_DOCUMENT_MAX_BYTES) return undefined
  return parseDer(bytes, (reader) =>
    enter(reader, TAG.sequence, shape, (info) => {
      expectOid(info, OID.signedData)
      return enter(info, context(0), shape, (explicit) =>
        enter(explicit, TAG.sequence, shape, (data) => readSignedData(data, shape)),
      )
    }),
  )
}

function enter<T>(reader: DerReader, tag: number, shape: DocumentShape, parse: (inner: DerReader) => T): T {
  return shape === 'aws' ? reader.insideLoose(tag, parse) : reader.inside(tag, parse)
}

function readSignedData(reader: DerReader, shape: DocumentShape): SignedDocument {
  expectVersion(reader, 1)
  reader.inside(TAG.set, (digests) => expectDigest(digests, shape))
  const content = enter(reader, TAG.sequence, shape, (encapsulated) => {
    expectOid(encapsulated, OID.data)
    return enter(encapsulated, context(0), shape, (explicit) => readContent(explicit, shape))
  })
  const certificates = reader.peek() === context(0) ? readBag(reader) : []
  if (shape === 'aws' && certificates.length > 0) reader.fail()
  return reader.inside(TAG.set, (signers) =>
    signers.inside(TAG.sequence, (signer) => ({ content, certificates, ...readSigner(signer, shape) })),
  )
}

/** One string of octets, or, as AWS writes it, one of indefinite length in chunks. */
function readContent(reader: DerReader, shape: DocumentShape): Uint8Array<ArrayBuffer> {
  if (reader.peek() === TAG.octetString) return reader.read(TAG.octetString)
  if (shape !== 'aws') reader.fail()
  return reader.insideLoose(0x24, (chunks) => {
    const parts: Uint8Array[] = []
    while (chunks.peek() === TAG.octetString) parts.push(chunks.read(TAG.octetString))
    return parts.length === 0 ? chunks.fail() : concatBytes(parts)
  })
}

function readBag(reader: DerReader): readonly Uint8Array<ArrayBuffer>[] {
  return reader.inside(context(0), (bag) => {
    const certificates: Uint8Array<ArrayBuffer>[] = []
    while (bag.peek() !== undefined) {
      if (certificates.length >= SIGNED_DOCUMENT_CERTIFICATES_MAX) bag.fail()
      certificates.push(bag.readWhole(TAG.sequence))
    }
    return certificates
  })
}

function readSigner(reader: DerReader, shape: DocumentShape) {
  // Version 1 names the signer by issuer and serial number (RFC 5652 section 5.3).
  expectVersion(reader, 1)
  const { issuer, serial } = reader.inside(TAG.sequence, (id) => ({
    issuer: id.readWhole(TAG.sequence),
    serial: id.read(TAG.integer),
  }))
  expectDigest(reader, shape)
  const attributes = reader.peek() === context(0) ? readAttributes(reader, shape) : undefined
  const algorithm = readAlgorithm(reader)
  if (!SIGNATURES.has(algorithm)) reader.fail()
  return { issuer, serial, attributes, signature: reader.read(TAG.octetString) }
}

function readAttributes(reader: DerReader, shape: DocumentShape): NonNullable<SignedDocument['attributes']> {
  // What is signed is the SET that the attributes are, not the [0] that they are written under (section 5.4).
  const signed = reader.readWhole(context(0)).slice()
  signed[0] = TAG.set
  const values = new Map<string, Uint8Array<ArrayBuffer>>()
  let last = ''
  parseDer(signed, (set) =>
    set.inside(TAG.set, (list: DerReader) => {
      while (list.peek() !== undefined) {
        const { whole } = list.readAny()
        const attribute = parseDer(whole, (outer) =>
          outer.inside(TAG.sequence, (inner) => {
            const oid = encodeHex(inner.read(TAG.oid))
            return { oid, value: inner.inside(TAG.set, (one) => one.readAny().whole) }
          }),
        )
        const hex = encodeHex(whole)
        // Sorted, as DER has a SET OF (X.690 section 11.6), and each once.
        if (attribute === undefined || hex <= last || values.has(attribute.oid)) list.fail()
        if (shape === 'aws' && !KNOWN_ATTRIBUTES.has(attribute.oid)) list.fail()
        values.set(attribute.oid, attribute.value)
        last = hex
      }
      return true
    }),
  ) ?? reader.fail()
  const type = values.get(OID.contentType)
  const digest = values.get(OID.messageDigest)
  const isData = type !== undefined && encodeHex(type) === `0609${OID.data}`
  const read = digest && parseDer(digest, (inner) => inner.read(TAG.octetString))
  if (!isData || read?.length !== 32) reader.fail()
  return { signed, digest: read }
}

function expectVersion(reader: DerReader, version: number): void {
  const [value, ...others] = reader.read(TAG.integer)
  if (value !== version || others.length > 0) reader.fail()
}

function expectOid(reader: DerReader, oid: string): void {
  if (encodeHex(reader.read(TAG.oid)) !== oid) reader.fail()
}

function expectDigest(reader: DerReader, shape: DocumentShape): void {
  if (!DIGESTS[shape].has(readAlgorithm(reader))) reader.fail()
}

/** An AlgorithmIdentifier with no parameters, or NULL. */
function readAlgorithm(reader: DerReader): string {
  return reader.inside(TAG.sequence, (inner) => {
    const oid = encodeHex(inner.read(TAG.oid))
    if (inner.peek() !== undefined && inner.read(TAG.null).length > 0) inner.fail()
    return oid
  })
}

/** Verifies the signature of the document, and where it has attributes, that they speak of its content. */
export async function verifySignedDocument(
  { content, attributes, signature }: SignedDocument,
  key: CertificateKey,
): Promise<boolean> {
  if (attributes === undefined) return verifyWith(key, SCHEME, signature, content)
  if (encodeHex(await sha256(content)) !== encodeHex(attributes.digest)) return false
  return verifyWith(key, SCHEME, signature, attributes.signed)
}
