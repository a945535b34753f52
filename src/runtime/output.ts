// Standard output and standard error, so that neither a closed nor a full nor a stalled one stops the process. The streams
// of the hosts do: a closed pipe ends Node, and Deno waits in the write for whoever does not read.
import { writeSync } from 'node:fs'
import process from 'node:process'

/** Bytes that were written, which may be fewer than given. Throws or rejects with the system's error. */
export type WriteBytes = (bytes: Uint8Array) => number | Promise<number>

interface DenoStream {
  write(bytes: Uint8Array): Promise<number>
}

/** `1` is standard output, `2` standard error. */
export function openOutput(descriptor: 1 | 2): WriteBytes {
  const { Deno } = globalThis as { Deno?: { readonly stdout: DenoStream; readonly stderr: DenoStream } }
  if (Deno !== undefined) {
    const stream = descriptor === 1 ? Deno.stdout : Deno.stderr
    // In a thread of its own: a write that waits holds up nothing else, not even the end of the process.
    return (bytes) => stream.write(bytes)
  }
  const stream = descriptor === 1 ? process.stdout : process.stderr
  // To have asked for the stream makes a pipe non-blocking. What else writes there must not end the process.
  stream.on('error', () => undefined)
  // Not by the thread pool: a store that hangs holds its threads.
  return (bytes) => writeSync(descriptor, bytes)
}
