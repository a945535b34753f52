// Reads files up to a size limit on Node and Deno, so that a huge file does not use more memory.
import { open } from 'node:fs/promises'

export interface CappedFile {
  /** The whole file, or `maxBytes + 1` bytes of a larger one. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Time of the last change, by the file system, in milliseconds since 1970. */
  readonly changedMillis: number
}

/**
 * Reads a file and stops one byte after the limit, so that the caller can refuse a larger file with its own message. It reads
 * sequentially, so pipes work too (`<(kubectl ...)`). Rejects as the file system does.
 */
export async function readFileCapped(path: string, maxBytes: number): Promise<CappedFile> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    // One byte more than its size, to notice a file that has grown meanwhile.
    let buffer = new Uint8Array(Math.min(size, maxBytes) + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null)
      length += bytesRead
      if (bytesRead === 0 || length > maxBytes) return { bytes: buffer.slice(0, length), changedMillis: mtimeMs }
      if (length < buffer.length) continue
      const larger = new Uint8Array(Math.min(Math.max(2 * length, READ_MIN_BYTES), maxBytes + 1))
      larger.set(buffer)
      buffer = larger
    }
  } finally {
    await file.close()
  }
}

/** The least to read at once, since a pipe has size 0. */
const READ_MIN_BYTES = 4096

/**
 * Reads a UTF-8 file of at most `maxBytes` bytes. Malformed bytes become U+FFFD, as with `readFile`.
 * @throws RangeError if the file is larger
 */
export async function readTextCapped(path: string, maxBytes: number): Promise<string> {
  const { bytes } = await readFileCapped(path, maxBytes)
  if (bytes.length > maxBytes) throw new RangeError(`the file has more than ${maxBytes} bytes`)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
