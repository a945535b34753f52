// Files within a size, on Node and Deno: what is no larger than it may be is read whole, and nothing takes more memory.
import { open } from 'node:fs/promises'

export interface CappedFile {
  /** One byte more than `maxBytes` where the file is larger than that. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** When the file was changed last, by its file system. */
  readonly changedMillis: number
}

/**
 * Stops one byte over the bound, so that a huge file costs no memory and is refused as too large by whoever knows what it
 * is. Reads from front to back, so a pipe (`<(kubectl ...)`) is a file too. Rejects as the file system does.
 */
export async function readFileCapped(path: string, maxBytes: number): Promise<CappedFile> {
  const file = await open(path, 'r')
  try {
    const { size, mtimeMs } = await file.stat()
    // One byte more than its size tells whether it has grown meanwhile.
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

/** A pipe has no size: it is not read by single bytes. */
const READ_MIN_BYTES = 4096

/** UTF-8 of at most `maxBytes`; rejects where a file is larger. What is no UTF-8 becomes U+FFFD, as `readFile` has it. */
export async function readTextCapped(path: string, maxBytes: number): Promise<string> {
  const { bytes } = await readFileCapped(path, maxBytes)
  if (bytes.length > maxBytes) throw new RangeError(`the file has more than ${maxBytes} bytes`)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}
