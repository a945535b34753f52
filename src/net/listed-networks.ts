// Private networks that an operator lists: a host that evidence names may have an address there. Loopback, link-local and
// multicast addresses, those of metadata services, and IPv6 forms that embed an IPv4 address are never reached, listed or
// not: a caller chooses the name, and whoever owns the name chooses the address (SSRF).
import { type Network, parseNetwork } from './client-address.ts'
import { type Block, contains, isForbiddenAddress, isLoopbackAddress, parseAddress } from './ip-address.ts'

const block = (bits: number, ...prefix: readonly number[]): Block => ({ prefix, bits })

const NEVER_V4: readonly Block[] = [
  block(8, 0), // this network
  block(8, 127), // loopback
  block(16, 169, 254), // link-local, with the metadata services
  block(4, 224), // multicast
  block(4, 240), // reserved, broadcast
]
/** Unspecified, loopback, mapped, compatible and NAT64 addresses are in the first; the last two embed IPv4 as well. */
const NEVER_V6: readonly Block[] = [
  block(8, 0),
  block(9, 0xfe, 0x80), // link-local and site-local
  block(8, 0xff), // multicast
  block(32, 0x20, 0x01, 0, 0), // Teredo
  block(16, 0x20, 0x02), // 6to4
]
const LOOPBACK_V6 = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
/** Inside networks that people do list. */
const METADATA_V4: readonly Block[] = [
  block(32, 100, 100, 100, 200), // Alibaba
  block(32, 168, 63, 129, 16), // Azure
  block(32, 192, 0, 0, 192), // Oracle
]
const METADATA_V6: readonly Block[] = [
  block(32, 0xfd, 0, 0x0e, 0xc2), // AWS: instance metadata, credentials of pods
  block(128, 0xfd, 0x20, 0, 0xce, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54), // Google
]

/** Wider than any private network (RFC 1918, RFC 4193): probably a typo, and it would hold the addresses above. */
const WIDEST_BITS = { v4: 8, v6: 7 } as const

/**
 * Finds why a network may not be listed.
 *
 * @param text a network in CIDR notation, or one address
 * @param allowLoopback development: 127.0.0.0/8 may be listed
 * @returns a clause such as "is not a network ...", or `undefined`
 */
export function findListingFault(text: string, allowLoopback: boolean): string | undefined {
  const network = parseNetwork(text)
  if (network === undefined) return 'is not a network such as 192.168.1.0/24 or fd12:3456::/48'
  if (allowLoopback && isLoopbackNetwork(network)) return undefined
  const isV4 = network.length === 4
  if (network.bits < (isV4 ? WIDEST_BITS.v4 : WIDEST_BITS.v6))
    return `is wider than /${WIDEST_BITS.v4} (IPv4) or /${WIDEST_BITS.v6} (IPv6): list the networks of your hosts`
  if ((isV4 ? NEVER_V4 : NEVER_V6).some((never) => overlaps(network, never)))
    return 'has addresses that are never reached: loopback, link-local, multicast, reserved, or IPv6 that embeds IPv4'
  const isMetadata = (isV4 ? METADATA_V4 : METADATA_V6).some(
    (one) => network.bits >= one.bits && contains(one, network.prefix),
  )
  return isMetadata ? 'has only addresses of metadata services, which are never reached' : undefined
}

/**
 * Makes the check of resolved addresses. A host must check every address and connect to the one it checked.
 *
 * @param listed networks without a {@link findListingFault}; others are left out
 * @param allowLoopback development: a listed loopback network is reached
 * @returns whether an address is public or listed
 */
export function createListedCheck(listed: readonly string[], allowLoopback: boolean): (ip: string) => boolean {
  const networks = listed.flatMap((text) => {
    const network = findListingFault(text, allowLoopback) === undefined ? parseNetwork(text) : undefined
    return network ?? []
  })
  return function isReachable(ip) {
    if (!isForbiddenAddress(ip)) return true
    const bytes = parseAddress(ip)
    if (bytes === undefined || !networks.some((one) => one.length === bytes.length && contains(one, bytes)))
      return false
    if (isLoopbackAddress(ip)) return allowLoopback
    const never = bytes.length === 4 ? [...NEVER_V4, ...METADATA_V4] : [...NEVER_V6, ...METADATA_V6]
    return !never.some((one) => contains(one, bytes))
  }
}

function isLoopbackNetwork({ length, bits, prefix }: Network): boolean {
  return length === 4 ? bits >= 8 && prefix[0] === 127 : bits === 128 && prefix.join() === LOOPBACK_V6.join()
}

function overlaps(a: Block, b: Block): boolean {
  return a.bits <= b.bits ? contains(a, b.prefix) : contains(b, a.prefix)
}
