// What an author may write for `http_dns`: the documents of a real user as they are, and every other spelling of a host name.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isHostName, isHostPattern, listMatching } from '../../../src/attest/http-dns/host-name.ts'
import { isAllowed, type Place } from '../../../src/attest/http-dns/place.ts'
import { HTTP_DNS_HOST_NAMES_MAX, HTTP_DNS_PORTS_MAX } from '../../../src/core/limits.ts'
import { compile, found } from '../../config/document.ts'

/** As a user of a Trust Domain Server has it. */
const AGENTS = `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: linux_policy
      requiredAttestors:
        - type: http_dns
          config:
            allowedHostnames:
              - "*.lan"
            allowedPorts:
              - 3470
`
const ISSUANCE = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/{{node_group.name}}/{{http_dns.hostname}}/{{docker.container.label[com.docker.compose.service]}}"
`

const BASE = { allowedHostnames: ['web.lan'], allowedPorts: [3470] }
const codes = (config: object, section: 'AgentAttestation' | 'TrustDomainServerAttestation' = 'AgentAttestation') => {
  const spec = { policies: [{ name: 'p', requiredAttestors: [{ type: 'http_dns', config }] }] }
  const result = compile(section, JSON.stringify({ section, schema: 'v1', spec }), {
    exactPins: section === 'TrustDomainServerAttestation',
  })
  return [
    result.ok,
    found(result).map((line) =>
      line
        .replace(/^\S+ /, '')
        .replace(/spec\.policies\.0\.requiredAttestors\.0\.?/, '')
        .trim(),
    ),
  ]
}

describe('the config', () => {
  it('of a real user compiles as it is, and so does the path template beside it', () => {
    const agents = compile('AgentAttestation', AGENTS)
    expect([agents.ok, found(agents)]).toEqual([true, []])
    const [policy] = agents.ok ? agents.value.policies : []
    expect(policy?.requirements[0]?.pins).toEqual({ hostnames: ['*.lan'], ports: [3470] })
    const issuance = compile('SVIDIssuancePolicy', ISSUANCE)
    const places = found(issuance).map((line) => line.split(' ').slice(1).join(' '))
    expect([issuance.ok, places.filter((line) => line.includes('attribute_unknown'))]).toEqual([true, []])
  })

  it.each(['web.lan', '*.lan', '*.example.com', 'web', 'a.b.c.d', 'xn--bcher-kva.example', '*.1and1.example'])(
    'takes the host name %s',
    (name) => {
      expect(codes({ ...BASE, allowedHostnames: [name] })).toEqual([true, []])
    },
  )

  it.each([
    ...[
      '*',
      '*.',
      '**.lan',
      '*.*.lan',
      'web.*',
      'a*.lan',
      '*a.lan',
      'web.*.lan',
      '*lan',
      'WEB.lan',
      '*.LAN',
      'web.lan.',
    ],
    ...['.lan', 'web..lan', 'wéb.lan', 'web_1.lan', '-a.lan', '10.0.0.1', '*.0.0.1', '127.1', '0x7f.1', '2130706433'],
    ...['[::1]', '::1', 'web.lan:3470', 'http://web.lan', 'web.lan/', ' web.lan', '(web|db).lan', 'web.lan$'],
  ])('does not take the host name %j', (name) => {
    expect(codes({ ...BASE, allowedHostnames: ['web.lan', name] })).toEqual([
      false,
      ['value_invalid config.allowedHostnames.1'],
    ])
  })

  it.each([80, 1024, 65_535])('takes the port %d', (port) => {
    expect(codes({ ...BASE, allowedPorts: [port] })).toEqual([true, []])
  })

  it.each([0, -1, 1, 22, 79, 81, 443, 1023, 65_536, 80.5])('does not take the port %d', (port) => {
    expect(codes({ ...BASE, allowedPorts: [3470, port] })).toEqual([
      false,
      ['value_out_of_range config.allowedPorts.1'],
    ])
  })

  it.each<[string, object, readonly string[]]>([
    ['no host names', { allowedPorts: [80] }, ['field_missing config.allowedHostnames']],
    ['an empty list of host names', { ...BASE, allowedHostnames: [] }, ['value_empty config.allowedHostnames']],
    ['an empty host name', { ...BASE, allowedHostnames: [''] }, ['value_empty config.allowedHostnames.0']],
    ['an empty list of ports', { ...BASE, allowedPorts: [] }, ['value_empty config.allowedPorts']],
    ['a port as a string', { ...BASE, allowedPorts: ['80'] }, ['type_mismatch config.allowedPorts.0']],
    ['another field', { ...BASE, path: '/x' }, ['field_unknown config.path']],
  ])('does not take %s', (_what, config, expected) => {
    expect(codes(config)).toEqual([false, expected])
  })

  it('takes as many host names and ports as it may have, and no more', () => {
    const names = (count: number) => Array.from({ length: count }, (_, at) => `h${at}.lan`)
    const ports = (count: number) => Array.from({ length: count }, (_, at) => 2000 + at)
    expect(
      codes({ allowedHostnames: names(HTTP_DNS_HOST_NAMES_MAX), allowedPorts: ports(HTTP_DNS_PORTS_MAX) }),
    ).toEqual([true, []])
    expect(codes({ ...BASE, allowedHostnames: names(HTTP_DNS_HOST_NAMES_MAX + 1) })[0]).toBe(false)
    expect(codes({ ...BASE, allowedPorts: ports(HTTP_DNS_PORTS_MAX + 1) })[0]).toBe(false)
  })

  it('is warned of every port, and of a wildcard below which anyone can register a name', () => {
    expect(codes({ allowedHostnames: ['web.lan'] })).toEqual([true, ['trust_unscoped config']])
    expect(codes({ ...BASE, allowedHostnames: ['*.com'] })).toEqual([
      true,
      ['trust_unscoped config.allowedHostnames.0'],
    ])
    expect(codes({ ...BASE, allowedHostnames: ['*.home.arpa', '*.internal'] })).toEqual([true, []])
  })

  it('of the trust domain names each host and its ports', () => {
    expect(codes(BASE, 'TrustDomainServerAttestation')).toEqual([true, []])
    expect(codes({ allowedHostnames: ['*.lan'] }, 'TrustDomainServerAttestation')).toEqual([
      false,
      ['pin_missing config', 'pin_missing config.allowedHostnames.0'],
    ])
  })
})

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,8}[a-z0-9])?$/).filter((text) => !/^..--/.test(text))
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'))

describe('a wildcard', () => {
  it('matches exactly one label', () => {
    fc.assert(
      fc.property(name, name, (suffix, hostname) => {
        const isMatch = hostname.endsWith(`.${suffix}`) && !hostname.slice(0, -suffix.length - 1).includes('.')
        return listMatching(hostname).includes(`*.${suffix}`) === isMatch
      }),
    )
  })
})

describe('a host name', () => {
  it('is read by the URL parser as it is, whatever text is given', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.webAuthority(), fc.domain(), fc.ipV4(), name),
        (text) => {
          if (!isHostName(text)) return true
          const url = URL.parse(`http://${text}:3470/x`)
          return (
            url?.hostname === text && url.port === '3470' && /^[a-z0-9.-]+$/.test(text) && !/(^|\.)[0-9]+$/.test(text)
          )
        },
      ),
    )
  })

  it('that is allowed matches a pattern that an author may write', () => {
    fc.assert(fc.property(name, (hostname) => listMatching(hostname).every(isHostPattern)))
  })
})

it('a place is allowed by one entry as a whole, however many there are', () => {
  const place = fc.record({ hostname: name, port: fc.constantFrom(80, 3470, 8080) })
  const pins = fc.record({
    hostnames: fc.array(
      fc.oneof(
        name,
        name.map((one) => `*.${one}`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    ports: fc.option(fc.uniqueArray(fc.constantFrom(80, 3470, 8080), { minLength: 1 }), { nil: undefined }),
  })
  const allows = ({ hostname, port }: Place, one: { hostnames: string[]; ports: number[] | undefined }) =>
    one.hostnames.some((pattern) => listMatching(hostname).includes(pattern)) && (one.ports?.includes(port) ?? true)
  fc.assert(
    fc.property(fc.array(pins, { maxLength: 4 }), place, fc.nat(3), (list, somewhere, at) => {
      const [near] = list[at % Math.max(1, list.length)]?.hostnames ?? []
      const asked = near === undefined ? somewhere : { ...somewhere, hostname: near.replace('*', 'x') }
      return isAllowed(asked, list) === list.some((one) => allows(asked, one))
    }),
  )
})
