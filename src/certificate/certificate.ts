// X.509 certificates (RFC 5280 section 4.1), read strictly and once. What has a meaning is read; any other critical extension
// makes a certificate unreadable, since whoever does not understand it must not use the certificate (section 4.2).
import { encodeHex } from '../core/bytes.ts'
import { context, type DerReader, parseDer, TAG } from '../core/der.ts'
import { CERTIFICATE_MAX_BYTES, CERTIFICATE_NAMES_MAX } from '../core/limits.ts'
import { decodeUtf8 } from '../core/utf8.ts'
import { type Extensions, NO_EXTENSIONS, readExtensions } from './extensions.ts'
import { OID } from './object-ids.ts'
import { type CertificateKey, readSpki, SCHEMES, type Scheme } from './signature-check.ts'

export interface Certificate extends Extensions {
  readonly der: Uint8Array<ArrayBuffer>
  /** The signed part. */
  readonly signed: Uint8Array<ArrayBuffer>
  /** `undefined`: a signature algorithm that is not accepted, such as one with SHA-1. */
  readonly scheme: Scheme | undefined
  readonly signature: Uint8Array<ArrayBuffer>
  /** The contents of the INTEGER as it stands, for comparison; see {@link formatSerial}. */
  readonly serial: Uint8Array<ArrayBuffer>
  /** Names as DER, which are compared byte by byte. */
  readonly issuer: Uint8Array<ArrayBuffer>
  readonly subject: Uint8Array<ArrayBuffer>
  /** The last common name of the subject, which is its most specific one. */
  readonly commonName: string | undefined
  /** Seconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  /** `undefined`: a key that is not accepted, such as RSA of 1024 bits. */
  readonly key: CertificateKey | undefined
}

/** Reads one certificate; `undefined` if the bytes are not exactly one, in DER. */
export function readCertificate(der: Uint8Array<ArrayBuffer>): Certificate | undefined {
  if (der.length > CERTIFICATE_MAX_BYTES) return undefined
  return parseDer(der, (reader) =>
    reader.inside(TAG.sequence, (outer) => {
      const signed = outer.readWhole(TAG.sequence)
      const algorithm = outer.readWhole(TAG.sequence)
      const bits = outer.read(TAG.bitString)
      if (bits[0] !== 0) outer.fail()
      const fields = parseDer(signed, (inner) => inner.inside(TAG.sequence, readFields)) ?? outer.fail()
      // The algorithm is named twice, and only the inner one is signed (section 4.1.1.2).
      if (encodeHex(algorithm) !== encodeHex(fields.algorithm)) outer.fail()
      const { algorithm: _, ...others } = fields
      return { der, signed, signature: bits.subarray(1), scheme: readScheme(algorithm), ...others }
    }),
  )
}

function readFields(reader: DerReader) {
  const version =
    reader.peek() === context(0) ? reader.inside(context(0), (inner) => inner.read(TAG.integer)) : undefined
  const isThird = version?.length === 1 && version[0] === 2
  if (version !== undefined && !isThird && !(version.length === 1 && version[0] === 1)) reader.fail()
  const serial = reader.read(TAG.integer)
  if (serial.length === 0 || serial.length > 21) reader.fail()
  const algorithm = reader.readWhole(TAG.sequence)
  const issuer = reader.readWhole(TAG.sequence)
  const [notBefore, notAfter] = reader.inside(TAG.sequence, (inner) => [readTime(inner), readTime(inner)] as const)
  const subject = reader.readWhole(TAG.sequence)
  const key = readSpki(reader.readWhole(TAG.sequence))
  const hasExtensions = reader.peek() === context(3)
  if (hasExtensions && !isThird) reader.fail()
  const extensions = hasExtensions ? reader.inside(context(3), readExtensions) : NO_EXTENSIONS
  return {
    algorithm,
    serial,
    issuer,
    notBefore,
    notAfter,
    subject,
    key,
    commonName: readNameText(subject, OID.commonName),
    ...extensions,
  }
}

/** An algorithm with no parameters or NULL, as all that are accepted have. */
function readScheme(algorithm: Uint8Array<ArrayBuffer>): Scheme | undefined {
  const oid = parseDer(algorithm, (reader) =>
    reader.inside(TAG.sequence, (inner) => {
      const found = encodeHex(inner.read(TAG.oid))
      if (inner.peek() !== undefined && inner.read(TAG.null).length > 0) inner.fail()
      return found
    }),
  )
  return oid === undefined ? undefined : SCHEMES[oid]
}

/** UTCTime to 2049, GeneralizedTime from 2050 on and before 1950 (section 4.1.2.5), in seconds and UTC. */
function readTime(reader: DerReader): number {
  const isShort = reader.peek() === TAG.utcTime
  const text = decodeUtf8(reader.read(isShort ? TAG.utcTime : TAG.generalizedTime)) ?? reader.fail()
  const parts = (isShort ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/ : /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/).exec(
    text,
  )
  if (parts === null) reader.fail()
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number)
  // `Date.UTC` takes the year 1 for 1901.
  const full = isShort ? year + (year < 50 ? 2000 : 1900) : year
  const date = new Date(0)
  date.setUTCFullYear(full, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const isReal =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  return isReal ? date.getTime() / 1000 : reader.fail()
}

const TEXT_TAGS: ReadonlySet<number> = new Set([TAG.utf8String, TAG.printableString, TAG.ia5String])

/** Reads a string of a name: the last one of this type, which is the most specific; `undefined` if there is none. */
export function readNameText(name: Uint8Array<ArrayBuffer>, type: string): string | undefined {
  let found: string | undefined
  parseDer(name, (reader) =>
    reader.inside(TAG.sequence, (names) => {
      for (let count = 0; names.peek() !== undefined; count++) {
        if (count >= CERTIFICATE_NAMES_MAX) names.fail()
        names.inside(TAG.set, (set) => {
          while (set.peek() !== undefined)
            set.inside(TAG.sequence, (pair) => {
              const oid = encodeHex(pair.read(TAG.oid))
              const { tag, contents } = pair.readAny()
              if (oid === type && TEXT_TAGS.has(tag)) found = decodeUtf8(contents) || undefined
            })
        })
      }
    }),
  )
  return found
}

/** The serial number in lower-case hex, without leading zero bytes. */
export function formatSerial({ serial }: Pick<Certificate, 'serial'>): string {
  return encodeHex(serial).replace(/^(?:00)+(?=..)/, '')
}
