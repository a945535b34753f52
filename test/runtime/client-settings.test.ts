// The settings about clients: what is read, and what stops the start.
import { describe, expect, it } from 'vitest'
import {
  ANONYMOUS_PER_MINUTE_MAX,
  CACHE_MAX_MIB,
  CACHE_MIN_MIB,
  CACHE_WORKER_MAX_MIB,
  TRUSTED_PROXIES_MAX,
} from '../../src/core/limits.ts'
import { readSettings } from '../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../src/token/session/make-session-keys.ts'

const BASE = {
  TRUST_DOMAIN: 'example.org',
  ISSUER_URL: 'https://login.example.org',
  SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
}
type Change = Readonly<Record<string, string>>

/** The names of the settings with problems. */
function problemsOf(change: Change, canResolve = true): readonly string[] {
  const read = readSettings({ ...BASE, ...change }, { canResolve })
  return read.ok ? [] : read.problems.map((problem) => problem.split(':', 1)[0] ?? '')
}
function settingsOf(change: Change) {
  const read = readSettings({ ...BASE, ...change }, { canResolve: true })
  if (!read.ok) throw new Error(read.problems.join())
  return read.value
}

describe('settings about clients', () => {
  it('are off unless they are set', () => {
    expect(settingsOf({})).not.toHaveProperty('anonymousPerMinute')
    expect(settingsOf({})).not.toHaveProperty('trustedProxies')
  })

  it('are read', () => {
    const change = {
      ANONYMOUS_PER_MINUTE: '60',
      CLIENT_ADDRESS_HEADER: 'X-Real-IP',
      TRUSTED_PROXIES: '10.0.0.0/8, ::1',
    }
    expect(settingsOf(change)).toMatchObject({
      anonymousPerMinute: 60,
      trustedProxies: { header: 'x-real-ip', networks: [{ bits: 8 }, { bits: 128 }] },
    })
  })

  const HEADER = { CLIENT_ADDRESS_HEADER: 'X-Forwarded-For' }
  it.each<[string, Change, readonly string[]]>([
    ['the largest limit', { ANONYMOUS_PER_MINUTE: `${ANONYMOUS_PER_MINUTE_MAX}` }, []],
    ['a limit over it', { ANONYMOUS_PER_MINUTE: `${ANONYMOUS_PER_MINUTE_MAX + 1}` }, ['ANONYMOUS_PER_MINUTE']],
    ['a limit of nothing', { ANONYMOUS_PER_MINUTE: '0' }, ['ANONYMOUS_PER_MINUTE']],
    ['a header that anybody can send', HEADER, ['TRUSTED_PROXIES']],
    ['proxies without a header', { TRUSTED_PROXIES: '10.0.0.0/8' }, ['CLIENT_ADDRESS_HEADER']],
    [
      'a name of no header',
      { ...HEADER, CLIENT_ADDRESS_HEADER: 'a: b', TRUSTED_PROXIES: '::1' },
      ['CLIENT_ADDRESS_HEADER'],
    ],
    ['RFC 7239', { CLIENT_ADDRESS_HEADER: 'Forwarded', TRUSTED_PROXIES: '::1' }, ['CLIENT_ADDRESS_HEADER']],
    ['a host name', { ...HEADER, TRUSTED_PROXIES: 'proxy.example.com, ::1' }, ['TRUSTED_PROXIES']],
    ['an empty entry', { ...HEADER, TRUSTED_PROXIES: '10.0.0.0/8,' }, ['TRUSTED_PROXIES']],
    ['many proxies', { ...HEADER, TRUSTED_PROXIES: Array(TRUSTED_PROXIES_MAX).fill('::1').join() }, []],
    [
      'too many',
      {
        ...HEADER,
        TRUSTED_PROXIES: Array(TRUSTED_PROXIES_MAX + 1)
          .fill('::1')
          .join(),
      },
      ['TRUSTED_PROXIES'],
    ],
  ])('%s', (_what, change, problems) => {
    expect(problemsOf(change)).toEqual(problems)
  })
})

describe('settings of caches', () => {
  it.each(['CONFIG_CACHE_MIB', 'KEY_CACHE_MIB'])('%s holds within what a host has', (name) => {
    for (const [mib, node, workers] of [
      [CACHE_MIN_MIB - 1, [name], [name]],
      [CACHE_MIN_MIB, [], []],
      [CACHE_WORKER_MAX_MIB, [], []],
      [CACHE_WORKER_MAX_MIB + 1, [], [name]],
      [CACHE_MAX_MIB, [], [name]],
      [CACHE_MAX_MIB + 1, [name], [name]],
    ] as const) {
      expect(problemsOf({ [name]: `${mib}` })).toEqual(node)
      expect(problemsOf({ [name]: `${mib}` }, false)).toEqual(workers)
    }
  })

  it('are in bytes, and absent unless they are set', () => {
    expect(settingsOf({ CONFIG_CACHE_MIB: '256', KEY_CACHE_MIB: '64' })).toMatchObject({
      configCacheMaxBytes: 256 * 1024 * 1024,
      keyCacheMaxBytes: 64 * 1024 * 1024,
    })
    expect(settingsOf({})).not.toHaveProperty('configCacheMaxBytes')
  })
})
