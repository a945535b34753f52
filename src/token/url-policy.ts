// The one policy for URLs that keys are fetched from: issuers, discovery documents, key sets. Against requests forged
// through configuration or a discovery document (SSRF): https, a public name or address, and no spelling tricks.
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES, URL_MAX_LENGTH } from '../core/limits.ts'
import { isForbiddenAddress, isLoopbackAddress } from './address.ts'

export interface UrlPolicy {
  /** Development: loopback may be fetched from, and there by `http` too. */
  readonly allowLoopback: boolean
  /** Origins (`https://host:port`) that may be private: for a gateway on Node or Deno that runs beside its clusters. */
  readonly privateOrigins?: ReadonlySet<string>
  /** An issuer has no query (OpenID Connect Discovery 1.0 section 3); a key set's URL may. */
  readonly forbidQuery?: boolean
}

export type UrlResult = { readonly ok: true; readonly value: URL } | { readonly ok: false; readonly reason: string }

/** Last labels that name no host of the public Internet, and who says so. */
const FORBIDDEN_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['localhost', 'a loopback name (RFC 6761)'],
  ['local', 'a name of the local link (RFC 6762)'],
  ['internal', 'a private name (reserved by ICANN)'],
  ['svc', 'a name inside a Kubernetes cluster'],
  ['home.arpa', 'a name of a home network (RFC 8375)'],
  ['onion', 'a Tor name (RFC 7686)'],
  ['alt', 'a name outside the DNS (RFC 9476)'],
  ['invalid', 'a name that never exists (RFC 6761)'],
  ['intranet', 'a private name (RFC 6762 appendix G)'],
  ['private', 'a private name (RFC 6762 appendix G)'],
  ['corp', 'a private name (RFC 6762 appendix G)'],
  ['home', 'a private name (RFC 6762 appendix G)'],
  ['lan', 'a private name (RFC 6762 appendix G)'],
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
  if (url === null) return no(describeUnparsable(authorityOf(text)))
  // The raw text as well: the parser keeps no trace of an empty user, fragment or query.
  if (url.username !== '' || url.password !== '' || authorityOf(text).includes('@')) return no('it holds a user name')
  if (text.includes('#')) return no('it holds a fragment')
  if (policy.forbidQuery === true && text.includes('?')) return no('an issuer must not have a query')
  const misspelt = portFault(authorityOf(text)) ?? hostSpellingFault(url.hostname) ?? pathFault(text)
  if (misspelt !== undefined) return no(misspelt)

  const isLoopback = isLoopbackHost(url.hostname)
  if (isLoopback && policy.allowLoopback) return { ok: true, value: url }
  if (url.protocol !== 'https:') return no('it must start with https://')
  if (policy.privateOrigins?.has(url.origin) === true) return { ok: true, value: url }
  const fault = hostFault(url.hostname)
  if (fault !== undefined) return no(fault)
  // One spelling that people and lists compare: `%61.example.com` is fetched from `a.example.com`.
  return authorityOf(text).includes('%') ? no('its host is percent-encoded') : { ok: true, value: url }
}

function no(reason: string): UrlResult {
  return { ok: false, reason }
}

function authorityOf(text: string): string {
  return text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? ''
}

function describeUnparsable(authority: string): string {
  if (portFault(authority) !== undefined) return `it is not a URL: ${PORT_FAULT}`
  return authority.startsWith('[') ? 'it is not a URL: its host is not an IPv6 address' : 'it is not a URL'
}

const PORT_FAULT = 'its port is not a number from 1 to 65535'

/** An empty port is the default one, and a sign that one was forgotten; no host connects to port 0. */
function portFault(authority: string): string | undefined {
  const port = /^(?:\[[^\]]*\]|[^[:]*):(.*)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))?.[1]
  if (port === undefined) return undefined
  return /^[0-9]{1,5}$/.test(port) && Number(port) > 0 && Number(port) <= 65_535 ? undefined : PORT_FAULT
}

/** Letters, digits, hyphens inside, and the underscore that private names use (RFC 1123 section 2.1). No wildcards. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** What the URL parser lets through as a host although no resolver has an answer for it. */
function hostSpellingFault(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return undefined
  // `localhost.` is `localhost` to a resolver and another name to a list.
  if (hostname.endsWith('.')) return 'its host ends in a dot'
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
function pathFault(text: string): string | undefined {
  const path = text.slice(text.indexOf('//') + 2 + authorityOf(text).length).split(/[?#]/, 1)[0] ?? ''
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path) ? 'its path has a segment "." or ".."' : undefined
}

export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isLoopbackAddress(unbracket(hostname))
}

function hostFault(hostname: string): string | undefined {
  // After the parser a host is an address exactly if it has brackets or ends in a number (WHATWG URL section 3.5).
  if (hostname.startsWith('[') || /(?:^|\.)[0-9]+$/.test(hostname)) {
    return isForbiddenAddress(unbracket(hostname)) ? 'its address is not a public one' : undefined
  }
  const labels = hostname.split('.')
  if (labels.length < 2) return 'its host is a single label, which only a private network resolves'
  for (const count of [1, 2]) {
    const suffix = labels.slice(-count).join('.')
    const what = FORBIDDEN_SUFFIXES.get(suffix)
    if (what !== undefined) return `its host ends in .${suffix}, ${what}`
  }
  return undefined
}

function unbracket(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
}
