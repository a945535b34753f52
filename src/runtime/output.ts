// Standard output and standard error that never stop the process when they are closed, full or stalled. The hosts' own
// streams do: a closed pipe ends Node, and a write on Deno blocks until the reader reads.
import { fstatSync, writeSync } from 'node:fs'
import process from 'node:process'

/** Writes bytes and returns how many were written, which may be fewer. Throws or rejects with the system's error. */
export type WriteBytes = (bytes: Uint8Array) => number | Promise<number>

interface DenoStream {
  write(bytes: Uint8Array): Promise<number>
}

/** Opens standard output (`1`) or standard error (`2`). */
export function openOutput(descriptor: 1 | 2): WriteBytes {
  const { Deno } = globalThis as { Deno?: { readonly stdout: DenoStream; readonly stderr: DenoStream } }
  if (Deno !== undefined) {
    const stream = descriptor === 1 ? Deno.stdout : Deno.stderr
    // Runs in a separate thread, so a blocked write delays nothing else, not even the end of the process.
    return readSize(descriptor) === undefined ? (bytes) => stream.write(bytes) : createFileWrite(descriptor, stream)
  }
  const stream = descriptor === 1 ? process.stdout : process.stderr
  // Accessing the stream makes a pipe non-blocking. Errors of other writers to it must not end the process.
  stream.on('error', () => undefined)
  // Synchronous rather than in the thread pool, whose threads a hanging store may block.
  return (bytes) => writeSync(descriptor, bytes)
}

/**
 * Deno rejects a write that a full disk took in part, does not tell how much, and holds up to a kilobyte of the rest in a buffer
 * that goes out before the next write. An empty write empties it, and the size of the file then tells what is written: so a record
 * that is half in the file is completed, and not written again after its first half.
 */
function createFileWrite(descriptor: number, stream: DenoStream): WriteBytes {
  /** The size before the write that failed. The bytes that follow it there are the first ones of the next call. */
  let sizeBefore: number | undefined
  return async function writeFile(bytes): Promise<number> {
    if (sizeBefore === undefined) {
      sizeBefore = readSize(descriptor)
      try {
        const written = await stream.write(bytes)
        sizeBefore = undefined
        return written
      } catch (error) {
        if (sizeBefore === readSize(descriptor)) sizeBefore = undefined
        throw error
      }
    }
    await stream.write(NOTHING)
    const written = (readSize(descriptor) ?? 0) - sizeBefore
    sizeBefore = undefined
    // Otherwise another program has written to the file, or has cut it, and no part is known to be written.
    return written > 0 && written <= bytes.length ? written : writeFile(bytes)
  }
}

const NOTHING = new Uint8Array()

/** The size of a regular file in bytes; absent for pipes, terminals and closed descriptors. */
function readSize(descriptor: number): number | undefined {
  try {
    const stat = fstatSync(descriptor)
    return stat.isFile() ? stat.size : undefined
  } catch {
    return undefined
  }
}
