// The way of one warm login, counted, against a table that may only go down: what a login waits for, copies and makes.
// Each count is taken in a process of its own. A count that has fallen is lowered here in the same change.
import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Counts } from './way/counters.ts'

/** Bytes and UTF-16 units have some room: a record says how many milliseconds the login took. */
const IN_PROCESS: Counts = {
  promises: 115,
  resumptions: 59,
  'subtle.verify': 1,
  'subtle.sign': 1,
  'subtle.digest': 2,
  'job HASHREQUEST': 2,
  'job SIGNREQUEST': 2,
  'job RANDOMBYTESREQUEST': 2,
  'job Microtask': 2,
  'job Timeout': 1,
  getRandomValues: 2,
  'getRandomValues, units': 32,
  'JSON.parse': 2,
  'JSON.parse, units': 150,
  'JSON.stringify': 21,
  'JSON.stringify, units': 7_450,
  'TextDecoder.decode': 4,
  'TextDecoder.decode, units': 1_720,
  'TextEncoder.encode': 7,
  'TextEncoder.encode, units': 7_790,
  atob: 3,
  'atob, units': 1_080,
  btoa: 3,
  'btoa, units': 1_440,
  'Uint8Array.set': 4,
  'Uint8Array.set, units': 1_870,
  structuredClone: 1,
  'new AbortController': 1,
  'new ReadableStream': 1,
  'new Response': 4,
  // Of the reading of the answer's body.
  'Buffer.concat': 1,
  'Buffer.concat, units': 2_900,
}

const OVER_HTTP: Counts = {
  ...IN_PROCESS,
  promises: 146,
  resumptions: 81,
  'TextEncoder.encode': 8,
  'TextEncoder.encode, units': 9_150,
  'new AbortController': 3,
  'new Headers': 1,
  'new ReadableStream': 2,
  'new Request': 1,
  'new URL': 1,
  'job Microtask': 4,
  'job HTTPINCOMINGMESSAGE': 1,
  'job STREAM_END_OF_STREAM': 1,
  // Of a new connection, which a login on a kept one does not make.
  'job TCPWRAP': 1,
  'job SHUTDOWNWRAP': 1,
  'job Timeout': 3,
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
