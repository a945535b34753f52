// Writes lines to an output that may be slow, full or closed. Lines wait in a bounded buffer. A line that does not fit is
// refused, never dropped silently, so that the caller can refuse the request that it would record. An accepted line is
// kept until it is written or the process ends.
import { concatBytes } from '../core/bytes.ts'
import type { Clock, Sleep } from '../core/clock.ts'
import { OUTPUT_FAILED_WAIT_MILLIS, OUTPUT_FULL_WAIT_MAX_MILLIS, OUTPUT_FULL_WAIT_MIN_MILLIS } from '../core/limits.ts'
import type { WriteBytes } from './output.ts'

/** The reason why lines are refused, since when, and how many were refused. */
export interface Refusing {
  readonly reason: string
  readonly sinceMillis: number
  readonly refused: number
}

export interface LineWriter {
  /** Accepts a line without its line end: `true`; or refuses it: `false`. Never throws. */
  take(line: string): boolean
  refusing(): Refusing | undefined
  /** Resolves once all accepted lines are written. */
  flush(): Promise<void>
}

export interface LineWriterOptions {
  readonly write: WriteBytes
  readonly clock: Clock
  readonly sleep: Sleep
  readonly maxBytes: number
  /** Called once when it begins to refuse lines. */
  readonly onRefusing?: (refusing: Refusing) => void
  /** Called once when it takes lines again. */
  readonly onRecovered?: (refusing: Refusing) => void
  /** Written after a period of refusing. If no other line waits, it is also what a failed output is retried with. */
  readonly recoveryLine: (refusing: Refusing) => string
}

/**
 * Creates a writer for one output.
 * @param options - `maxBytes` limits the buffer
 */
export function createLineWriter(options: LineWriterOptions): LineWriter {
  const { write, clock, sleep, maxBytes, onRefusing, onRecovered, recoveryLine } = options
  let queue: Uint8Array[] = []
  let bytes = 0
  let isPumping = false
  let refusal: { readonly reason: string; readonly sinceMillis: number; refused: number } | undefined
  /** The recovery line, while no other line waits. */
  let probe: Uint8Array | undefined
  let waiting: (() => void)[] = []

  function add(data: Uint8Array): Uint8Array {
    queue.push(data)
    bytes += data.length
    return data
  }

  function takeBack(data: Uint8Array): boolean {
    if (queue.at(-1) !== data) return false
    queue.pop()
    bytes -= data.length
    return true
  }

  function refuse(reason: string): void {
    if (refusal !== undefined) return
    refusal = { reason, sinceMillis: clock(), refused: 0 }
    onRefusing?.(refusal)
  }

  /** Only below half of the limit, so that it does not alternate while a slow reader catches up. */
  function recover(): void {
    if (refusal === undefined || bytes > maxBytes / 2) return
    if (probe === undefined) add(encode(recoveryLine(refusal)))
    const was = refusal
    refusal = undefined
    probe = undefined
    onRecovered?.(was)
  }

  /** Writes until the buffer is empty. It runs synchronously up to its first wait. */
  async function pump(): Promise<void> {
    isPumping = true
    let fullMillis = OUTPUT_FULL_WAIT_MIN_MILLIS
    for (;;) {
      if (queue.length === 0 && refusal !== undefined) probe = add(encode(recoveryLine(refusal)))
      if (queue.length === 0) break
      const chunk = join(queue)
      queue = [chunk]
      const writing = attempt(write, chunk)
      const outcome = typeof writing === 'object' ? await writing : writing
      if (typeof outcome === 'number') {
        // Lines that were accepted meanwhile follow this chunk.
        queue.splice(0, 1, ...(outcome < chunk.length ? [chunk.subarray(outcome)] : []))
        bytes -= outcome
        fullMillis = OUTPUT_FULL_WAIT_MIN_MILLIS
        recover()
      } else if (outcome === 'EAGAIN') {
        await sleep(fullMillis)
        fullMillis = Math.min(fullMillis * 2, OUTPUT_FULL_WAIT_MAX_MILLIS)
      } else {
        refuse(outcome)
        // Made again for the next attempt, since its count may have grown.
        if (probe !== undefined && takeBack(probe)) probe = undefined
        await sleep(OUTPUT_FAILED_WAIT_MILLIS)
      }
    }
    isPumping = false
    for (const done of waiting) done()
    waiting = []
  }

  return {
    take(line) {
      const data = encode(line)
      if (refusal === undefined && bytes + data.length > maxBytes) {
        refuse('it is not read')
        if (!isPumping) void pump()
      } else if (refusal === undefined) {
        add(data)
        if (!isPumping) void pump()
        if (!isRefusing() || !takeBack(data)) return true
      }
      if (refusal !== undefined) refusal.refused++
      return false
    },
    refusing: () => refusal,
    flush: () => (isPumping ? new Promise((done) => waiting.push(done)) : Promise.resolve()),
  }

  function isRefusing(): boolean {
    return refusal !== undefined
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  return only !== undefined && parts.length === 1 ? only : concatBytes(parts)
}

/** The number of bytes written, or an error code: `EAGAIN` if the output is full for now. */
function attempt(write: WriteBytes, chunk: Uint8Array): number | string | Promise<number | string> {
  try {
    const writing = write(chunk)
    return typeof writing === 'number'
      ? writing || 'EAGAIN'
      : writing.then((written) => written || 'EAGAIN', readErrorCode)
  } catch (error) {
    return readErrorCode(error)
  }
}

const encoder = new TextEncoder()

function encode(line: string): Uint8Array {
  return encoder.encode(`${line}\n`)
}

/** The code of an error. Deno gives some errors a code and others only a name. */
function readErrorCode(error: unknown): string {
  const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown }
  if (name === 'WouldBlock') return 'EAGAIN'
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'an unknown error'
}
