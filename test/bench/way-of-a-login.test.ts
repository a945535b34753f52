// The way of one warm login, counted, against a table that may only go down: what a login waits for, copies and makes.
// Each count is taken in a process of its own. A count that has fallen is lowered here in the same change.
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Counts } from './way/counters.ts'

/**
 * Bytes and UTF-16 units have some room: a record says how many milliseconds the login took. A session names the token
 * that opened it, for lists of what is revoked: 120 units more in what is encoded and signed.
 */
const IN_PROCESS: Counts = {
  promises: 76,
  resumptions: 36,
  'subtle.sign': 1,
  'subtle.verify': 1,
  'Buffer.concat': 2,
  'Buffer.concat, units': 4_150,
  'JSON.stringify': 8,
  'JSON.stringify, units': 7_250,
  'TextDecoder.decode': 3,
  'TextDecoder.decode, units': 1_710,
  'TextEncoder.encode': 6,
  'TextEncoder.encode, units': 8_050,
  'Uint8Array.set': 2,
  'Uint8Array.set, units': 80,
  'Uint8Array.slice': 2,
  'Uint8Array.slice, units': 70,
  'job Microtask': 2,
  'job SIGNREQUEST': 2,
  'job Timeout': 1,
  'new AbortController': 1,
  'new Headers': 1,
  randomUUID: 2,
  'new ReadableStream': 1,
  'new Response': 1,
}

/** With the opening of one connection, which a login on a kept one does not make. */
const OVER_HTTP: Counts = {
  promises: 71,
  resumptions: 36,
  'subtle.sign': 1,
  'subtle.verify': 1,
  'ArrayBuffer.slice': 1,
  'ArrayBuffer.slice, units': 1_160,
  'JSON.stringify': 8,
  'JSON.stringify, units': 7_250,
  'TextDecoder.decode': 3,
  'TextDecoder.decode, units': 1_710,
  'TextEncoder.encode': 6,
  'TextEncoder.encode, units': 6_400,
  'Uint8Array.set': 2,
  'Uint8Array.set, units': 80,
  'Uint8Array.slice': 2,
  'Uint8Array.slice, units': 70,
  'job HTTPINCOMINGMESSAGE': 1,
  'job Microtask': 1,
  'job SHUTDOWNWRAP': 1,
  'job SIGNREQUEST': 2,
  'job TCPWRAP': 1,
  'job Timeout': 3,
  'new AbortController': 1,
  'new Headers': 1,
  randomUUID: 2,
}

describe('a warm login', () => {
  it.each([
    ['in process', 'test/bench/way-of-a-login.ts', IN_PROCESS],
    ['over HTTP, as `postern serve`', 'test/bench/way/way-over-http.ts', OVER_HTTP],
  ] as const)('%s does no more than is written down', async (_way, file, maxima) => {
    const { stdout } = await promisify(execFile)(process.execPath, [file])
    const counts: Counts = JSON.parse(stdout)
    expect(counts['subtle.verify']).toBe(1)
    expect(counts['subtle.sign']).toBe(1)
    const exceeded = Object.entries(counts).filter(([name, count]) => count > (maxima[name] ?? 0))
    expect(Object.fromEntries(exceeded)).toEqual({})
  })
})
