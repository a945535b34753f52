// Fetches one document within bounds: no redirect, status 200, limited bytes and time, strict JSON where JSON is asked for. Every fault is
// returned as a failure with its cause. It never throws, and does not hang on a `fetch` that ignores its signal.
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

/** Web application firewalls answer 403 to requests without a User-Agent (RFC 9110 section 10.1.5). */
const USER_AGENT = `Postern/${VERSION}`

/**
 * The `fetch` that a host provides: the platform's, or one that also checks the resolved address (see
 * `isForbiddenAddress`).
 *
 * It must follow no redirect, and stop when `signal` is aborted. It decodes the content coding of a 200 response in
 * small pieces, whatever an issuer sends, so that a small body cannot expand in memory at once (RFC 9110 section 8.4).
 *
 * @returns The response. A network failure rejects; `recogniseError` classifies it. Content that cannot be decoded
 *   rejects the promise, or a read of the body, with an error of `makeContentError`.
 * @example const fetchLike: FetchLike = (url, { onPhase, reach, ...init }) => fetch(url, init)
 */
export type FetchLike = (
  url: string,
  init: {
    /** Absent: GET. */
    readonly method?: 'POST'
    readonly headers: Readonly<Record<string, string>>
    /** The body of a POST. */
    readonly body?: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
    readonly reach?: FetchReach
    /** A host that can call this does so when it begins to connect, and when it waits for the response. */
    readonly onPhase?: (phase: 'connect' | 'answer') => void
  },
) => Promise<Response>

/** What one request trusts and may reach, where that is not what the settings say of all requests. */
export interface FetchReach {
  /**
   * Certificates in PEM. TLS trusts exactly these authorities, and no other one of the host. A host that cannot do that
   * must reject the request: with other authorities it would talk to a stranger.
   */
  readonly authorities?: readonly string[]
  /** Whether the host name may resolve to private addresses. */
  readonly mayBePrivate: boolean
  /**
   * The host name may resolve to public addresses and to those of the networks that the operator lists, and to no other ones:
   * only a host with that feature (`HOST_FEATURES`) is asked for it.
   */
  readonly listedNetworks?: true
}

/** The body of a POST, which is JSON already: what was signed is what is sent. */
export interface PostedJson {
  readonly json: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface FetchBounds {
  /** The `Accept` header; default `application/json`. */
  readonly accept?: string
  /** Bytes of the decoded content. */
  readonly maxBytes: number
  readonly timeoutMillis: number
  /** Absent: a GET. */
  readonly post?: PostedJson
  readonly reach?: FetchReach
}

/** Why the fetch failed. The facts are printable and short, since the other side chooses many of them. */
export interface FetchFailure {
  readonly kind: FetchCause
  readonly facts: CauseFacts
  /** From `Retry-After` (RFC 9110 section 10.2.3), not bounded. */
  readonly retryAfterSeconds?: number
}

export type FetchedBytes =
  | { readonly ok: true; readonly bytes: Uint8Array; readonly headers: Headers }
  | { readonly ok: false; readonly failure: FetchFailure }

export type FetchedJson =
  | { readonly ok: true; readonly value: Json; readonly bytes: number; readonly headers: Headers }
  | { readonly ok: false; readonly failure: FetchFailure }

/**
 * Fetches one JSON document. The content type is not checked: clouds serve key sets under several.
 *
 * @param url A URL that `checkUrl` has accepted.
 * @param bounds `maxBytes` of decoded content; `timeoutMillis` for everything, from connecting to the last byte.
 * @returns The parsed value and the response's headers, or the failure. Never rejects.
 */
export async function fetchJson(fetch: FetchLike, url: string, bounds: FetchBounds): Promise<FetchedJson> {
  const fetched = await fetchBytes(fetch, url, bounds)
  if (!fetched.ok) return fetched
  const { bytes, headers } = fetched
  const json = parseJsonBytes(bytes, JSON_DEPTH_MAX)
  return json.ok
    ? { ok: true, value: json.value, bytes: bytes.length, headers }
    : failed(describeBody(bytes, headers, json))
}

/** Fetches the body of a 200 response within bounds, as {@link fetchJson} does. Never rejects. */
export async function fetchBytes(fetch: FetchLike, url: string, bounds: FetchBounds): Promise<FetchedBytes> {
  const { accept = 'application/json', maxBytes, timeoutMillis, post, reach } = bounds
  const signal = AbortSignal.timeout(timeoutMillis)
  // A host that does not report its phase counts as waiting for the response.
  let phase: FetchPhase = 'answer'
  let coding: string | null = null
  const onPhase = (next: 'connect' | 'answer'): void => {
    phase = next
  }
  try {
    const headers = { accept, 'user-agent': USER_AGENT }
    // `manual`: a redirect that is followed would bypass the URL policy (SSRF). Workers do not support `error`.
    const sent = post === undefined ? { headers } : describePost(headers, post)
    const how = { redirect: 'manual', signal, onPhase, ...(reach === undefined ? {} : { reach }) } as const
    const response = await raceAbort(fetch(url, { ...sent, ...how }), signal)
    phase = 'body'
    coding = response.headers.get('content-encoding')
    if (response.status !== 200) {
      discard(response)
      return failed(describeStatus(response))
    }
    const bytes = await readBody(response, maxBytes, signal)
    if (bytes === undefined) return failed({ kind: 'too_large', facts: { bytes: maxBytes } })
    return { ok: true, bytes, headers: response.headers }
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

function describePost(headers: Readonly<Record<string, string>>, post: PostedJson) {
  const all = { ...post.headers, ...headers, 'content-type': 'application/json' }
  return { method: 'POST', headers: all, body: post.json } as const
}

const TIMEOUTS = { connect: 'connect_timeout', answer: 'answer_timeout', body: 'body_timeout' } as const

/** Adds the facts that the error does not contain. The system may give up on a connection before our time-out. */
function addFacts(failure: FetchFailure, { millis, coding }: { millis: number; coding: string }): FetchFailure {
  if (failure.kind === 'connect_timeout') return { ...failure, facts: { millis } }
  return failure.kind === 'coding_broken' ? { ...failure, facts: { coding } } : failure
}

function describeStatus({ status, type, headers }: Response): FetchFailure {
  if ((type as string) === 'opaqueredirect' || (status >= 300 && status < 400)) {
    const location = headers.get('location')
    const to = location === null ? 'an unnamed location' : quoteText(location, QUOTED_CLAIM_MAX_CHARACTERS)
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

/** Reads the body; `undefined` if it is over the bound. */
async function readBody(response: Response, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
  if (response.body === null) return new Uint8Array()
  const reader = response.body.getReader()
  try {
    return await raceAbort(readCapped(reader, maxBytes), signal)
  } finally {
    // Ends an unfinished transfer. Not awaited: a body that never ends may never finish cancelling either.
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
