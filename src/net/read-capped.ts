// Reads a stream up to a size. The sender decides how large it is: `Content-Length` may be absent or false.
import { concatBytes } from '../core/bytes.ts'

/**
 * Reads to the end; `undefined` once there are more than `maxBytes`. Rejects if the reader does. The caller must cancel
 * the reader, since it may also have a deadline.
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
