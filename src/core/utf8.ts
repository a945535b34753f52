// Converts strings to UTF-8 and back, and counts bytes.

/** Made once: neither keeps anything from one call to the next. */
const ENCODER = new TextEncoder()
const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Encodes `text` as UTF-8. `encode` always makes a new buffer, which not every host's types express. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return ENCODER.encode(text) as Uint8Array<ArrayBuffer>
}

/**
 * Decodes strict UTF-8; `undefined` if it is invalid or has a byte order mark, which some readers drop and others keep.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8Exactly(bytes)
  return text?.startsWith('\ufeff') === true ? undefined : text
}

/** Decodes strict UTF-8 of a part of a string: a byte order mark is a character like any other. */
export function decodeUtf8Exactly(bytes: Uint8Array): string | undefined {
  try {
    return DECODER.decode(bytes)
  } catch {
    return undefined
  }
}

/** The longer ones first: UTF-32 begins like UTF-16. */
const BYTE_ORDER_MARKS = [
  [[0xef, 0xbb, 0xbf], 'UTF-8'],
  [[0xff, 0xfe, 0, 0], 'UTF-32'],
  [[0, 0, 0xfe, 0xff], 'UTF-32'],
  [[0xff, 0xfe], 'UTF-16'],
  [[0xfe, 0xff], 'UTF-16'],
] as const

/** Finds the encoding whose byte order mark `bytes` begin with. */
export function findByteOrderMark(bytes: Uint8Array): 'UTF-8' | 'UTF-16' | 'UTF-32' | undefined {
  return BYTE_ORDER_MARKS.find(([mark]) => mark.every((byte, at) => bytes[at] === byte))?.[1]
}

/** Finds the offset of the first byte that is not valid UTF-8; `undefined` if all are. */
export function findInvalidUtf8(bytes: Uint8Array): number | undefined {
  for (let at = 0; at < bytes.length; ) {
    const length = countSequenceBytes(bytes, at)
    if (length === 0) return at
    at += length
  }
  return undefined
}

/**
 * Counts the bytes of the character at `at`; 0 if it is not valid (Unicode table 3-7: no overlong form, no surrogate).
 */
function countSequenceBytes(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  const second = bytes[at + 1] ?? 0
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  if (second < least || second > most) return 0
  for (let next = at + 2; next < at + length; next++) {
    if (((bytes[next] ?? 0) & 0xc0) !== 0x80) return 0
  }
  return length
}

/** Counts the bytes of `text` in UTF-8 without encoding it. An unpaired surrogate becomes U+FFFD, three bytes. */
export function countUtf8Bytes(text: string): number {
  let bytes = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    bytes += unit < 0x800 ? 1 : 2
    // A pair has four bytes for its two units.
    if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) at++
  }
  return bytes
}

/** Whether `text` has more than `maxBytes` in UTF-8. The bytes are counted only if its length does not decide. */
export function exceedsUtf8(text: string, maxBytes: number): boolean {
  return text.length > maxBytes || (text.length * 3 > maxBytes && countUtf8Bytes(text) > maxBytes)
}
