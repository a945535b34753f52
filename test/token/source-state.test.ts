import { describe, expect, it } from 'vitest'
import {
  KEY_FETCH_LEASE_MILLIS,
  KEY_SOURCES_MAX,
  UNKNOWN_KID_TTL_MILLIS,
  UNKNOWN_KIDS_MAX,
} from '../../src/core/limits.ts'
import { createKeySources } from '../../src/token/key-source.ts'
import { parseToken } from '../../src/token/parse.ts'
import { isKnownUnknown, isLeased, newSource, rememberUnknown } from '../../src/token/source-state.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from './issuer.ts'

describe('unknown kids', () => {
  it('are remembered for their time, and as many as the bound', () => {
    const state = newSource(0)
    for (let n = 0; n < UNKNOWN_KIDS_MAX; n++) rememberUnknown(state, `kid-${n}`, 0)
    expect(isKnownUnknown(state, 'kid-0', UNKNOWN_KID_TTL_MILLIS - 1)).toBe(true)
    expect(isKnownUnknown(state, 'kid-0', UNKNOWN_KID_TTL_MILLIS)).toBe(false)
    rememberUnknown(state, 'one more', 0)
    // kid-0 was looked at just now, so kid-1 is the oldest.
    expect(isKnownUnknown(state, 'kid-1', 0)).toBe(false)
    expect(isKnownUnknown(state, 'kid-0', 0)).toBe(true)
  })
})

describe('a lease', () => {
  it('lapses after its time, and at once when the clock was set back', () => {
    const state = newSource(0)
    expect(isLeased(state, 0)).toBe(false)
    state.lease = { busySinceMillis: 1_000 }
    expect(isLeased(state, 1_000 + KEY_FETCH_LEASE_MILLIS - 1)).toBe(true)
    expect(isLeased(state, 1_000 + KEY_FETCH_LEASE_MILLIS)).toBe(false)
    expect(isLeased(state, 999)).toBe(false)
  })
})

describe('key sources in memory', () => {
  it('are as many as the bound; one that was evicted is loaded again', async () => {
    const key = await createSigningKey('k')
    const token = parseToken(await signClaims(key, serviceAccountClaims(1_760_000_000)))
    if (!token.ok) throw new Error('not parsed')
    let fetches = 0
    const sources = createKeySources({
      fetch: async () => {
        fetches++
        return Response.json({ keys: [key.publicJwk] })
      },
      clock: () => 0,
      sleep: async () => undefined,
      allowLoopback: false,
    })
    const ask = (n: number) =>
      sources.find({ kind: 'jwks_uri', url: `https://keys.example.com/${n}` }, token.value, () => undefined)

    for (let n = 0; n < KEY_SOURCES_MAX; n++) await ask(n)
    await ask(0)
    expect(fetches).toBe(KEY_SOURCES_MAX)
    await ask(KEY_SOURCES_MAX)
    await ask(1)
    expect(fetches).toBe(KEY_SOURCES_MAX + 2)
    expect(await ask(0)).toMatchObject({ kind: 'found' })
    expect(fetches).toBe(KEY_SOURCES_MAX + 2)
  })
})
