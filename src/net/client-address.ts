// Finds whose request it is: the address of the connection, or, behind proxies that the operator trusts, the last
// address in a header that is not one of them. What a client writes into that header itself is never believed: it
// stands before what the first trusted proxy adds.
import { ADDRESS_TEXT_MAX_LENGTH } from '../core/limits.ts'
import { type Block, contains, parseAddress } from './ip-address.ts'

type Bytes = readonly number[]

/** A block of addresses of one family: 4 or 16 bytes. */
export interface Network extends Block {
  readonly length: number
}

/** Proxies and the header that they add to. */
export interface TrustedProxies {
  /** In lower case. Several lines of it are one list (RFC 9110 section 5.3). */
  readonly header: string
  readonly networks: readonly Network[]
}

/** All requests whose address is unknown count as one client. */
export const UNKNOWN_CLIENT = 'unknown'

/**
 * Names the client of a request.
 *
 * @param peer the other end of the connection, as the host knows it
 * @param forwarded the header, if there is one
 * @param proxies absent or not containing `peer`: the header is ignored
 * @returns an IPv4 address, or the /64 of an IPv6 one, in one spelling: a client of IPv6 has a /64 for itself
 */
export function findClient(
  peer: string | undefined,
  forwarded: string | undefined,
  networks: readonly Network[] = [],
): string {
  let client = readAddress(peer ?? '')
  let rest = forwarded ?? ''
  while (client !== undefined && rest !== '' && isIn(client, networks)) {
    const comma = rest.lastIndexOf(',')
    const entry = rest.slice(comma + 1).trim()
    rest = rest.slice(0, Math.max(0, comma))
    // RFC 9110 section 5.6.1: an empty element of a list counts for nothing.
    if (entry === '') continue
    const next = readAddress(entry)
    // A trusted proxy wrote it, so all that come through that proxy are one client.
    if (next === undefined) break
    client = next
  }
  return client === undefined ? UNKNOWN_CLIENT : nameClient(client)
}

/** Reads an address or a block in CIDR notation; `undefined` if it is neither, or has bits outside its prefix. */
export function parseNetwork(text: string): Network | undefined {
  const [, address = '', digits] = /^([^/]*)(?:\/([0-9]{1,3}))?$/.exec(text) ?? []
  const prefix = parseAddress(address)
  if (prefix === undefined || isMapped(prefix)) return undefined
  const { length } = prefix
  const bits = digits === undefined ? length * 8 : Number(digits)
  if (bits > length * 8) return undefined
  const isWhole = prefix.every((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, bits - at * 8)))) === 0)
  return isWhole ? { prefix, bits, length } : undefined
}

/** With a port or without, in brackets or without; a zone says on which link, not who. */
function readAddress(text: string): Bytes | undefined {
  if (text.length > ADDRESS_TEXT_MAX_LENGTH) return undefined
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|([0-9.]+))(?::[0-9]{1,5})?$/.exec(text) ?? []
  const bytes = parseAddress((bracketed ?? dotted ?? text).replace(/%[\w.-]+$/, ''))
  return bytes !== undefined && isMapped(bytes) ? bytes.slice(12) : bytes
}

/** `::ffff:192.0.2.1` is how a socket for both families names a client of IPv4 (RFC 4291 section 2.5.5.2). */
function isMapped(bytes: Bytes): boolean {
  return bytes.length === 16 && bytes.every((byte, at) => at > 11 || byte === (at > 9 ? 0xff : 0))
}

function isIn(bytes: Bytes, networks: readonly Network[]): boolean {
  return networks.some((network) => network.length === bytes.length && contains(network, bytes))
}

function nameClient(bytes: Bytes): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = [0, 2, 4, 6].map((at) => (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)).toString(16))
  return `${groups.join(':')}::/64`
}
