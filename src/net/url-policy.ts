// The one policy for URLs that keys are fetched from: issuers, discovery documents, key sets. Against requests forged
// through configuration or a discovery document (SSRF): https, a public name or address, and no spelling tricks.
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES, QUOTED_CLAIM_MAX_CHARACTERS, URL_MAX_LENGTH } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { isForbiddenAddress, isLoopbackAddress } from './ip-address.ts'
import { PORT_MAX, readPort } from './port.ts'

export interface UrlPolicy {
  /** Development: loopback may be fetched from, and there by `http` too. */
  readonly allowLoopback: boolean
  /** Origins (`https://host:port`) that may be private: for a gateway on Node or Deno that runs beside its clusters. */
  readonly privateOrigins?: ReadonlySet<string>
  /** An issuer has no query (OpenID Connect Discovery 1.0 section 3); a key set's URL may. */
  readonly forbidQuery?: boolean
}

export interface ForbiddenUrl {
  readonly ok: false
  /** A sentence fragment that does not repeat the URL. */
  readonly reason: string
  /** For a host that only a private network reaches: what to do, on each host that the gateway may run on. */
  readonly cure?: string
}

export type UrlResult = { readonly ok: true; readonly value: URL } | ForbiddenUrl

/** Last labels that name no host of the public Internet, and who says so. */
const PRIVATE_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['localhost', 'a loopback name (RFC 6761)'],
  ['cluster.local', 'a name inside a Kubernetes cluster'],
  ['local', 'a name of the local link (RFC 6762)'],
  ['internal', 'a private name (reserved by ICANN)'],
  ['svc', 'a name inside a Kubernetes cluster'],
  ['home.arpa', 'a name of a home network (RFC 8375)'],
  ['intranet', 'a private name (RFC 6762 appendix G)'],
  ['private', 'a private name (RFC 6762 appendix G)'],
  ['corp', 'a private name (RFC 6762 appendix G)'],
  ['home', 'a private name (RFC 6762 appendix G)'],
  ['lan', 'a private name (RFC 6762 appendix G)'],
])

/** Those that no private network resolves either. */
const UNRESOLVABLE_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['onion', 'a Tor name (RFC 7686)'],
  ['alt', 'a name outside the DNS (RFC 9476)'],
  ['invalid', 'a name that never exists (RFC 6761)'],
])

/**
 * Whether keys may be fetched from `text`. The reason is a sentence fragment that does not repeat the URL. The URL
 * parser (WHATWG) has made one spelling of the host before it is judged: `0x7f.1`, `2130706433` and full-width digits
 * are all `127.0.0.1` then. What a name resolves to is for the host's `fetch` to check, by {@link isForbiddenAddress}.
 */
export function checkUrl(text: string, policy: UrlPolicy): UrlResult {
  if (text.length > URL_MAX_LENGTH) return no(`it has over ${URL_MAX_LENGTH} characters`)
  // The parser drops tabs and line ends and turns backslashes round: what a reader sees would not be what is fetched.
  if (/[^\x21-\x7e]|\\/.test(text)) return no('it has a character that does not belong in a URL')
  if (!/^https?:\/\/[^/]/i.test(text)) return no('it must start with https://')
  const url = URL.parse(text)
  if (url === null) return no(describeUnparsable(readAuthority(text)))
  // The raw text as well: the parser keeps no trace of an empty user, fragment or query.
  if (url.username !== '' || url.password !== '' || readAuthority(text).includes('@')) return no('it holds a user name')
  if (text.includes('#')) return no('it holds a fragment')
  if (policy.forbidQuery === true && text.includes('?')) return no('an issuer must not have a query')
  const misspelt = findPortFault(readAuthority(text)) ?? findHostSpellingFault(url.hostname) ?? findPathFault(text)
  if (misspelt !== undefined) return no(misspelt)

  const isLoopback = isLoopbackHost(url.hostname)
  if (isLoopback && policy.allowLoopback) return { ok: true, value: url }
  if (url.protocol !== 'https:') return no('it must start with https://')
  if (policy.privateOrigins?.has(url.origin) === true) return { ok: true, value: url }
  const fault = findHostFault(url.hostname)
  if (fault?.isPrivate === true) return { ...no(fault.what), cure: describePrivateCure(url) }
  if (fault !== undefined) return no(fault.what)
  // One spelling that people and lists compare: `%61.example.com` is fetched from `a.example.com`.
  return readAuthority(text).includes('%') ? no('its host is percent-encoded') : { ok: true, value: url }
}

function no(reason: string): ForbiddenUrl {
  return { ok: false, reason }
}

function describePrivateCure({ origin }: URL): string {
  return `on Node and Deno list ${quoteText(origin, QUOTED_CLAIM_MAX_CHARACTERS)} in PRIVATE_ISSUERS; Workers reach public addresses only: there give the keys inline (jwks)`
}

function readAuthority(text: string): string {
  return text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? ''
}

function describeUnparsable(authority: string): string {
  if (findPortFault(authority) !== undefined) return `it is not a URL: ${PORT_FAULT}`
  return authority.startsWith('[') ? 'it is not a URL: its host is not an IPv6 address' : 'it is not a URL'
}

const PORT_FAULT = `its port is not a number from 1 to ${PORT_MAX}`

/** An empty port is the default one, and a sign that one was forgotten; no host connects to port 0. */
function findPortFault(authority: string): string | undefined {
  const port = /^(?:\[[^\]]*\]|[^[:]*):(.*)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))?.[1]
  if (port === undefined) return undefined
  return (readPort(port) ?? 0) > 0 ? undefined : PORT_FAULT
}

/** Letters, digits, hyphens inside, and the underscore that private names use (RFC 1123 section 2.1). No wildcards. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** What the URL parser lets through as a host although no resolver has an answer for it. */
function findHostSpellingFault(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return undefined
  // `localhost.` is `localhost` to a resolver and another name to a list.
  if (hostname.endsWith('.')) return 'its host ends in a dot: leave it out'
  if (hostname.includes('*')) return 'its host has a wildcard, and keys are fetched from one host'
  if (hostname.length > DNS_NAME_MAX_BYTES) return `its host has over ${DNS_NAME_MAX_BYTES} characters`
  for (const label of hostname.split('.')) {
    if (label === '') return 'its host has an empty part between two dots'
    if (label.length > DNS_LABEL_MAX_BYTES) return `its host has a part of over ${DNS_LABEL_MAX_BYTES} characters`
    if (!LABEL.test(label)) return 'its host is not a DNS name'
  }
  return undefined
}

/** The parser removes dot segments, in all their spellings: what is fetched would not be what is written. */
function findPathFault(text: string): string | undefined {
  const path = text.slice(text.indexOf('//') + 2 + readAuthority(text).length).split(/[?#]/, 1)[0] ?? ''
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path) ? 'its path has a segment "." or ".."' : undefined
}

export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isLoopbackAddress(unbracket(hostname))
}

interface HostFault {
  readonly what: string
  /** A private network may reach it. */
  readonly isPrivate: boolean
}

function findHostFault(hostname: string): HostFault | undefined {
  // After the parser a host is an address exactly if it has brackets or ends in a number (WHATWG URL section 3.5).
  if (hostname.startsWith('[') || /(?:^|\.)[0-9]+$/.test(hostname)) {
    return isForbiddenAddress(unbracket(hostname))
      ? { what: 'its address is not a public one', isPrivate: true }
      : undefined
  }
  const labels = hostname.split('.')
  if (labels.length < 2) {
    return { what: 'its host is a single label, which only a private network resolves', isPrivate: true }
  }
  // The longer suffix says more: a name in `cluster.local` is no name of the local link.
  for (const count of [2, 1]) {
    const suffix = labels.slice(-count).join('.')
    for (const [suffixes, isPrivate] of [[PRIVATE_SUFFIXES, true] as const, [UNRESOLVABLE_SUFFIXES, false] as const]) {
      const what = suffixes.get(suffix)
      if (what !== undefined) return { what: `its host ends in .${suffix}, ${what}`, isPrivate }
    }
  }
  return undefined
}

function unbracket(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
