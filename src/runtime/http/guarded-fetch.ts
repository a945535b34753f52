// `fetch` for Node and Deno that connects to exactly the address it has checked. The global `fetch` would resolve the name
// again after our check, so a name that changes its address in between (DNS rebinding) would reach private networks.
import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns'
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { FetchLike } from '../../net/bounded-fetch.ts'
import { readCoding, removeCoding } from '../../net/content-coding.ts'
import { isForbiddenAddress, isLoopbackAddress } from '../../net/ip-address.ts'
import { createListedCheck } from '../../net/listed-networks.ts'
import { createCodedError, diagnoseCertificate } from './certificate-fault.ts'
import { readBody } from './decoded-body.ts'

export interface GuardedFetchOptions {
  /** Whether loopback addresses are allowed; for development only. */
  readonly allowLoopback: boolean
  /** Origins that may resolve to private addresses. */
  readonly privateOrigins: ReadonlySet<string>
  /** Networks, in CIDR notation, that a request with `reach.listedNetworks` may connect to; default none. */
  readonly listedNetworks?: readonly string[]
  /** Resolves a name, once per request. Default: as the system does. */
  readonly resolve?: Resolve
}

export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

/**
 * Creates the fetch for keys and call-outs.
 * @param options - addresses that are allowed besides public ones
 * @returns a {@link FetchLike} that follows no redirects and ignores proxies. It rejects with code `ERR_ADDRESS_NOT_PUBLIC` if
 *   the host is, or resolves only to, forbidden addresses, with `ERR_NO_ANSWER` if the connection closes without a
 *   response, and otherwise with the system's error
 * @example
 * createGuardedFetch({ allowLoopback: false, privateOrigins: origins })
 */
export function createGuardedFetch(options: GuardedFetchOptions): FetchLike {
  const { allowLoopback, privateOrigins, listedNetworks = [], resolve = lookup } = options
  const isListed = createListedCheck(listedNetworks, allowLoopback)
  return async function guardedFetch(text, { method = 'GET', headers, body, signal, reach, onPhase }) {
    const url = new URL(text)
    const isPrivate = reach?.mayBePrivate ?? privateOrigins.has(url.origin)
    const accepts =
      reach?.listedNetworks === true
        ? isListed
        : (address: string): boolean =>
            isPrivate || !isForbiddenAddress(address) || (allowLoopback && isLoopbackAddress(address))
    const literal = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(literal) !== 0 && !accepts(literal)) throw createNotPublicError(`the address ${literal} is not public`)

    const isTls = url.protocol === 'https:'
    const request = isTls ? httpsRequest : httpRequest
    const checked = createCheckedLookup(accepts, reach?.listedNetworks === true ? makeAbsolute(resolve) : resolve)
    onPhase?.('connect')
    return new Promise<Response>((answer, fail) => {
      // A separate agent that ignores proxy variables: with NODE_USE_ENV_PROXY, Deno's default agent would connect to a
      // proxy, which would connect to an unchecked address.
      // `ca` replaces all other authorities, those of NODE_EXTRA_CA_CERTS and DENO_CERT included.
      const trusted = reach?.authorities === undefined ? {} : { ca: [...reach.authorities] }
      const agent = isTls ? new HttpsAgent({ proxyEnv: {}, ...trusted }) : new HttpAgent({ proxyEnv: {} })
      const sent = request(url, { method, headers, signal, lookup: checked, agent }, (message) => {
        // An error thrown in an event ends the process, so an issuer's answer could crash the gateway: reject instead.
        try {
          answer(makeResponse(message))
        } catch (error) {
          message.destroy()
          fail(error)
        }
      })
      let failing = false
      // Not `once`: a second error without a listener would be uncaught. Once the promise has settled it has no effect.
      sent.on('error', (error) => {
        failing = true
        // Both outcomes are handled: an unhandled rejection would end the process.
        diagnoseCertificate(error, url, { lookup: checked, signal }).then(fail, () => fail(error))
      })
      sent.once('socket', (socket) => socket.once(isTls ? 'secureConnect' : 'connect', () => onPhase?.('answer')))
      // An unrequested 101 closes the connection with neither a response nor an error event.
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

/** Creates a lookup that returns only allowed addresses. */
function createCheckedLookup(accepts: (address: string) => boolean, resolve: Resolve): LookupFunction {
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

/**
 * With a search list, as in a pod of Kubernetes, `web.lan` could also be the Service `web` of a namespace `lan`, and the name
 * that a policy allows is another one. A dot at the end turns the list off (RFC 1034 section 3.1); single labels need it.
 */
function makeAbsolute(resolve: Resolve): Resolve {
  return (hostname, options, done) => resolve(hostname.includes('.') ? `${hostname}.` : hostname, options, done)
}

/** The statuses that a `Response` accepts (RFC 9110 section 15); its constructor throws for any other. */
const STATUS_MIN = 200
const STATUS_MAX = 599
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304])

function makeResponse(message: IncomingMessage): Response {
  // Later failures of the transfer reject a read of the body; without a listener they would also be uncaught.
  message.on('error', () => undefined)
  const received = message.statusCode ?? 0
  const status = received >= STATUS_MIN && received <= STATUS_MAX ? received : 502
  const headers = readHeaders(message)
  // A Response with one of these statuses must not have a body; the caller refuses it by its status.
  if (WITHOUT_BODY.has(status)) {
    message.resume()
    return new Response(null, { status, headers })
  }
  // The body of any other status is not read, so it is not decoded.
  const coding = status === 200 ? readCoding(headers) : undefined
  return new Response(readBody(message, coding), {
    status,
    headers: coding === undefined ? headers : removeCoding(headers),
  })
}

/** Copies the headers, leaving out those that `Headers` refuses: none of them is used. */
function readHeaders(message: IncomingMessage): Headers {
  const headers = new Headers()
  for (const [name, value] of Object.entries(message.headers)) {
    for (const item of Array.isArray(value) ? value : [value ?? '']) {
      try {
        headers.append(name, item)
      } catch {
        // The value is not a ByteString, or the name is not a token.
      }
    }
  }
  return headers
}
