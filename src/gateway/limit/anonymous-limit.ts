// Limits requests that verified nothing, by client address. A refused request costs one look-up and has no record of its
// own: refused ones are counted, and reported together.
import type { Clock } from '../../core/clock.ts'
import { EVENT_ENTRIES_MAX, LIMITED_CLIENTS_MAX, LIMITED_EVENT_INTERVAL_MILLIS } from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { computeWaitMillis, fillBucket, type TokenBucket, takeFrom } from '../../core/token-bucket.ts'
import { findClient, type TrustedProxies } from '../../net/client-address.ts'

/** Requests were refused because their clients had sent too many that verified nothing. */
export interface RequestsLimited {
  readonly event: 'requests_limited'
  /** Since the last such event. */
  readonly refused: number
  /** The first of their clients. */
  readonly clients: readonly string[]
}

/** Finds the other end of a request's connection, as only the host knows it. */
export type PeerAddress = (request: Request, env: unknown) => string | undefined

export interface AnonymousLimit {
  /** Names the client of a request: see {@link findClient}. @param env what the host passes with it */
  identify(request: Request, env: unknown): string
  /** The milliseconds until the client may send a request; `undefined` if it may now. A refusal is counted. */
  refuse(client: string): number | undefined
  /** Notes that a request of the client verified nothing. */
  charge(client: string): void
}

export interface AnonymousLimitOptions {
  /** Requests of one client that verify nothing: so many at once, and so many come back each minute. */
  readonly perMinute: number
  readonly peerAddress: PeerAddress
  readonly proxies?: TrustedProxies
  readonly clock: Clock
  readonly tell: (event: RequestsLimited) => void
}

export function createAnonymousLimit(options: AnonymousLimitOptions): AnonymousLimit {
  const { perMinute, peerAddress, proxies, clock, tell } = options
  const bounds = { size: perMinute, refillMillis: 60_000 / perMinute }
  const buckets = createLru<TokenBucket>({ maxEntries: LIMITED_CLIENTS_MAX })
  let refused = 0
  let clients: readonly string[] = []
  let toldMillis = Number.NEGATIVE_INFINITY

  function findWaitMillis(client: string): number {
    const bucket = buckets.peek(client)
    if (bucket === undefined) return 0
    if (bucket.countedAtMillis <= clock()) return computeWaitMillis(bucket, bounds, clock(), 1)
    // The clock was set back, so it is unknown what the client sent lately.
    buckets.delete(client)
    return 0
  }

  /** The first refusal is reported at once, later ones with one of the next requests. */
  function reportIfDue(): void {
    if (refused === 0 || Math.abs(clock() - toldMillis) < LIMITED_EVENT_INTERVAL_MILLIS) return
    toldMillis = clock()
    tell({ event: 'requests_limited', refused, clients })
    refused = 0
    clients = []
  }

  return {
    identify(request, env) {
      const forwarded = proxies === undefined ? null : request.headers.get(proxies.header)
      return findClient(peerAddress(request, env), forwarded ?? undefined, proxies?.networks)
    },
    refuse(client) {
      const waitMillis = findWaitMillis(client)
      if (waitMillis > 0) {
        refused++
        if (clients.length < EVENT_ENTRIES_MAX && !clients.includes(client)) clients = [...clients, client]
      }
      reportIfDue()
      return waitMillis > 0 ? waitMillis : undefined
    },
    charge(client) {
      const bucket = buckets.get(client) ?? fillBucket(bounds, clock())
      takeFrom(bucket, bounds, clock())
      buckets.set(client, bucket)
    },
  }
}
