// A strict reader of the data types of SSH (RFC 4251 section 5): every byte accounted for, integers in their shortest form.
import { decodeUtf8 } from '../../core/utf8.ts'

export interface SshReader {
  readonly isAtEnd: () => boolean
  readBytes(): Uint8Array<ArrayBuffer>
  /** A string that is printable ASCII, as names of algorithms are. */
  readName(): string
  /** A string in UTF-8. */
  readText(): string
  readUint32(): number
  readUint64(): bigint
  /** A positive integer, without the zero byte that keeps it positive. */
  readPositive(): Uint8Array<ArrayBuffer>
  /** What has been read so far. */
  readonly before: () => Uint8Array<ArrayBuffer>
  fail(): never
}

const MALFORMED = Symbol('malformed SSH data')

/** Parses one structure; `undefined` if the bytes are not exactly it. @param parse reads all of it */
export function parseSsh<T>(bytes: Uint8Array<ArrayBuffer>, parse: (reader: SshReader) => T): T | undefined {
  try {
    const reader = createReader(bytes)
    const value = parse(reader)
    return reader.isAtEnd() ? value : undefined
  } catch (error) {
    if (error === MALFORMED) return undefined
    throw error
  }
}

function fail(): never {
  throw MALFORMED
}

function createReader(bytes: Uint8Array<ArrayBuffer>): SshReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  function take(length: number): number {
    if (at + length > bytes.length) fail()
    const start = at
    at += length
    return start
  }
  const reader: SshReader = {
    isAtEnd: () => at === bytes.length,
    readUint32: () => view.getUint32(take(4)),
    readUint64: () => view.getBigUint64(take(8)),
    readBytes() {
      const length = reader.readUint32()
      const start = take(length)
      return bytes.subarray(start, start + length)
    },
    readText: () => decodeUtf8(reader.readBytes()) ?? fail(),
    readName() {
      const text = reader.readText()
      return /^[\x21-\x7e]{1,128}$/.test(text) ? text : fail()
    },
    readPositive() {
      const contents = reader.readBytes()
      const [first = 0x80, second = 0] = contents
      // Negative, zero, or with a zero byte that is not needed.
      if (first >= 0x80 || (first === 0 && second < 0x80)) fail()
      return first === 0 ? contents.subarray(1) : contents
    },
    before: () => bytes.subarray(0, at),
    fail,
  }
  return reader
}

/** Writes a `string`: its length and its bytes. */
export function writeString(contents: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + contents.length)
  new DataView(bytes.buffer).setUint32(0, contents.length)
  bytes.set(contents, 4)
  return bytes
}
