import { describe, expect, it } from 'vitest'
import {
  KEY_FETCH_LEASE_MILLIS,
  KEY_SOURCES_MAX_BYTES,
  UNKNOWN_KID_TTL_MILLIS,
  UNKNOWN_KIDS_MAX,
} from '../../../src/core/limits.ts'
import { readKeySet } from '../../../src/token/keys/key-set.ts'
import { createKeySources } from '../../../src/token/keys/key-source.ts'
import {
  createSource,
  isKnownUnknown,
  isLeased,
  recordLoad,
  rememberUnknown,
  weighSource,
} from '../../../src/token/keys/source-state.ts'
import { parseToken } from '../../../src/token/parse.ts'
import { createSigningKey, serviceAccountClaims, signClaims } from '../issuer.ts'

const MANY_KEYS = 100

describe('unknown kids', () => {
  it('are remembered for their time, and as many as the bound', () => {
    const state = createSource(0)
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
    const state = createSource(0)
    expect(isLeased(state, 0)).toBe(false)
    state.lease = { busySinceMillis: 1_000 }
    expect(isLeased(state, 1_000 + KEY_FETCH_LEASE_MILLIS - 1)).toBe(true)
    expect(isLeased(state, 1_000 + KEY_FETCH_LEASE_MILLIS)).toBe(false)
    expect(isLeased(state, 999)).toBe(false)
  })
})

describe('key sources in memory', () => {
  const SETTINGS = { clock: () => 0, sleep: async () => undefined, allowLoopback: false }

  async function tokenOf(key: Awaited<ReturnType<typeof createSigningKey>>) {
    const token = parseToken(await signClaims(key, serviceAccountClaims(1_760_000_000)))
    if (!token.ok) throw new Error('not parsed')
    return token.value
  }

  async function rig(keyCount = 1, maxBytes = KEY_SOURCES_MAX_BYTES) {
    const key = await createSigningKey('k')
    const token = await tokenOf(key)
    const keys = [
      key.publicJwk,
      ...Array.from({ length: keyCount - 1 }, (_, n) => ({ ...key.publicJwk, kid: `k${n}` })),
    ]
    let fetches = 0
    const sources = createKeySources(
      {
        ...SETTINGS,
        fetch: async () => {
          fetches++
          return Response.json({ keys })
        },
      },
      maxBytes,
    )
    const ask = (n: number) => {
      const spec = { kind: 'jwks_uri', url: `https://keys.example.com/${n}` } as const
      // First loads for strangers have a budget of their own.
      const keys = sources.forRequest(() => undefined)
      keys.noteVerified(spec)
      return keys.find(spec, token)
    }
    return { ask, fetches: () => fetches }
  }

  it('are not bounded by count: thousands of small ones stay', async () => {
    const { ask, fetches } = await rig()
    for (let n = 0; n < 4_000; n++) await ask(n)
    for (let n = 0; n < 4_000; n++) expect(await ask(n)).toMatchObject({ kind: 'found' })
    expect(fetches()).toBe(4_000)
  })

  it('are bounded by what they weigh; one that was evicted is loaded again', async () => {
    const { ask, fetches } = await rig(MANY_KEYS)
    const source = createSource(0)
    const set = readKeySet({ keys: await manyKeys() })
    if (set === undefined) throw new Error('not a key set')
    recordLoad(source, { ok: true, keys: set, bytes: 0, ageMaxSeconds: 300 }, 0)
    const most = Math.ceil((1.1 * KEY_SOURCES_MAX_BYTES) / weighSource('x'.repeat(50), source))
    for (let n = 0; n < most; n++) await ask(n)
    expect(fetches()).toBe(most)
    await ask(most - 1)
    expect(fetches()).toBe(most)
    await ask(0)
    expect(fetches()).toBe(most + 1)
  })

  it('hold as many as the memory that they are given', async () => {
    const source = createSource(0)
    const set = readKeySet({ keys: [(await createSigningKey('k')).publicJwk] })
    if (set === undefined) throw new Error('not a key set')
    recordLoad(source, { ok: true, keys: set, bytes: 0, ageMaxSeconds: 300 }, 0)
    const { ask, fetches } = await rig(1, 10.5 * weighSource('jwks_uri https://keys.example.com/1', source))
    for (let n = 0; n < 20; n++) await ask(n)
    await ask(19)
    expect(fetches()).toBe(20)
    await ask(0)
    expect(fetches()).toBe(21)
  })

  async function manyKeys() {
    const { publicJwk } = await createSigningKey('k')
    return Array.from({ length: MANY_KEYS }, (_, n) => ({ ...publicJwk, kid: `k${n}` }))
  }

  it('weigh more with each key, and each unknown kid', async () => {
    const source = createSource(0)
    const empty = weighSource('id', source)
    rememberUnknown(source, 'kid', 0)
    const withKid = weighSource('id', source)
    expect(withKid).toBeGreaterThan(empty + 100)
    const set = readKeySet({ keys: await manyKeys() })
    if (set === undefined) throw new Error('not a key set')
    recordLoad(source, { ok: true, keys: set, bytes: 0, ageMaxSeconds: 300 }, 0)
    expect(weighSource('id', source)).toBeGreaterThan(withKid + MANY_KEYS * 300)
  })
})
