// Host names that agents claim and policies allow, in one spelling: lower-case letters, digits and hyphens, without a dot
// at the end, never an IP address in any notation. What passes here reaches the resolver as it was compared.
import { parseDnsName } from '../../identity/dns-name.ts'
import { PORT_MAX } from '../../net/port.ts'

export const HOST_NAME_WORDS =
  'a host name in lower case, such as "web-1.example.com": no IP address, no dot at its end'

/**
 * RFC 1123 section 2.1. URL parsers read such a name as it is. They differ only in which labels of `xn--` they refuse (RFC
 * 5891), and documents compile alike on every host, so no parser is asked here.
 */
export function isHostName(text: unknown): text is string {
  return typeof text === 'string' && parseDnsName(text, { wildcard: false }).ok
}

const WILDCARD = '*.'

/** A host name, or `*.` before one: a wildcard stands for exactly one label (RFC 6125 section 6.4.3). */
export function isHostPattern(text: string): boolean {
  return isHostName(text.startsWith(WILDCARD) ? text.slice(WILDCARD.length) : text)
}

export function isWildcard(pattern: string): boolean {
  return pattern.startsWith(WILDCARD)
}

/** Lists the patterns that match a host name: the name itself, and the one wildcard. */
export function listMatching(hostname: string): readonly string[] {
  const dot = hostname.indexOf('.')
  return dot === -1 ? [hostname] : [hostname, `${WILDCARD}${hostname.slice(dot + 1)}`]
}

export const PORT_WORDS = '80, or a port from 1024 to 65535'

const HTTP_PORT = 80
const UNPRIVILEGED_MIN = 1024

/** Other ports below 1024 speak protocols to which a GET must not be sent for a caller (SSRF). */
export function isHostPort(port: unknown): port is number {
  if (typeof port !== 'number' || !Number.isInteger(port)) return false
  return port === HTTP_PORT || (port >= UNPRIVILEGED_MIN && port <= PORT_MAX)
}
