// One JSON document by HTTP, within bounds: no redirect, one status, so many bytes, so much time, strict JSON. What
// goes wrong comes back as a failure with its cause; it never throws and never hangs on a `fetch` that ignores its signal.
import { type Json, parseJsonBytes } from '../core/json.ts'
import { JSON_DEPTH_MAX, QUOTED_CLAIM_MAX_CHARACTERS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { VERSION } from '../core/version.ts'
import { describeBody } from './body-fault.ts'
import type { CauseFacts } from './cause-row.ts'
import { findContentFailure } from './content-coding.ts'
import type { FetchCause } from './fetch-causes.ts'
import { readCapped } from './read-capped.ts'
import { type FetchPhase, recogniseError, recogniseStatus } from './recognise-error.ts'
import { readRetryAfter } from './retry-after.ts'

/** Web application firewalls answer 403 to requests without one (RFC 9110 section 10.1.5). */
const USER_AGENT = `Postern/${VERSION}`

/**
 * The part of the platform's `fetch` that is used; a host may hand in one that checks the resolved address. The body of
 * a 200 has its content coding undone, in pieces that are small whatever an issuer sends; where that cannot be done,
 * the promise or a read of the body rejects with a `makeContentError`.
 */
export type FetchLike = (
  url: string,
  init: {
    /** Absent: GET. */
    readonly method?: 'POST'
    readonly headers: Readonly<Record<string, string>>
    /** Of a POST. */
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
    /** Called by a host that knows: when it begins to connect, and when it waits for the answer. */
    readonly onPhase?: (phase: 'connect' | 'answer') => void
  },
) => Promise<Response>

export interface FetchBounds {
  /** Media types that are asked for; default `application/json`. */
  readonly accept?: string
  /** Of the content, decoded. */
  readonly maxBytes: number
  readonly timeoutMillis: number
  /** Sent by POST; absent: a GET. */
  readonly post?: Json
}

/** Why there is no document. The facts are printable and short: much of them is the other side's to choose. */
export interface FetchFailure {
  readonly kind: FetchCause
  readonly facts: CauseFacts
  /** As the answer asks for (RFC 9110 section 10.2.3), unbounded. */
  readonly retryAfterSeconds?: number
}

export type FetchedJson =
  | { readonly ok: true; readonly value: Json; readonly bytes: number; readonly headers: Headers }
  | { readonly ok: false; readonly failure: FetchFailure }

/** Fetches `url`. The content type does not matter: clouds serve key sets under several, and JSON shows by itself. */
export async function fetchJson(fetch: FetchLike, url: string, bounds: FetchBounds): Promise<FetchedJson> {
  const { accept = 'application/json', maxBytes, timeoutMillis, post } = bounds
  const signal = AbortSignal.timeout(timeoutMillis)
  // Until a host says that it is still connecting, it is taken to wait for the answer.
  let phase: FetchPhase = 'answer'
  let coding: string | null = null
  const onPhase = (next: 'connect' | 'answer'): void => {
    phase = next
  }
  try {
    const headers = { accept, 'user-agent': USER_AGENT }
    // A redirect is answered by hand: followed, it would lead past the URL policy; `error` is no value on Workers.
    const sent = post === undefined ? { headers } : describePost(headers, post)
    const response = await raceAbort(fetch(url, { ...sent, redirect: 'manual', signal, onPhase }), signal)
    phase = 'body'
    coding = response.headers.get('content-encoding')
    if (response.status !== 200) {
      discard(response)
      return failed(describeStatus(response))
    }
    const bytes = await readBody(response, maxBytes, signal)
    if (bytes === undefined) return failed({ kind: 'too_large', facts: { bytes: maxBytes } })
    const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
    if (!json.ok) return failed(describeBody(bytes, response.headers, json))
    return { ok: true, value: json.value, bytes: bytes.length, headers: response.headers }
  } catch (error) {
    const content = findContentFailure(error)
    if (content !== undefined && !signal.aborted)
      return failed({ kind: content.kind, facts: { coding: quoteText(content.coding) } })
    return failed(
      signal.aborted
        ? { kind: TIMEOUTS[phase], facts: { millis: timeoutMillis } }
        : addFacts(recogniseError(error, phase), { millis: timeoutMillis, coding: quoteText(coding ?? '') }),
    )
  }
}

function describePost(headers: Readonly<Record<string, string>>, json: Json) {
  const body = JSON.stringify(json)
  return { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body } as const
}

const TIMEOUTS = { connect: 'connect_timeout', answer: 'answer_timeout', body: 'body_timeout' } as const

/** What the error itself does not hold. The system may give up on a connection before we do. */
function addFacts(failure: FetchFailure, { millis, coding }: { millis: number; coding: string }): FetchFailure {
  if (failure.kind === 'connect_timeout') return { ...failure, facts: { millis } }
  return failure.kind === 'coding_broken' ? { ...failure, facts: { coding } } : failure
}

function describeStatus({ status, type, headers }: Response): FetchFailure {
  if ((type as string) === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    const to = location === null ? 'a place that it does not name' : quoteText(location, QUOTED_CLAIM_MAX_CHARACTERS)
    return { kind: 'redirected', facts: { status, location: to } }
  }
  const retryAfterSeconds = status === 429 || status === 503 ? readRetryAfter(headers) : undefined
  return {
    kind: recogniseStatus(status),
    facts: { status },
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  }
}

function failed(failure: FetchFailure): { readonly ok: false; readonly failure: FetchFailure } {
  return { ok: false, failure }
}

/** The body, or `undefined` once it is over the bound. */
async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  try {
    return await raceAbort(readCapped(reader, maxBytes), signal)
  } finally {
    // Ends the transfer if it is not over. Nobody waits: a body that does not end may not end its cancelling either.
    reader.cancel().catch(() => undefined)
  }
}

function discard(response: Response): void {
  response.body?.cancel().catch(() => undefined)
}

function raceAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('aborted'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
