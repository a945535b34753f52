import { describe, expect, it } from 'vitest'
import { URL_MAX_LENGTH } from '../../src/core/limits.ts'
import { isForbiddenAddress } from '../../src/net/ip-address.ts'
import { checkUrl, isPrivateName } from '../../src/net/url-policy.ts'

const PUBLIC = { allowLoopback: false }

describe('checkUrl()', () => {
  it.each([
    ['https://10.0.0.1/', true],
    ['https://webhook.svc.cluster.local:8443/', true],
    ['https://[fd00::1]/', true],
    ['https://webhook.onion/', true],
    ['http://10.0.0.1/', false],
    ['https://me@10.0.0.1/', false],
    ['https://10.0.0.1/../', false],
  ])('lets one URL be private where it may be, and takes the form of %s as ever', (text, isAllowed) => {
    expect(checkUrl(text, PUBLIC).ok).toBe(false)
    expect(checkUrl(text, { ...PUBLIC, mayBePrivate: true }).ok).toBe(isAllowed)
  })

  it.each([
    'https://oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE',
    'https://eastus.oic.prod-aks.azure.com/11111111-1111-1111-1111-111111111111/2/',
    'https://container.googleapis.com/v1/projects/p/locations/l/clusters/c',
    'https://api.example.com:6443/openid/v1/jwks',
    'https://EXAMPLE.com',
    'https://8.8.8.8/keys',
    'https://[2606:4700::1111]/keys',
    'https://localhost.example.com',
    'https://internal.example.com/internal',
    'https://xn--bcher-kva.example.com',
    'https://_oidc.a_b.example.com',
    'https://oidc.example.com:65535',
    'https://oidc.example.com/a..b/...',
    'https://oidc.example.com/a//b%20c',
    'https://1.example.com',
    'https://a.1b.example.com',
    'https://[2606:4700::1111]:8443/keys',
    `https://${'a'.repeat(63)}.example.com`,
    `https://${'a.'.repeat(125)}com`,
  ])('allows %s', (text) => {
    expect(checkUrl(text, PUBLIC).ok).toBe(true)
  })

  it.each([
    // Schemes and shape
    ['http://oidc.example.com', 'https'],
    ['ftp://oidc.example.com', 'https'],
    ['file:///etc/passwd', 'https'],
    ['data:application/json,{}', 'https'],
    ['https:oidc.example.com', 'https'],
    ['https:/oidc.example.com', 'https'],
    ['//oidc.example.com', 'https'],
    ['https://', 'https'],
    ['https:///oidc.example.com', 'https'],
    ['', 'https'],
    ['https://oidc.example.com:99999', 'not a URL'],
    ['https://oidc .example.com', 'character'],
    [' https://oidc.example.com', 'character'],
    ['https://oidc.example.com/\n', 'character'],
    ['https://oidc\t.example.com', 'character'],
    ['https://oidc.example.com\\@127.0.0.1/', 'character'],
    ['https://１２７.0.0.1/', 'character'],
    ['https://user@oidc.example.com', 'user name'],
    ['https://user:pass@oidc.example.com', 'user name'],
    ['https://@oidc.example.com', 'user name'],
    ['https://oidc.example.com@127.0.0.1', 'user name'],
    ['https://oidc.example.com/#x', 'fragment'],
    ['https://oidc.example.com/#', 'fragment'],
    // Hosts that no resolver is ever asked for
    ['https://*.example.com', 'host'],
    ['https://a..com', 'host'],
    ['https://.example.com', 'host'],
    ['https://a,b.example.com', 'host'],
    ["https://a'b.example.com", 'host'],
    ['https://{cluster}.example.com', 'host'],
    ['https://-a.example.com', 'host'],
    ['https://a-.example.com', 'host'],
    [`https://${'a'.repeat(64)}.example.com`, 'host'],
    [`https://${'a.'.repeat(126)}co`, 'host'],
    ['https://xn--.example.com', 'host'],
    ['https://ex%61mple.com', 'percent'],
    ['https://oidc.example.com:0', 'port'],
    ['https://oidc.example.com:', 'port'],
    ['https://oidc.example.com:65536', 'port'],
    ['https://oidc.example.com:44x', 'port'],
    ['https://[2606:4700::1111]:0', 'port'],
    ['https://[2606:4700::1111]:', 'port'],
    // Paths that are fetched as something else than what is written
    ['https://oidc.example.com/a/../b', 'path'],
    ['https://oidc.example.com/a/./b', 'path'],
    ['https://oidc.example.com/..', 'path'],
    ['https://oidc.example.com/a/%2e%2E/b', 'path'],
    ['https://oidc.example.com/a/.%2e', 'path'],
    // Names
    ['https://localhost', 'single label'],
    ['https://localhost/', 'single label'],
    ['https://LOCALHOST', 'single label'],
    ['https://a.localhost', '.localhost'],
    ['https://localhost.', 'ends in a dot'],
    ['https://oidc.example.com.', 'ends in a dot'],
    ['https://printer.local', '.local'],
    ['https://metadata.google.internal', '.internal'],
    ['https://kubernetes.default.svc', '.svc'],
    ['https://kubernetes.default.svc.cluster.local', '.local'],
    ['https://kubernetes', 'single label'],
    ['https://router.home.arpa', '.home.arpa'],
    ['https://x.onion', '.onion'],
    ['https://vault.corp', '.corp'],
    // IPv4, in the spellings that the parser makes one
    ['https://127.0.0.1', 'address'],
    ['https://127.1', 'address'],
    ['https://127.0.0.1.', 'address'],
    ['https://0x7f.0.0.1', 'address'],
    ['https://0177.0.0.1', 'address'],
    ['https://2130706433', 'address'],
    ['https://0x7f000001', 'address'],
    ['https://017700000001', 'address'],
    ['https://%31%32%37.0.0.1', 'address'],
    ['https://0', 'address'],
    ['https://0.0.0.0', 'address'],
    ['https://10.0.0.1', 'address'],
    ['https://172.16.0.1', 'address'],
    ['https://172.31.255.255', 'address'],
    ['https://192.168.1.1', 'address'],
    ['https://100.64.0.1', 'address'],
    ['https://169.254.169.254', 'address'],
    ['https://168.63.129.16', 'address'],
    ['https://192.0.0.192', 'address'],
    ['https://198.18.0.1', 'address'],
    ['https://224.0.0.1', 'address'],
    ['https://255.255.255.255', 'address'],
    // IPv6
    ['https://[::]', 'address'],
    ['https://[::1]', 'address'],
    ['https://[0:0:0:0:0:0:0:1]', 'address'],
    ['https://[::ffff:127.0.0.1]', 'address'],
    ['https://[::ffff:7f00:1]', 'address'],
    ['https://[::127.0.0.1]', 'address'],
    ['https://[64:ff9b::127.0.0.1]', 'address'],
    ['https://[64:ff9b::a9fe:a9fe]', 'address'],
    ['https://[64:ff9b:1::1]', 'address'],
    ['https://[2002:7f00:1::]', 'address'],
    ['https://[2001:0:1::1]', 'address'],
    ['https://[2001:db8::1]', 'address'],
    ['https://[3fff::1]', 'address'],
    ['https://[fc00::1]', 'address'],
    ['https://[fd00:ec2::254]', 'address'],
    ['https://[fe80::1]', 'address'],
    ['https://[febf::1]', 'address'],
    ['https://[fec0::1]', 'address'],
    ['https://[ff02::1]', 'address'],
    ['https://[100::1]', 'address'],
    ['https://[fe80::1%25eth0]', 'not a URL'],
  ])('refuses %s', (text, words) => {
    const result = checkUrl(text, PUBLIC)
    expect(result.ok ? 'allowed' : result.reason).toContain(words)
  })

  it.each([
    ['https://[zz]/', 'it is not a URL: its host is not an IPv6 address'],
    ['https://u:p@[zz]:443/', 'it is not a URL'],
    ['https://%/', 'it is not a URL'],
    ['https://%:0/', 'it is not a URL: its port is not a number from 1 to 65535'],
  ])('says what the parser does not take of %s', (text, reason) => {
    expect(checkUrl(text, PUBLIC)).toEqual({ ok: false, reason })
  })

  it.each<[string, string | undefined]>([
    ['https://10.0.0.1:6443', 'https://10.0.0.1:6443'],
    ['https://[fd00::1]/keys', 'https://[fd00::1]'],
    ['https://kubernetes.default.svc/openid/v1/jwks', 'https://kubernetes.default.svc'],
    ['https://kubernetes.default.svc.cluster.local', 'https://kubernetes.default.svc.cluster.local'],
    ['https://issuer.internal:8443/x', 'https://issuer.internal:8443'],
    ['https://keycloak', 'https://keycloak'],
    ['https://printer.local', 'https://printer.local'],
    ['https://hidden.onion', undefined],
    ['https://nothing.invalid', undefined],
    ['https://oidc.example.com.', undefined],
    ['http://oidc.example.com', undefined],
    ['https://a@oidc.example.com', undefined],
  ])('says of %s which origin to list, if that is the cure, and then allows it', (text, origin) => {
    const refused = checkUrl(text, PUBLIC)
    if (refused.ok) throw new Error('allowed')
    expect(refused.cure === undefined).toBe(origin === undefined)
    if (origin === undefined) return
    expect(refused.cure).toContain(`list "${origin}" in PRIVATE_ISSUERS`)
    expect(refused.cure).toContain('Workers')
    expect(checkUrl(text, { ...PUBLIC, privateOrigins: new Set([origin]) }).ok).toBe(true)
  })

  it.each([
    ['https://kubernetes.default.svc.cluster.local', 'Kubernetes'],
    ['https://cluster.local', 'Kubernetes'],
    ['https://kubernetes.default.svc', 'Kubernetes'],
    ['https://printer.local', 'local link'],
    ['https://cluster.local.local', 'local link'],
  ])('calls %s by what it is: %s', (text, words) => {
    expect(checkUrl(text, PUBLIC)).toMatchObject({ ok: false, reason: expect.stringContaining(words) })
  })

  it.each([
    'http://127.0.0.1:8080',
    'http://127.9.9.9',
    'https://127.0.0.1',
    'http://localhost:8080/id/1',
    'http://a.localhost',
    'http://[::1]:8080',
  ])('allows %s in development', (text) => {
    expect(checkUrl(text, PUBLIC).ok).toBe(false)
    expect(checkUrl(text, { allowLoopback: true }).ok).toBe(true)
  })

  it.each([
    'http://oidc.example.com',
    'http://10.0.0.1',
    'https://10.0.0.1',
    'http://[::ffff:127.0.0.1]',
    'http://0.0.0.0',
    'http://localhost.',
    'http://localhost.example.com',
    'http://user@localhost',
    'http://*.localhost',
    'http://a..localhost',
    'http://localhost:0',
  ])('refuses %s in development too', (text) => {
    expect(checkUrl(text, { allowLoopback: true }).ok).toBe(false)
  })

  it('allows a private origin that the operator lists, by https and at that port alone', () => {
    const policy = {
      allowLoopback: false,
      privateOrigins: new Set(['https://kubernetes.default.svc', 'https://10.0.0.1:6443']),
    }
    expect(checkUrl('https://kubernetes.default.svc/openid/v1/jwks', policy).ok).toBe(true)
    expect(checkUrl('https://10.0.0.1:6443/openid/v1/jwks', policy).ok).toBe(true)
    expect(checkUrl('https://10.0.0.1/openid/v1/jwks', policy).ok).toBe(false)
    expect(checkUrl('http://10.0.0.1:6443/openid/v1/jwks', policy).ok).toBe(false)
  })

  it('lets a key set have a query, and an issuer not even an empty one', () => {
    expect(checkUrl('https://keys.example.com/?v=1', PUBLIC).ok).toBe(true)
    expect(checkUrl('https://keys.example.com/?v=1', { ...PUBLIC, forbidQuery: true }).ok).toBe(false)
    expect(checkUrl('https://keys.example.com?', { ...PUBLIC, forbidQuery: true }).ok).toBe(false)
  })

  it('allows the longest URL and refuses one character more', () => {
    const longest = 'https://keys.example.com/'.padEnd(URL_MAX_LENGTH, 'x')
    expect(checkUrl(longest, PUBLIC).ok).toBe(true)
    expect(checkUrl(`${longest}x`, PUBLIC).ok).toBe(false)
  })
})

describe('isPrivateName()', () => {
  it.each([
    ['kubernetes.default.svc', true],
    ['10.0.0.1', true],
    ['x.onion', false],
    ['oidc.example.com', false],
  ])('%s: %s', (name, expected) => expect(isPrivateName(name)).toBe(expected))
})

describe('isForbiddenAddress()', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.0.1',
    '172.32.0.1',
    '192.0.1.1',
    '198.20.0.1',
    '223.255.255.255',
  ])('lets %s be connected to', (ip) => expect(isForbiddenAddress(ip)).toBe(false))

  it.each(['2606:4700::1111', '2001:4860:4860::8888', '2A00:1450::1', '64:ff9b::8.8.8.8', '2001:200::1'])(
    'lets %s be connected to',
    (ip) => expect(isForbiddenAddress(ip)).toBe(false),
  )

  it.each([
    '127.0.0.1',
    '10.255.255.255',
    '100.64.0.0',
    '100.127.255.255',
    '172.16.0.0',
    '172.31.0.1',
    '198.19.255.255',
    '240.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fe80::1%eth0',
    '::ffff:8.8.8.8',
    '64:ff9b::10.0.0.1',
    '2002:808:808::1',
    '4000::1',
    '1fff::1',
  ])('forbids %s', (ip) => {
    expect(isForbiddenAddress(ip)).toBe(true)
  })

  it.each([
    '',
    'example.com',
    '127.1',
    '0x7f.0.0.1',
    '08.8.8.8',
    '8.8.8.8.8',
    '8.8.8',
    '8.8.8.256',
    '[::1]',
    '1:2',
    ':::',
    'x]:1@[2606:4700::1111',
  ])('forbids %j, which is no address', (ip) => expect(isForbiddenAddress(ip)).toBe(true))
})
