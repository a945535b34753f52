// A strict reader of DER (X.690): minimal lengths, definite except where a caller says otherwise, every byte accounted for.
// Lenient readers accept trailing bytes, second signers and loose lengths, and then two readers see two documents.

/** Tags that are used: universal ones, and context-specific ones by {@link context}. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag `[number]`, constructed (explicit, or implicit of something constructed) or primitive. */
export function context(number: number, form: 'constructed' | 'primitive' = 'constructed'): number {
  return (form === 'constructed' ? 0xa0 : 0x80) | number
}

export interface DerReader {
  /** The tag of the next element; `undefined` at the end. */
  peek(): number | undefined
  /** Reads one element with this tag: its contents. */
  read(tag: number): Uint8Array<ArrayBuffer>
  /** Reads one element with any tag. */
  readAny(): {
    readonly tag: number
    readonly contents: Uint8Array<ArrayBuffer>
    readonly whole: Uint8Array<ArrayBuffer>
  }
  /** Reads one element with this tag: tag, length and contents. */
  readWhole(tag: number): Uint8Array<ArrayBuffer>
  /** Reads what is in one element, all of it. */
  inside<T>(tag: number, parse: (reader: DerReader) => T): T
  /** The same, and the length may be indefinite (X.690 section 8.1.3.6). */
  insideLoose<T>(tag: number, parse: (reader: DerReader) => T): T
  /** Refuses the bytes. */
  fail(): never
}

/** Thrown by readers and caught by {@link parseDer}, so that parsers read as the structure that they parse. */
const MALFORMED = Symbol('malformed DER')

/**
 * Parses one structure.
 *
 * @param parse reads it with the reader, and must read all
 * @returns what `parse` returns; `undefined` if the bytes are not exactly that structure
 * @example
 * const serial = parseDer(bytes, (reader) => reader.inside(TAG.sequence, (inner) => inner.read(TAG.integer)))
 */
export function parseDer<T>(bytes: Uint8Array<ArrayBuffer>, parse: (reader: DerReader) => T): T | undefined {
  try {
    const cursor: Cursor = { at: 0 }
    const value = parse(createReader(bytes, cursor, bytes.length))
    return cursor.at === bytes.length ? value : undefined
  } catch (error) {
    if (error === MALFORMED) return undefined
    throw error
  }
}

interface Cursor {
  at: number
}

interface Header {
  readonly tag: number
  readonly start: number
  /** `undefined`: of indefinite length. */
  readonly end: number | undefined
}

function fail(): never {
  throw MALFORMED
}

function createReader(bytes: Uint8Array<ArrayBuffer>, cursor: Cursor, end: number): DerReader {
  function readHeader(): Header {
    const { at } = cursor
    const tag = at < end ? bytes[at] : undefined
    const first = at + 1 < end ? bytes[at + 1] : undefined
    // Tags over 30 take several bytes, and nothing that is read here has one.
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) fail()
    if (first < 0x80) return bound(tag, at + 2, first)
    if (first === 0x80) return { tag, start: at + 2, end: undefined }
    const count = first & 0x7f
    if (count > 3 || at + 2 + count > end) fail()
    let length = 0
    for (const byte of bytes.subarray(at + 2, at + 2 + count)) length = length * 256 + byte
    // The shortest form (X.690 section 10.1).
    if (length < 0x80 || length < 256 ** (count - 1)) fail()
    return bound(tag, at + 2 + count, length)
  }

  function bound(tag: number, start: number, length: number): Header {
    if (start + length > end) fail()
    return { tag, start, end: start + length }
  }

  function readDefinite(tag: number | undefined): {
    readonly header: Header
    readonly at: number
    readonly end: number
  } {
    const { at } = cursor
    const header = readHeader()
    if ((tag !== undefined && header.tag !== tag) || header.end === undefined) fail()
    cursor.at = header.end
    return { header, at, end: header.end }
  }

  function readInside<T>(tag: number, parse: (reader: DerReader) => T, mayBeIndefinite: boolean): T {
    const header = readHeader()
    if (header.tag !== tag || (header.end === undefined && !mayBeIndefinite)) fail()
    cursor.at = header.start
    const value = parse(createReader(bytes, cursor, header.end ?? end))
    if (header.end !== undefined) {
      if (cursor.at !== header.end) fail()
      return value
    }
    // End of contents: two zero bytes.
    if (cursor.at + 2 > end || bytes[cursor.at] !== 0 || bytes[cursor.at + 1] !== 0) fail()
    cursor.at += 2
    return value
  }

  return {
    peek: () => (cursor.at < end ? bytes[cursor.at] : undefined),
    read(tag) {
      const { header, end: last } = readDefinite(tag)
      return bytes.subarray(header.start, last)
    },
    readAny() {
      const { header, at, end: last } = readDefinite(undefined)
      return { tag: header.tag, contents: bytes.subarray(header.start, last), whole: bytes.subarray(at, last) }
    },
    readWhole(tag) {
      const { at, end: last } = readDefinite(tag)
      return bytes.subarray(at, last)
    },
    inside: (tag, parse) => readInside(tag, parse, false),
    insideLoose: (tag, parse) => readInside(tag, parse, true),
    fail,
  }
}

/** A positive INTEGER in its shortest form (X.690 section 8.3), without the zero byte that keeps it positive. */
export function readPositive(contents: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | undefined {
  const [first = 0x80, second = 0] = contents
  if (first !== 0) return first < 0x80 ? contents : undefined
  if (contents.length === 1) return contents
  return second >= 0x80 ? contents.subarray(1) : undefined
}
