import { beforeAll, describe, expect, it } from 'vitest'
import { HTTP_DNS_NETWORKS_MAX } from '../../src/core/limits.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'

let good: Record<string, string>
beforeAll(async () => {
  good = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'https://login.example.org',
    SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
  }
})

/** The names of the settings that are wrong. */
function wrong(change: Readonly<Record<string, unknown>>, canResolve = true): readonly string[] {
  const read = readSettings({ ...good, ...change }, { canResolve })
  return read.ok ? [] : read.problems.map((problem) => problem.slice(0, problem.indexOf(':')))
}

describe('readSettings()', () => {
  it('has defaults for all but three', () => {
    expect(readSettings(good, { canResolve: true })).toMatchObject({
      ok: true,
      value: {
        audience: 'spiffe://example.org',
        sealKeys: [],
        sessionTtlSeconds: 3600,
        clockSkewSeconds: 30,
        allowLoopbackIssuers: false,
        privateIssuers: [],
      },
    })
  })

  it('lists every problem at once', () => {
    const read = readSettings({ SESSION_TTL_SECONDS: '1' }, { canResolve: true })
    expect(read.ok ? [] : read.problems).toHaveLength(4)
  })

  it.each<[string, Record<string, unknown>, string[]]>([
    ['an empty trust domain', { TRUST_DOMAIN: ' ' }, ['TRUST_DOMAIN']],
    ['upper case in it', { TRUST_DOMAIN: 'Example.org' }, ['TRUST_DOMAIN']],
    ['a scheme in it', { TRUST_DOMAIN: 'spiffe://example.org' }, ['TRUST_DOMAIN']],
    ['http that is not loopback', { ISSUER_URL: 'http://login.example.org' }, ['ISSUER_URL']],
    ['http on loopback', { ISSUER_URL: 'http://127.0.0.1:8787' }, []],
    ['a query', { ISSUER_URL: 'https://login.example.org?x' }, ['ISSUER_URL']],
    ['a user name', { ISSUER_URL: 'https://me@login.example.org' }, ['ISSUER_URL']],
    ['a prefix', { ISSUER_URL: 'https://login.example.org/postern' }, []],
    ['a lifetime at the least', { SESSION_TTL_SECONDS: '60' }, []],
    ['a lifetime under it', { SESSION_TTL_SECONDS: '59' }, ['SESSION_TTL_SECONDS']],
    ['a lifetime at the most', { SESSION_TTL_SECONDS: '86400' }, []],
    ['a lifetime over it', { SESSION_TTL_SECONDS: '86401' }, ['SESSION_TTL_SECONDS']],
    ['a lifetime that is no number', { SESSION_TTL_SECONDS: '1e3' }, ['SESSION_TTL_SECONDS']],
    ['no skew', { CLOCK_SKEW_SECONDS: '0' }, []],
    ['a skew at the most', { CLOCK_SKEW_SECONDS: '60' }, []],
    ['a skew over it', { CLOCK_SKEW_SECONDS: '61' }, ['CLOCK_SKEW_SECONDS']],
    ['a short seal key', { SEAL_KEYS: 'A'.repeat(42) }, ['SEAL_KEYS']],
    ['two seal keys', { SEAL_KEYS: `${'A'.repeat(43)}, ${'A'.repeat(43)}` }, []],
    ['a flag of another word', { ALLOW_LOOPBACK_ISSUERS: 'yes' }, ['ALLOW_LOOPBACK_ISSUERS']],
    ['a playground of another word', { PLAYGROUND: 'on' }, ['PLAYGROUND']],
    ['a playground', { PLAYGROUND: 'true' }, []],
    ['loopback issuers in production', { ALLOW_LOOPBACK_ISSUERS: 'true' }, ['ALLOW_LOOPBACK_ISSUERS']],
    ['loopback issuers in development', { ALLOW_LOOPBACK_ISSUERS: 'true', ISSUER_URL: 'http://localhost:1' }, []],
    ['a private origin', { PRIVATE_ISSUERS: 'https://10.0.0.1:6443' }, []],
    ['networks of hosts', { HTTP_DNS_NETWORKS: '192.168.1.0/24, fd12:3456::/48' }, []],
    ['as many as there may be', { HTTP_DNS_NETWORKS: Array(HTTP_DNS_NETWORKS_MAX).fill('10.0.0.0/8').join() }, []],
    [
      'more networks',
      {
        HTTP_DNS_NETWORKS: Array(HTTP_DNS_NETWORKS_MAX + 1)
          .fill('10.0.0.0/8')
          .join(),
      },
      ['HTTP_DNS_NETWORKS'],
    ],
    ['a host name as a network', { HTTP_DNS_NETWORKS: 'web.lan' }, ['HTTP_DNS_NETWORKS']],
    [
      'networks that are never reached',
      { HTTP_DNS_NETWORKS: '169.254.0.0/16,::1,10.0.0.0/8' },
      Array(2).fill('HTTP_DNS_NETWORKS'),
    ],
    ['a loopback network', { HTTP_DNS_NETWORKS: '127.0.0.0/8' }, ['HTTP_DNS_NETWORKS']],
    [
      'a loopback network in development',
      { HTTP_DNS_NETWORKS: '127.0.0.0/8', ALLOW_LOOPBACK_ISSUERS: 'true', ISSUER_URL: 'http://127.0.0.1:8787' },
      [],
    ],
    ['a private URL', { PRIVATE_ISSUERS: 'https://10.0.0.1:6443/' }, ['PRIVATE_ISSUERS']],
    ['webhooks that are no object', { WEBHOOKS: '[]' }, ['WEBHOOKS']],
    ['no webhooks', { WEBHOOKS: '{}' }, []],
    ['keys that are no set', { SESSION_SIGNING_KEYS: '{}' }, ['SESSION_SIGNING_KEYS']],
  ])('with %s', (_what, change, names) => {
    expect(wrong(change)).toEqual(names)
  })

  it('knows that Workers cannot check addresses', () => {
    expect(wrong({ PRIVATE_ISSUERS: 'https://10.0.0.1:6443' }, false)).toEqual(['PRIVATE_ISSUERS'])
    expect(wrong({ HTTP_DNS_NETWORKS: '10.0.0.0/8' }, false)).toEqual(['HTTP_DNS_NETWORKS'])
  })

  it('never quotes a secret', () => {
    const read = readSettings(
      { ...good, SESSION_SIGNING_KEYS: '{"keys":["SECRET"]}', SEAL_KEYS: 'SECRET' },
      { canResolve: true },
    )
    expect(read.ok ? '' : read.problems.join()).not.toContain('SECRET')
  })
})
