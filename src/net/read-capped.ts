// The bytes of a stream within a size. Whoever sends a stream decides how large it is: a length may be absent, or a lie.

/**
 * Reads to the end: the bytes, or `undefined` once there are more than `maxBytes`. Rejects as the reader does. The reader
 * is left for the caller to cancel, who may have a deadline to keep as well.
 */
export async function readCapped(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concatBytes(chunks, length)
    length += value.length
    if (length > maxBytes) return undefined
    chunks.push(value)
  }
}

function concatBytes(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}
