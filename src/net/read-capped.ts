// The bytes of a stream within a size. Whoever sends a stream decides how large it is: a length may be absent, or a lie.
import { concatBytes } from '../core/bytes.ts'

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
    if (done) return concatBytes(chunks)
    length += value.length
    if (length > maxBytes) return undefined
    chunks.push(value)
  }
}
