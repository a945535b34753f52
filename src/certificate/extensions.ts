// The extensions of a certificate (RFC 5280 section 4.2) that have a meaning here.
import { encodeHex } from '../core/bytes.ts'
import { context, type DerReader, parseDer, readPositive, TAG } from '../core/der.ts'
import { CERTIFICATE_EXTENSIONS_MAX, CERTIFICATE_NAMES_MAX } from '../core/limits.ts'
import { decodeUtf8 } from '../core/utf8.ts'
import { OID } from './object-ids.ts'

export interface Extensions {
  /** Present in certificates of version 3 with this extension. */
  readonly basicConstraints: { readonly isAuthority: boolean; readonly pathLength: number | undefined } | undefined
  /** The bits of the key usage, by their numbers (section 4.2.1.3). */
  readonly keyUsage: ReadonlySet<number> | undefined
  /** OIDs as hex. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly dnsNames: readonly string[]
  readonly uris: readonly string[]
  /** Names of the subjectAltName as DER, for `readNameText`. */
  readonly directoryNames: readonly Uint8Array<ArrayBuffer>[]
  /** Hex OIDs of critical extensions that have no meaning here: such a certificate must not be used. */
  readonly unknownCritical: readonly string[]
}

type Names = Pick<Extensions, 'dnsNames' | 'uris' | 'directoryNames'>
const NO_NAMES: Names = { dnsNames: [], uris: [], directoryNames: [] }

/** Those of a certificate that has none. */
export const NO_EXTENSIONS: Extensions = {
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  ...NO_NAMES,
  unknownCritical: [],
}

/** Reads the extensions, each in DER. */
export function readExtensions(reader: DerReader): Extensions {
  const found = new Map<string, Uint8Array<ArrayBuffer>>()
  const unknownCritical: string[] = []
  reader.inside(TAG.sequence, (list) => {
    while (list.peek() !== undefined)
      list.inside(TAG.sequence, (extension) => {
        const oid = encodeHex(extension.read(TAG.oid))
        const flag = extension.peek() === TAG.boolean ? extension.read(TAG.boolean) : undefined
        // DER writes `true` as 0xff and leaves the default out (X.690 sections 11.1 and 11.5).
        if (flag !== undefined && !(flag.length === 1 && flag[0] === 0xff)) extension.fail()
        // An extension must not be there twice (section 4.2).
        if (found.has(oid) || found.size >= CERTIFICATE_EXTENSIONS_MAX) extension.fail()
        found.set(oid, extension.read(TAG.octetString))
        if (flag !== undefined && !MEANT.has(oid)) unknownCritical.push(oid)
      })
  })
  const read = <T>(oid: string, parse: (inner: DerReader) => T): T | undefined => {
    const bytes = found.get(oid)
    return bytes === undefined ? undefined : (parseDer(bytes, parse) ?? reader.fail())
  }
  const names = read(OID.subjectAltName, readNames) ?? NO_NAMES
  return {
    basicConstraints: read(OID.basicConstraints, readBasicConstraints),
    keyUsage: read(OID.keyUsage, readBits),
    extendedKeyUsage: read(OID.extendedKeyUsage, (inner) => inner.inside(TAG.sequence, readOids)),
    ...names,
    unknownCritical,
  }
}

/** Extensions that are read, or that are no restriction. Name constraints and policies are not among them. */
const MEANT: ReadonlySet<string> = new Set([
  OID.subjectAltName,
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
])

function readBasicConstraints(reader: DerReader): NonNullable<Extensions['basicConstraints']> {
  return reader.inside(TAG.sequence, (inner) => {
    const flag = inner.peek() === TAG.boolean ? inner.read(TAG.boolean) : undefined
    if (flag !== undefined && !(flag.length === 1 && flag[0] === 0xff)) inner.fail()
    const length = inner.peek() === undefined ? undefined : readPositive(inner.read(TAG.integer))
    const isShort = length === undefined || length.length === 1
    if (!isShort || (length !== undefined && flag === undefined)) inner.fail()
    return { isAuthority: flag !== undefined, pathLength: length?.[0] }
  })
}

/** A named bit list (X.690 section 11.2.2). */
function readBits(reader: DerReader): ReadonlySet<number> {
  const bits = reader.read(TAG.bitString)
  const [unused = 8, ...bytes] = bits
  if (unused > 7 || bytes.length > 2 || (bytes.length === 0 && unused > 0)) reader.fail()
  const set = new Set<number>()
  for (const [index, byte] of bytes.entries())
    for (let bit = 0; bit < 8; bit++) if ((byte & (0x80 >> bit)) !== 0) set.add(index * 8 + bit)
  return set
}

function readOids(reader: DerReader): readonly string[] {
  const oids: string[] = []
  while (reader.peek() !== undefined) {
    if (oids.length >= CERTIFICATE_NAMES_MAX) reader.fail()
    oids.push(encodeHex(reader.read(TAG.oid)))
  }
  return oids
}

/** DNS names, URIs and names of a GeneralNames (section 4.2.1.6); others are passed over. */
function readNames(reader: DerReader): Names {
  return reader.inside(TAG.sequence, (names: DerReader) => {
    const dnsNames: string[] = []
    const uris: string[] = []
    const directoryNames: Uint8Array<ArrayBuffer>[] = []
    for (let count = 0; names.peek() !== undefined; count++) {
      if (count >= CERTIFICATE_NAMES_MAX) names.fail()
      const { tag, contents } = names.readAny()
      if (tag === context(4)) directoryNames.push(contents)
      const list = tag === context(2, 'primitive') ? dnsNames : tag === context(6, 'primitive') ? uris : undefined
      if (list === undefined) continue
      const text = decodeUtf8(contents)
      // IA5String: printable ASCII, without a zero byte that would hide the rest.
      if (text === undefined || !/^[\x21-\x7e]+$/.test(text)) names.fail()
      list.push(text)
    }
    return { dnsNames, uris, directoryNames }
  })
}
