// Whose request it is, whatever a client or a proxy writes into the header.
import { describe, expect, it } from 'vitest'
import { ADDRESS_TEXT_MAX_LENGTH } from '../../src/core/limits.ts'
import { findClient, parseNetwork, UNKNOWN_CLIENT } from '../../src/net/client-address.ts'

const PROXIES = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8', '2001:db8:1::/48'].map((text) => {
  const network = parseNetwork(text)
  if (network === undefined) throw new Error(text)
  return network
})
const MANY = Array.from({ length: 500 }, (_, at) => `198.51.100.${at % 256}`).join(', ')

describe('the client of a request', () => {
  it.each<[what: string, peer: string | undefined, forwarded: string | undefined, client: string]>([
    ['without a header', '203.0.113.9', undefined, '203.0.113.9'],
    ['with an empty header', '10.0.0.1', '', '10.0.0.1'],
    ['that writes the header itself', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['that writes a trusted address', '203.0.113.9', '10.0.0.1', '203.0.113.9'],
    ['behind one proxy', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['behind one proxy, with entries of its own', '10.0.0.1', '1.1.1.1, 10.9.9.9, 198.51.100.1', '198.51.100.1'],
    ['behind two proxies', '10.0.0.1', '198.51.100.1, 10.2.3.4', '198.51.100.1'],
    ['behind proxies of both families', '::ffff:10.0.0.1', '198.51.100.1, fd00::1', '198.51.100.1'],
    ['behind a proxy that is one address', '192.0.2.7', '198.51.100.1', '198.51.100.1'],
    ['behind the neighbour of that proxy', '192.0.2.8', '198.51.100.1', '192.0.2.8'],
    ['that is a trusted proxy', '10.0.0.1', '10.0.0.2', '10.0.0.2'],
    ['without blanks between entries', '10.0.0.1', '1.1.1.1,198.51.100.1,10.0.0.2', '198.51.100.1'],
    ['with tabs between entries', '10.0.0.1', '1.1.1.1,\t198.51.100.1\t', '198.51.100.1'],
    ['of several header lines, joined', '10.0.0.1', '1.1.1.1, 1.1.1.2, 198.51.100.1', '198.51.100.1'],
    ['with empty entries', '10.0.0.1', '198.51.100.1, ,, ', '198.51.100.1'],
    ['with nothing but empty entries', '10.0.0.1', ' ,, ,', '10.0.0.1'],
    ['with many entries of its own', '10.0.0.1', `${MANY}, 203.0.113.1`, '203.0.113.1'],
    ['with a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['in brackets', '10.0.0.1', '[2001:db8:2:3::4]', '2001:db8:2:3::/64'],
    ['in brackets with a port', '10.0.0.1', '[2001:db8:2:3::4]:4711', '2001:db8:2:3::/64'],
    ['of IPv6', '2001:db8:2:3:4:5:6:7', undefined, '2001:db8:2:3::/64'],
    ['of the same /64', '2001:db8:2:3:ffff::1', undefined, '2001:db8:2:3::/64'],
    ['of another /64', '2001:db8:2:4::1', undefined, '2001:db8:2:4::/64'],
    ['in another spelling', '2001:0DB8:0002:0003::0', undefined, '2001:db8:2:3::/64'],
    ['that ends in dotted decimal', '2001:db8:2:3::192.0.2.1', undefined, '2001:db8:2:3::/64'],
    ['of IPv4, mapped', '::ffff:203.0.113.9', undefined, '203.0.113.9'],
    ['of IPv4, mapped, in hexadecimal', '10.0.0.1', '::ffff:cb00:7109', '203.0.113.9'],
    ['of IPv4, mapped, in brackets with a port', '10.0.0.1', '[::ffff:203.0.113.9]:1', '203.0.113.9'],
    ['on a link, with a zone', 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
    ['on a link, in brackets with a zone and a port', '10.0.0.1', '[fe80::1%eth0]:80', 'fe80:0:0:0::/64'],
    ['on a link, as in a URL', '10.0.0.1', '[fe80::1%25eth0]', 'fe80:0:0:0::/64'],
    ['on a link, with an empty zone', '10.0.0.1', 'fe80::1%', '10.0.0.1'],
    ['on a link, with a port behind the zone', '10.0.0.1', 'fe80::1%eth0:80', '10.0.0.1'],
    ['of IPv6 that begins as a proxy of IPv4 does', 'a00::1', '198.51.100.1', 'a00:0:0:0::/64'],
    ['of IPv6 that is nearly mapped', '::ff00:cb00:7109', undefined, '0:0:0:0::/64'],
    // What follows was written by a trusted proxy, so it is that proxy whose requests they are.
    ['that its proxy does not know', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['that its proxy hides', '10.0.0.1', '_hidden', '10.0.0.1'],
    ['as RFC 7239 writes it', '10.0.0.1', 'for=198.51.100.1', '10.0.0.1'],
    ['with a malformed entry behind a proxy', '10.0.0.1', '198.51.100.1, x, 10.0.0.2', '10.0.0.2'],
    ['with a malformed entry before it', '10.0.0.1', 'x, 198.51.100.1', '198.51.100.1'],
    ['with an octet over 255', '10.0.0.1', '198.51.100.256', '10.0.0.1'],
    ['with a leading zero', '10.0.0.1', '198.51.100.01', '10.0.0.1'],
    ['as one number', '10.0.0.1', '3325256705', '10.0.0.1'],
    ['with three octets', '10.0.0.1', '198.51.100', '10.0.0.1'],
    ['with two ports', '10.0.0.1', '198.51.100.1:1:2', '10.0.0.1'],
    ['with a port that is none', '10.0.0.1', '198.51.100.1:x', '10.0.0.1'],
    ['with a bracket too many', '10.0.0.1', '[2001:db8::1]]', '10.0.0.1'],
    ['that breaks out of a URL', '10.0.0.1', '::1]/x', '10.0.0.1'],
    ['with a user name', '10.0.0.1', 'a@::1', '10.0.0.1'],
    [
      'as long as an address may be',
      '10.0.0.1',
      `[fe80::1%${'z'.repeat(ADDRESS_TEXT_MAX_LENGTH - 10)}]`,
      'fe80:0:0:0::/64',
    ],
    ['with a zone too long', '10.0.0.1', `[fe80::1%${'z'.repeat(ADDRESS_TEXT_MAX_LENGTH - 9)}]`, '10.0.0.1'],
    ['longer than any address', '10.0.0.1', `198.51.100.1%${'z'.repeat(100)}`, '10.0.0.1'],
    ['with full-width digits', '10.0.0.1', '\uff11.1.1.1', '10.0.0.1'],
    ['of which nothing is known', undefined, '198.51.100.1', UNKNOWN_CLIENT],
    ['whose address is none', 'x', undefined, UNKNOWN_CLIENT],
  ])('%s: %s, %s', (_what, peer, forwarded, client) => {
    expect(findClient(peer, forwarded, PROXIES)).toBe(client)
  })

  it('is that of the connection where no proxy is trusted, whatever the header', () => {
    expect(findClient('10.0.0.1', '198.51.100.1')).toBe('10.0.0.1')
    expect(findClient('2001:db8:2:3::4', '198.51.100.1')).toBe('2001:db8:2:3::/64')
  })
})

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', 4, 8],
    ['0.0.0.0/0', 4, 0],
    ['192.0.2.1', 4, 32],
    ['192.0.2.128/25', 4, 25],
    ['fd00::/8', 16, 8],
    ['::/0', 16, 0],
    ['2001:db8::1', 16, 128],
    ['2001:db8:1:2:3:4:5:6', 16, 128],
  ])('is read: %s', (text, length, bits) => {
    expect(parseNetwork(text)).toMatchObject({ length, bits })
  })

  it.each([
    '',
    '10.0.0.0/33',
    '10.0.0.1/8',
    '192.0.2.129/25',
    'fd00::1/64',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    'x/10.0.0.0/8',
    '10.0.0',
    'proxy.example.com',
    // It would never match: such addresses are compared as IPv4.
    '::ffff:10.0.0.0/104',
  ])('is not read: %s', (text) => {
    expect(parseNetwork(text)).toBeUndefined()
  })
})
