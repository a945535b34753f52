// The policy for every URL that keys are fetched from: issuers, discovery documents, key sets. It prevents server-side
// request forgery (SSRF) through configuration or a discovery document: https, a public name or address, and one
// spelling.
import { DNS_LABEL_MAX_BYTES, DNS_NAME_MAX_BYTES, QUOTED_CLAIM_MAX_CHARACTERS, URL_MAX_LENGTH } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { isForbiddenAddress, isLoopbackAddress } from './ip-address.ts'
import { PORT_MAX, readPort } from './port.ts'

export interface UrlPolicy {
  /** Development: also allows loopback, by `http` too. */
  readonly allowLoopback: boolean
  /** Origins (`https://host:port`) that may be private, for a gateway on Node or Deno in its clusters' network. */
  readonly privateOrigins?: ReadonlySet<string>
  /** The origin of this very URL may be private, whatever is listed for all. */
  readonly mayBePrivate?: boolean
  /** An issuer has no query (OpenID Connect Discovery 1.0 section 3); a key set's URL may. */
  readonly forbidQuery?: boolean
}

export interface ForbiddenUrl {
  readonly ok: false
  /** The reason, such as "it must start with https://". It does not repeat the URL. */
  readonly reason: string
  /** For a host on a private network: the next step, for each runtime of the gateway. */
  readonly cure?: string
}

export type UrlResult = { readonly ok: true; readonly value: URL } | ForbiddenUrl

/** Suffixes of names that are not on the public Internet, with the document that says so. */
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

/** Suffixes that no private network resolves either. */
const UNRESOLVABLE_SUFFIXES: ReadonlyMap<string, string> = new Map([
  ['onion', 'a Tor name (RFC 7686)'],
  ['alt', 'a name outside the DNS (RFC 9476)'],
  ['invalid', 'a name that never exists (RFC 6761)'],
])

/**
 * Checks whether keys may be fetched from a URL. The host is checked after the URL parser (WHATWG) has normalized it:
 * then `0x7f.1`, `2130706433` and full-width digits are all `127.0.0.1`. The addresses that a name resolves to are not
 * checked here: the host's `fetch` must do that, by {@link isForbiddenAddress}.
 *
 * @param text The URL as written, at most {@link URL_MAX_LENGTH} characters.
 * @returns The parsed URL, or the reason why it is forbidden.
 * @example checkUrl('https://oidc.example.com', { allowLoopback: false })
 */
export function checkUrl(text: string, policy: UrlPolicy): UrlResult {
  if (text.length > URL_MAX_LENGTH) return forbid(`it is longer than ${URL_MAX_LENGTH} characters`)
  // The parser drops tabs and line ends and replaces backslashes: the URL that is fetched would differ from the written
  // one.
  if (/[^\x21-\x7e]|\\/.test(text)) return forbid('it contains a character that is not allowed in a URL')
  if (!/^https?:\/\/[^/]/i.test(text)) return forbid('it must start with https://')
  const url = URL.parse(text)
  if (url === null) return forbid(describeUnparsable(readAuthority(text)))
  // The written URL is checked too: the parser drops an empty user name, fragment or query.
  if (url.username !== '' || url.password !== '' || readAuthority(text).includes('@'))
    return forbid('it contains a user name')
  if (text.includes('#')) return forbid('it contains a fragment')
  if (policy.forbidQuery === true && text.includes('?')) return forbid('an issuer must not have a query')
  const misspelt = findPortFault(readAuthority(text)) ?? findHostSpellingFault(url.hostname) ?? findPathFault(text)
  if (misspelt !== undefined) return forbid(misspelt)

  const isLoopback = isLoopbackHost(url.hostname)
  if (isLoopback && policy.allowLoopback) return { ok: true, value: url }
  if (url.protocol !== 'https:') return forbid('it must start with https://')
  if (policy.mayBePrivate === true || policy.privateOrigins?.has(url.origin) === true) return { ok: true, value: url }
  const fault = findHostFault(url.hostname)
  if (fault?.isPrivate === true) return { ...forbid(fault.what), cure: describePrivateCure(url) }
  if (fault !== undefined) return forbid(fault.what)
  // One spelling, since people and lists compare it: `%61.example.com` is fetched from `a.example.com`.
  return readAuthority(text).includes('%') ? forbid('its host is percent-encoded') : { ok: true, value: url }
}

function forbid(reason: string): ForbiddenUrl {
  return { ok: false, reason }
}

function describePrivateCure({ origin }: URL): string {
  return `on Node and Deno list ${quoteText(origin, QUOTED_CLAIM_MAX_CHARACTERS)} in PRIVATE_ISSUERS; Workers reach public addresses only: on Workers give the keys inline (jwks)`
}

function readAuthority(text: string): string {
  return text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? ''
}

function describeUnparsable(authority: string): string {
  if (findPortFault(authority) !== undefined) return `it is not a URL: ${PORT_FAULT}`
  return authority.startsWith('[') ? 'it is not a URL: its host is not an IPv6 address' : 'it is not a URL'
}

const PORT_FAULT = `its port is not a number from 1 to ${PORT_MAX}`

/** An empty port means the default port, but is probably a mistake. Port 0 cannot be connected to. */
function findPortFault(authority: string): string | undefined {
  const port = /^(?:\[[^\]]*\]|[^[:]*):(.*)$/.exec(authority.slice(authority.lastIndexOf('@') + 1))?.[1]
  if (port === undefined) return undefined
  return (readPort(port) ?? 0) > 0 ? undefined : PORT_FAULT
}

/** Letters, digits, hyphens inside, and the underscore that private names use (RFC 1123 section 2.1). No wildcards. */
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/

/** Finds a fault in a host that the URL parser accepts but no resolver can resolve. */
function findHostSpellingFault(hostname: string): string | undefined {
  if (hostname.startsWith('[')) return undefined
  // A resolver treats `localhost.` as `localhost`, a list of names does not.
  if (hostname.endsWith('.')) return 'its host ends in a dot: remove it'
  if (hostname.includes('*')) return 'its host contains a wildcard: name one host'
  if (hostname.length > DNS_NAME_MAX_BYTES) return `its host is longer than ${DNS_NAME_MAX_BYTES} characters`
  for (const label of hostname.split('.')) {
    if (label === '') return 'its host has an empty label between two dots'
    if (label.length > DNS_LABEL_MAX_BYTES) return `its host has a label longer than ${DNS_LABEL_MAX_BYTES} characters`
    if (!LABEL.test(label)) return 'its host is not a DNS name'
  }
  return undefined
}

/** The parser removes dot segments in every spelling, so the URL that is fetched would differ from the written one. */
function findPathFault(text: string): string | undefined {
  const path = text.slice(text.indexOf('//') + 2 + readAuthority(text).length).split(/[?#]/, 1)[0] ?? ''
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path) ? 'its path has a segment "." or ".."' : undefined
}

/** Whether only a private network resolves the name. */
export function isPrivateName(hostname: string): boolean {
  return findHostFault(hostname)?.isPrivate === true
}

export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || isLoopbackAddress(unbracket(hostname))
}

interface HostFault {
  readonly what: string
  /** Whether a private network may reach it. */
  readonly isPrivate: boolean
}

function findHostFault(hostname: string): HostFault | undefined {
  // A parsed host is an address exactly if it has brackets or ends in a number (WHATWG URL section 3.5).
  if (hostname.startsWith('[') || /(?:^|\.)[0-9]+$/.test(hostname)) {
    return isForbiddenAddress(unbracket(hostname)) ? { what: 'its address is not public', isPrivate: true } : undefined
  }
  const labels = hostname.split('.')
  if (labels.length < 2) {
    return { what: 'its host is a single label, which only a private network resolves', isPrivate: true }
  }
  // The longer suffix first, since it is more specific: `cluster.local` is not a name of the local link.
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
