// Text to bytes.

/** The UTF-8 of `text`. `encode` always makes a buffer of its own, which not every host's types know. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>
}
