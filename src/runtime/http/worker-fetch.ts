// `fetch` on Workers, with every content coding undone that Node and Deno undo. The platform decodes `gzip` and `br`
// itself, keeps the header, and hands on everything else as it came.
import type { FetchLike } from '../../net/bounded-fetch.ts'
import { type Coding, makeContentError, readCoding, removeCoding } from '../../net/content-coding.ts'
import { type Bytes, inflate } from './inflate.ts'

const DECODED_BY_PLATFORM: ReadonlySet<string> = new Set(['gzip', 'br'])

/** Rejects, or has a body that fails, as `FetchLike` states. */
export function createWorkerFetch(fetch: FetchLike): FetchLike {
  return async function workerFetch(url, init) {
    const response = await fetch(url, init)
    const { headers, status } = response
    const body = response.body as ReadableStream<Bytes> | null
    // Of an answer with another status nothing is read.
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

/** The platform tells damaged content from a lost connection by its sentence alone: each of those has "compress" in it. */
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
