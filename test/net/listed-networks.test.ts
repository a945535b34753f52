// Which addresses a host that a caller names may have: public ones and those of listed networks, and never loopback,
// link-local, multicast or metadata addresses, whatever is listed.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isForbiddenAddress } from '../../src/net/ip-address.ts'
import { createListedCheck, findListingFault } from '../../src/net/listed-networks.ts'

const LISTED = ['10.0.0.0/8', '192.168.1.0/24', '100.64.0.0/10', 'fc00::/7']
const isReached = createListedCheck(LISTED, false)

describe('a network that an operator lists', () => {
  it.each([...LISTED, '192.168.1.7', 'fd12:3456::/48', '172.16.0.0/12', '8.8.8.8', '192.0.0.192/26'])(
    'may be %s',
    (text) => {
      expect(findListingFault(text, false)).toBeUndefined()
    },
  )

  it.each([
    ...['0.0.0.0/0', '::/0', '0.0.0.0/8', '127.0.0.0/8', '127.0.0.1', '::1', '169.254.0.0/16', '169.254.169.254/32'],
    ...['168.0.0.0/7', '169.0.0.0/8', '224.0.0.0/4', '239.1.2.3', '255.255.255.255', '240.0.0.0/4', 'fe80::/10'],
    ...['fe80::1', 'fec0::/10', 'ff00::/8', 'ff02::1', '::ffff:10.0.0.0/104', '64:ff9b::/96', '64:ff9b::a00:1'],
    ...['2002:a00::/24', '2002::/16', '2001::/32', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
    ...['fd00:ec2::254', 'fd00:ec2::/32', 'fd20:ce::254', '::/8', 'fc00::/6', '10.0.0.0/7'],
    ...['', '10.0.0.0/33', '10.0.0.1/8', 'web.lan', '10.0.0.0/8,', '010.0.0.0/8', '0x0a.0.0.0/8', '10/8'],
  ])('may not be %j', (text) => {
    expect(findListingFault(text, false)).toEqual(expect.any(String))
    // One that slipped through would still open nothing.
    expect(createListedCheck([text], false)('127.0.0.1')).toBe(false)
    expect(createListedCheck([text], false)('169.254.169.254')).toBe(false)
  })

  it('may be of loopback in development alone', () => {
    for (const text of ['127.0.0.0/8', '127.0.0.1', '::1']) {
      expect([findListingFault(text, true), findListingFault(text, false)]).toEqual([undefined, expect.any(String)])
      expect(createListedCheck([text], true)(text.split('/')[0] === '::1' ? '::1' : '127.0.0.1')).toBe(true)
      expect(createListedCheck([text], false)('127.0.0.1')).toBe(false)
    }
    expect(findListingFault('fe80::1', true)).toEqual(expect.any(String))
    expect(findListingFault('126.0.0.0/7', true)).toEqual(expect.any(String))
    expect(findListingFault('169.254.0.0/16', true)).toEqual(expect.any(String))
  })
})

describe('a network that may not be listed', () => {
  it.each([
    ['0.0.0.0/0', '10.0.0.1'],
    ['::/0', 'fd12::1'],
    ['no network', 'fd12::1'],
  ])('opens nothing: %s', (text, ip) => {
    expect(createListedCheck([text], false)(ip)).toBe(false)
  })
})

describe('an address', () => {
  it.each<[string, boolean]>([
    ['8.8.8.8', true],
    ['2606:4700::1', true],
    ['10.1.2.3', true],
    ['192.168.1.255', true],
    ['192.168.2.1', false],
    ['172.16.0.1', false],
    ['fd12::1', true],
    ['a00::1', false],
    ['100.64.0.1', true],
    ['100.100.100.200', false],
    ['fd00:ec2::254', false],
    ['fd00:ec2::23', false],
    ['fd00:ec3::1', true],
    ['fd20:ce::254', false],
    ['127.0.0.1', false],
    ['::1', false],
    ['0.0.0.0', false],
    ['::', false],
    ['169.254.169.254', false],
    ['224.0.0.1', false],
    ['fe80::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
    ['::ffff:10.1.2.3', false],
    ['::ffff:127.0.0.1', false],
    ['::10.1.2.3', false],
    ['64:ff9b::10.1.2.3', false],
    ['64:ff9b::8.8.8.8', true],
    ['2002:0a01:0203::1', false],
    ['2001:0:1::1', false],
    ['0x0a010203', false],
    ['012.1.2.3', false],
    ['167837955', false],
    ['10.1.2', false],
    ['', false],
  ])('%s is reached: %s', (ip, expected) => {
    expect(isReached(ip)).toBe(expected)
  })

  it('is only public where nothing is listed', () => {
    const isPublic = createListedCheck([], false)
    fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => isPublic(ip) === !isForbiddenAddress(ip)))
  })

  it('is never of a kind that is never reached, whatever is listed', () => {
    const never = ['127.0.0.1', '169.254.169.254', '224.0.0.1', '::1', 'fe80::1', 'ff02::1', '::ffff:10.0.0.1']
    const network = fc
      .tuple(fc.oneof(fc.ipV4(), fc.ipV6(), fc.constantFrom(...never)), fc.integer({ min: 0, max: 128 }))
      .map(([ip, bits]) => `${ip}/${bits}`)
    fc.assert(
      fc.property(fc.array(network, { maxLength: 5 }), fc.constantFrom(...never), (listed, ip) => {
        return !createListedCheck(listed, false)(ip)
      }),
    )
  })
})
