// A kind of hostile traffic: how one request of it is made, which documents and issuers it needs, and what it may cost. The
// same rows are run against real processes (run.ts) and counted in this process (counting.ts).

/** One request as an attacker sends it. */
export interface AttackRequest {
  readonly method: 'GET' | 'POST'
  /** As it goes over the wire: percent-encoded. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  /** The body comes in chunks, without a Content-Length. */
  readonly chunked?: true
  /** The client closes its connection after half of its body. */
  readonly hangsUp?: true
}

/** The operations that one request causes. Bytes are UTF-8. */
export interface Costs {
  /** Of the store of documents and of the store of applied records. */
  readonly reads: number
  /** Writes and deletions of applied records. */
  readonly writes: number
  /** HTTP requests to issuers. */
  readonly fetches: number
  /** All audit records of the request. */
  readonly auditBytes: number
  readonly answerBytes: number
  /** What is read of the request's body. */
  readonly bodyBytes: number
}

export interface Bounds {
  /** Of any one request. */
  readonly each: Costs
  /** Of the same request sent again within the time for which a configuration is fresh. */
  readonly again: Costs
  /** The bound for all requests of the kind together, if there is one. */
  readonly all?: Partial<Costs>
}

/** How many documents: hosts whose store is slow to fill, and the counting test, get fewer. */
export type Scale = 'full' | 'small'

/** What the requests of a kind are made for. */
export interface Site {
  /** Origin of the server that plays every issuer: see issuers.ts. */
  readonly issuers: string
  /** A token of a well-behaved agent. */
  readonly goodToken: string
  /** Milliseconds since 1970, by the clock that the gateway goes by. */
  readonly now: () => number
  readonly scale: Scale
}

/** For kinds that are not requests but connections. */
export type Wire =
  /** Opens and sends nothing. */
  | 'silent'
  /** Half of the headers, then nothing. */
  | 'half_headers'
  /** The headers and half of the body, then nothing. */
  | 'half_body'
  /** The same, then one byte per second, so that the connection is not idle. */
  | 'dripping_headers'
  | 'dripping_body'
  /** Many requests at once, and no answer is ever read. */
  | 'unread'

export interface Kind {
  readonly name: string
  readonly what: string
  readonly documents?: (issuers: string, scale: Scale) => Readonly<Record<string, string>>
  /** The `index`-th request, from 0. Deterministic but for random bytes. */
  readonly request: (index: number, site: Site) => AttackRequest
  /** Any other status is a violation. */
  readonly statuses: readonly number[]
  readonly bounds: Bounds
  /** Requests in the counting test; default {@link COUNT}. */
  readonly count?: number
  /** Where one request is so large that the stated rate would only test the machine. */
  readonly perSecondMax?: number
  /** The server may close the connection before the client has read the answer. */
  readonly mayCut?: true
  readonly wire?: Wire
  /** `wrangler dev` reads the unread rest of a body in the Worker's process; production does not. */
  readonly isDrainedByWrangler?: true
  /** Its issuers never end an answer: every load of their keys ends by the time-out of the gateway. */
  readonly stalls?: true
}

export const COUNT = 24

/** A record fits a log line of every collector (Workers Logs cuts at 256 kB), an answer fits any client. */
export const AUDIT_MAX_BYTES = 32 * 1024
export const ANSWER_MAX_BYTES = 16 * 1024

/** A cold cluster is looked for in each of its sections at most, with the record of each. */
const NOTHING: Costs = {
  reads: 0,
  writes: 0,
  fetches: 0,
  auditBytes: AUDIT_MAX_BYTES,
  answerBytes: ANSWER_MAX_BYTES,
  bodyBytes: 0,
}

/** Bounds that differ by `each` from a request that touches nothing; sent again, it touches neither store nor issuer. */
export function makeBounds(each: Partial<Costs>, all?: Partial<Costs>): Bounds {
  const first = { ...NOTHING, ...each }
  return { each: first, again: { ...first, reads: 0, writes: 0, fetches: 0 }, ...(all === undefined ? {} : { all }) }
}
