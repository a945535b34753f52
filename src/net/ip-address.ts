// Decides which IP addresses may be connected to: public unicast addresses only. The tables are the IANA
// special-purpose registries (RFC 6890 and its successors). For IPv6 only 2000::/3 is public, so blocks that IANA has
// not assigned are refused.

export interface Block {
  /** Leading bytes of the block; `bits` of them count. */
  readonly prefix: readonly number[]
  readonly bits: number
}

const block = (bits: number, ...prefix: readonly number[]): Block => ({ prefix, bits })

const LOOPBACK_V4 = block(8, 127)

const FORBIDDEN_V4: readonly Block[] = [
  block(8, 0), // this network
  block(8, 10), // private
  block(10, 100, 64), // shared (carrier NAT); a cloud's metadata service lives here too
  LOOPBACK_V4,
  block(32, 168, 63, 129, 16), // Azure's host, public by number alone
  block(12, 172, 16), // private
  block(16, 169, 254), // link-local, with the metadata services
  block(24, 192, 0, 0), // IETF protocol assignments, with a cloud's metadata service
  block(24, 192, 0, 2), // documentation
  block(24, 192, 88, 99), // 6to4 relays
  block(16, 192, 168), // private
  block(15, 198, 18), // benchmarks
  block(24, 198, 51, 100), // documentation
  block(24, 203, 0, 113), // documentation
  block(4, 224), // multicast
  block(4, 240), // reserved, broadcast
]

const PUBLIC_V6 = block(3, 0x20)
/** Its last four bytes are the IPv4 address that is reached (RFC 6052). */
const NAT64 = block(96, 0x00, 0x64, 0xff, 0x9b)

const FORBIDDEN_V6: readonly Block[] = [
  block(23, 0x20, 0x01, 0x00), // IETF protocol assignments, with Teredo, benchmarks and ORCHID
  block(32, 0x20, 0x01, 0x0d, 0xb8), // documentation
  block(16, 0x20, 0x02), // 6to4: holds any IPv4 address
  block(48, 0x26, 0x20, 0x00, 0x4f, 0x80, 0x00), // AS112
  block(20, 0x3f, 0xff), // documentation
]

/**
 * Whether an address is private, link-local, loopback, special-use, or not an IP address. A host that resolves names
 * itself must check every address and connect to the one it checked: a second lookup may return another one (DNS
 * rebinding).
 *
 * @param ip IPv4 in dotted decimal, or IPv6 without brackets.
 * @example if (addresses.some(isForbiddenAddress)) throw new Error('not a public address')
 */
export function isForbiddenAddress(ip: string): boolean {
  const bytes = parseAddress(ip)
  if (bytes === undefined) return true
  if (bytes.length === 4) return isIn(bytes, FORBIDDEN_V4)
  if (contains(NAT64, bytes)) return isIn(bytes.slice(12), FORBIDDEN_V4)
  return !contains(PUBLIC_V6, bytes) || isIn(bytes, FORBIDDEN_V6)
}

/** Whether an address is in 127.0.0.0/8 or is ::1. An IPv6 address that embeds 127.0.0.1 is not. */
export function isLoopbackAddress(ip: string): boolean {
  const bytes = parseAddress(ip)
  if (bytes === undefined) return false
  return bytes.length === 4
    ? contains(LOOPBACK_V4, bytes)
    : bytes.every((byte, index) => byte === (index === 15 ? 1 : 0))
}

function isIn(bytes: readonly number[], blocks: readonly Block[]): boolean {
  return blocks.some((candidate) => contains(candidate, bytes))
}

/** Whether an address is in a block of its own family. */
export function contains({ prefix, bits }: Block, bytes: readonly number[]): boolean {
  for (let index = 0; index * 8 < bits; index++) {
    const mask = bits - index * 8 >= 8 ? 0xff : (0xff << (8 - (bits - index * 8))) & 0xff
    if (((bytes[index] ?? 0) & mask) !== ((prefix[index] ?? 0) & mask)) return false
  }
  return true
}

/** Four or sixteen bytes. The URL parser is the one reader of addresses; a zone (`%eth0`) is not read. */
export function parseAddress(ip: string): readonly number[] | undefined {
  // Nothing else may reach the URL parser: `::1]/x` would be read as `::1`.
  if (/^[0-9A-Fa-f.:]*:[0-9A-Fa-f.:]*$/.test(ip)) {
    const hostname = URL.parse(`http://[${ip}]/`)?.hostname
    return hostname === undefined ? undefined : parseV6(hostname.slice(1, -1))
  }
  const parts = ip.split('.')
  const isDotted =
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256)
  return isDotted ? parts.map(Number) : undefined
}

/** From the parser's own spelling: hexadecimal groups, at most one `::`, never dotted decimal. */
function parseV6(text: string): readonly number[] {
  const [head = '', tail] = text.split('::')
  const splitGroups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
  const before = splitGroups(head)
  const after = tail === undefined ? [] : splitGroups(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].flatMap((group) => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}
