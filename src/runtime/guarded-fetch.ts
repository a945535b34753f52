// `fetch` for Node and Deno that connects to the address it has checked. The global one resolves a name again after
// any check of ours, so a name that changes its address in between (DNS rebinding) would reach private networks.
import { type LookupAddress, lookup as resolve } from 'node:dns'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { isForbiddenAddress, isLoopbackAddress } from '../token/address.ts'
import type { FetchLike } from '../token/bounded-fetch.ts'

export interface GuardedFetchOptions {
  readonly allowLoopback: boolean
  /** Origins that may resolve to private addresses. */
  readonly privateOrigins: ReadonlySet<string>
}

/** Rejects if the host is, or resolves to, an address that keys must not come from. Follows no redirect. */
export function createGuardedFetch({ allowLoopback, privateOrigins }: GuardedFetchOptions): FetchLike {
  return async function guardedFetch(text, { headers, signal }) {
    const url = new URL(text)
    const isPrivate = privateOrigins.has(url.origin)
    const accepts = (address: string): boolean =>
      isPrivate || !isForbiddenAddress(address) || (allowLoopback && isLoopbackAddress(address))
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !accepts(literal)) throw new Error(`the address ${literal} is not public`)

    const request = url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise<Response>((answer, fail) => {
      const sent = request(url, { headers, signal, lookup: checkedLookup(accepts), agent: false }, (message) =>
        answer(responseOf(message)),
      )
      sent.once('error', fail)
      sent.end()
    })
  }
}

/** Resolves as the system does, and hands the connection only addresses that were checked. */
function checkedLookup(accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0)
      const checked = addresses.filter(({ address }) => accepts(address))
      const [first] = checked
      if (first === undefined) return done(new Error(`${hostname} has no public address`), '', 0)
      if (options.all === true) (done as (error: null, addresses: LookupAddress[]) => void)(null, checked)
      else done(null, first.address, first.family)
    })
  }
}

function responseOf(message: IncomingMessage): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    for (const item of Array.isArray(value) ? value : [value ?? '']) headers.append(name, item)
  }
  const status = message.statusCode ?? 502
  // A Response with one of these may have no body; whoever called sees the status and refuses it.
  const body = [101, 204, 205, 304].includes(status) ? null : (Readable.toWeb(message) as ReadableStream<Uint8Array>)
  if (body === null) message.resume()
  return new Response(body, { status: status < 200 ? 502 : status, headers })
}
