// Reads a request body within a size and a time. The caller decides how fast it arrives, and whether it ends.

import type { Sleep } from '../core/clock.ts'
import { REQUEST_BODY_TIMEOUT_MILLIS } from '../core/limits.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { readCapped } from './read-capped.ts'

/** Made once: an abort without a reason creates a `DOMException` with a stack, which no code reads. */
const DONE = 'done'

type Reader = ReadableStreamDefaultReader<Uint8Array>

/**
 * Reads at most `maxBytes` for at most {@link REQUEST_BODY_TIMEOUT_MILLIS}.
 *
 * @returns The bytes; `body_too_large`, `request_timeout`, or `request_aborted` if the body fails: a client that hangs
 *   up is not a fault of the gateway.
 */
export async function readBytes(request: Request, maxBytes: number, sleep: Sleep): Promise<Checked<Uint8Array>> {
  const declared = Number(request.headers.get('Content-Length') ?? 0)
  if (declared > maxBytes) return refuseTooLarge(maxBytes)
  if (declared > 0) return withinTime(readWhole(request, maxBytes), sleep)
  if (request.body === null) return pass(new Uint8Array())
  const reader = request.body.getReader()
  const read = await withinTime(readAll(reader, maxBytes), sleep)
  // Not awaited: a body that never arrives may never finish cancelling either.
  if (!read.ok) reader.cancel().catch(() => undefined)
  return read
}

async function withinTime(reading: Promise<Checked<Uint8Array>>, sleep: Sleep): Promise<Checked<Uint8Array>> {
  const timer = new AbortController()
  try {
    return await Promise.race([reading, sleep(REQUEST_BODY_TIMEOUT_MILLIS, timer.signal).then(refuseTooLate)])
  } finally {
    timer.abort(DONE)
  }
}

/**
 * Reads a body whose declared length is within the bound, in one piece: without the steps of a stream, which cost more
 * than a login's JSON. The host holds a body to the length that it declares (RFC 9112 section 6.3); what came is counted
 * all the same.
 */
async function readWhole(request: Request, maxBytes: number): Promise<Checked<Uint8Array>> {
  try {
    const bytes = new Uint8Array(await request.arrayBuffer())
    return bytes.length > maxBytes ? refuseTooLarge(maxBytes) : pass(bytes)
  } catch {
    return refuse({ code: 'request_aborted', detail: 'the body ended early: send the request again' })
  }
}

async function readAll(reader: Reader, maxBytes: number): Promise<Checked<Uint8Array>> {
  try {
    const bytes = await readCapped(reader, maxBytes)
    return bytes === undefined ? refuseTooLarge(maxBytes) : pass(bytes)
  } catch {
    return refuse({ code: 'request_aborted', detail: 'the body ended early: send the request again' })
  }
}

function refuseTooLarge(maxBytes: number): Checked<never> {
  return refuse({ code: 'body_too_large', detail: `the body is larger than ${maxBytes} bytes` })
}

function refuseTooLate(): Checked<never> {
  const seconds = REQUEST_BODY_TIMEOUT_MILLIS / 1000
  return refuse({ code: 'request_timeout', detail: `the body was not complete within ${seconds} s: send it again` })
}
