// `fetch` on Workers that decodes the same content codings as on Node and Deno. The platform decodes `gzip` and `br`
// itself but keeps the header; it passes other codings on unchanged.
import type { FetchLike } from '../../net/bounded-fetch.ts'
import { type Coding, makeContentError, readCoding, removeCoding } from '../../net/content-coding.ts'
import { type Bytes, inflate } from './inflate.ts'

const DECODED_BY_PLATFORM: ReadonlySet<string> = new Set(['gzip', 'br'])

/**
 * Creates the fetch for keys and call-outs on Workers.
 * @param fetch - the platform's `fetch`
 * @returns a {@link FetchLike}; it rejects, or its body fails, as that type specifies
 */
export function createWorkerFetch(fetch: FetchLike): FetchLike {
  return async function workerFetch(url, { reach, ...init }) {
    // The platform trusts its own authorities, whatever it is given.
    if (reach?.authorities !== undefined) throw new Error('Workers cannot choose the authorities of one request')
    // It resolves the name itself as well, so no address could be checked.
    if (reach?.listedNetworks === true) throw new Error('Workers cannot choose the addresses of one request')
    const response = await fetch(url, init)
    const { headers, status } = response
    const body = response.body as ReadableStream<Bytes> | null
    // The body of any other status is not read, so it is not decoded.
    if (status !== 200 || body === null) return response
    const coding = readCodingOrCancel(headers, body)
    if (coding === undefined) return response
    const isDecoded = coding === 'br' || DECODED_BY_PLATFORM.has(headers.get('content-encoding') ?? '')
    const content = isDecoded ? nameFailures(body, coding) : inflate(body, coding)
    return new Response(content, { status, headers: removeCoding(headers) })
  }
}

function readCodingOrCancel(headers: Headers, body: ReadableStream<Bytes>): Coding | undefined {
  try {
    return readCoding(headers)
  } catch (error) {
    body.cancel().catch(() => undefined)
    throw error
  }
}

/** Recognises damaged content by the platform's message, which contains "compress"; there are no error codes. */
function nameFailures(body: ReadableStream<Bytes>, coding: Coding): ReadableStream<Bytes> {
  const reader = body.getReader()
  return new ReadableStream<Bytes>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (error) {
        const isDamaged = error instanceof TypeError && /compress/i.test(error.message)
        controller.error(isDamaged ? makeContentError({ kind: 'coding_broken', coding }) : error)
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
