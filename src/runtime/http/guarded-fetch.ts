// `fetch` for Node and Deno that connects to the address it has checked. The global one resolves a name again after
// any check of ours, so a name that changes its address in between (DNS rebinding) would reach private networks.
import { type LookupAddress, lookup as resolve } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { FetchLike } from '../../net/bounded-fetch.ts'
import { readCoding, removeCoding } from '../../net/content-coding.ts'
import { isForbiddenAddress, isLoopbackAddress } from '../../net/ip-address.ts'
import { createCodedError, diagnoseCertificate } from './certificate-fault.ts'
import { readBody } from './decoded-body.ts'

export interface GuardedFetchOptions {
  readonly allowLoopback: boolean
  /** Origins that may resolve to private addresses. */
  readonly privateOrigins: ReadonlySet<string>
}

/** Rejects if the host is, or resolves to, an address that keys must not come from. Follows no redirect. */
export function createGuardedFetch({ allowLoopback, privateOrigins }: GuardedFetchOptions): FetchLike {
  return async function guardedFetch(text, { method = 'GET', headers, body, signal, onPhase }) {
    const url = new URL(text)
    const isPrivate = privateOrigins.has(url.origin)
    const accepts = (address: string): boolean =>
      isPrivate || !isForbiddenAddress(address) || (allowLoopback && isLoopbackAddress(address))
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !accepts(literal)) throw createNotPublicError(`the address ${literal} is not public`)

    const isTls = url.protocol === 'https:'
    const request = isTls ? httpsRequest : httpRequest
    const lookup = createCheckedLookup(accepts)
    onPhase?.('connect')
    return new Promise<Response>((answer, fail) => {
      // An agent for this request alone, and none that reads the environment: with NODE_USE_ENV_PROXY Deno's would connect
      // to a proxy, and the proxy to an address without a check.
      const agent = isTls ? new HttpsAgent({ proxyEnv: {} }) : new HttpAgent({ proxyEnv: {} })
      const sent = request(url, { method, headers, signal, lookup, agent }, (message) => {
        // Thrown in an event, an error ends the process: an issuer's answer must reach nothing but this promise.
        try {
          answer(makeResponse(message))
        } catch (error) {
          message.destroy()
          fail(error)
        }
      })
      let failing = false
      // Not `once`: a second error without a listener is uncaught. After the promise has settled it changes nothing.
      sent.on('error', (error) => {
        failing = true
        // A rejection that nobody handles ends the process.
        diagnoseCertificate(error, url, { lookup, signal }).then(fail, () => fail(error))
      })
      sent.once('socket', (socket) => socket.once(isTls ? 'secureConnect' : 'connect', () => onPhase?.('answer')))
      // An answer of 101 to a request that asked for no upgrade closes without a response and without an error.
      sent.once('close', () => {
        if (!failing) fail(createCodedError(`${url.origin} closed the connection without an answer`, 'ERR_NO_ANSWER'))
      })
      sent.end(body)
    })
  }
}

function createNotPublicError(message: string): Error {
  return createCodedError(message, 'ERR_ADDRESS_NOT_PUBLIC')
}

/** Resolves as the system does, and hands the connection only addresses that were checked. */
function createCheckedLookup(accepts: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return done(error, '', 0)
      const checked = addresses.filter(({ address }) => accepts(address))
      const [first] = checked
      if (first === undefined) return done(createNotPublicError(`${hostname} has no public address`), '', 0)
      if (options.all === true) (done as (error: null, addresses: LookupAddress[]) => void)(null, checked)
      else done(null, first.address, first.family)
    })
  }
}

/** The statuses that a `Response` can hold (RFC 9110 section 15): one of any other makes its constructor throw. */
const STATUS_MIN = 200
const STATUS_MAX = 599
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

function makeResponse(message: IncomingMessage): Response {
  // Later failures of the transfer reject a read of the body; here they must only not be uncaught.
  message.on('error', () => undefined)
  const received = message.statusCode ?? 0
  const status = received >= STATUS_MIN && received <= STATUS_MAX ? received : 502
  const headers = readHeaders(message)
  // A Response with one of these may have no body; the caller sees the status and refuses it.
  if (WITHOUT_BODY.has(status)) {
    message.resume()
    return new Response(null, { status, headers })
  }
  // Of an answer with another status nothing is read.
  const coding = status === 200 ? readCoding(headers) : undefined
  return new Response(readBody(message, coding), {
    status,
    headers: coding === undefined ? headers : removeCoding(headers),
  })
}

/** A header that no `Headers` can hold is left out: nothing is decided by it. */
function readHeaders(message: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    for (const item of Array.isArray(value) ? value : [value ?? '']) {
      try {
        headers.append(name, item)
      } catch {
        // Bytes that are no ByteString, or a name that is no token.
      }
    }
  }
  return headers
}
