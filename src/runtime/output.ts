// Standard output and standard error that never stop the process when they are closed, full or stalled. The hosts' own
// streams do: a closed pipe ends Node, and a write on Deno blocks until the reader reads.
import { writeSync } from 'node:fs'
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
    return (bytes) => stream.write(bytes)
  }
  const stream = descriptor === 1 ? process.stdout : process.stderr
  // Accessing the stream makes a pipe non-blocking. Errors of other writers to it must not end the process.
  stream.on('error', () => undefined)
  // Synchronous rather than in the thread pool, whose threads a hanging store may block.
  return (bytes) => writeSync(descriptor, bytes)
}
