// One JSON document by HTTP, within bounds: no redirect, one status, so many bytes, so much time, strict JSON. What
// goes wrong comes back as one of a few failures; it never throws and never hangs on a `fetch` that ignores its signal.
import { type Json, type JsonFault, parseJsonBytes } from '../core/json.ts'
import { JSON_DEPTH_MAX } from '../core/limits.ts'
import { VERSION } from '../core/version.ts'
import { type ContentFailure, findContentFailure } from './content-coding.ts'

/** Web application firewalls answer 403 to requests without one (RFC 9110 section 10.1.5). */
const USER_AGENT = `Postern/${VERSION}`

/**
 * The part of the platform's `fetch` that is used; a host may hand in one that checks the resolved address. The body of
 * a 200 has its content coding undone, in pieces that are small whatever an issuer sends; where that cannot be done,
 * the promise or a read of the body rejects with a `contentError`.
 */
export type FetchLike = (
  url: string,
  init: {
    readonly headers: Readonly<Record<string, string>>
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

export interface FetchBounds {
  /** Media types that are asked for; default `application/json`. */
  readonly accept?: string
  /** Of the content, decoded. */
  readonly maxBytes: number
  readonly timeoutMillis: number
}

export type FetchFailure =
  | { readonly kind: 'unreachable' }
  | { readonly kind: 'timeout'; readonly timeoutMillis: number }
  | { readonly kind: 'redirected'; readonly status: number }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'too_large'; readonly maxBytes: number }
  | { readonly kind: 'malformed'; readonly fault: JsonFault }
  | ContentFailure

export type FetchedJson =
  | { readonly ok: true; readonly value: Json; readonly bytes: number; readonly headers: Headers }
  | { readonly ok: false; readonly failure: FetchFailure }

/** Fetches `url`. The content type does not matter: clouds serve key sets under several, and JSON shows by itself. */
export async function fetchJson(fetch: FetchLike, url: string, bounds: FetchBounds): Promise<FetchedJson> {
  const { accept = 'application/json', maxBytes, timeoutMillis } = bounds
  const signal = AbortSignal.timeout(timeoutMillis)
  try {
    const headers = { accept, 'user-agent': USER_AGENT }
    // A redirect is answered by hand: followed, it would lead past the URL policy; `error` is no value on Workers.
    const response = await orAborted(fetch(url, { headers, redirect: 'manual', signal }), signal)
    if (response.status !== 200) {
      discard(response)
      const isRedirect =
        (response.type as string) === 'opaqueredirect' || (response.status >= 300 && response.status < 400)
      return failed({ kind: isRedirect ? 'redirected' : 'status', status: response.status })
    }
    const bytes = await readBody(response, maxBytes, signal)
    if (bytes === undefined) return failed({ kind: 'too_large', maxBytes })
    const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
    if (!json.ok) return failed({ kind: 'malformed', fault: json.fault })
    return { ok: true, value: json.value, bytes: bytes.length, headers: response.headers }
  } catch (error) {
    if (signal.aborted) return failed({ kind: 'timeout', timeoutMillis })
    return failed(findContentFailure(error) ?? { kind: 'unreachable' })
  }
}

function failed(failure: FetchFailure): { readonly ok: false; readonly failure: FetchFailure } {
  return { ok: false, failure }
}

/** The body, or `undefined` once it is over the bound. Counted as it comes: a length may be absent, or a lie. */
async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await orAborted(reader.read(), signal)
      if (done) break
      length += value.length
      if (length > maxBytes) return undefined
      chunks.push(value)
    }
  } finally {
    // Ends the transfer if it is not over. Nobody waits: a body that does not end may not end its cancelling either.
    reader.cancel().catch(() => undefined)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
