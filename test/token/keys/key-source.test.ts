import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  DISCOVERY_MAX_BYTES,
  FIRST_LOADS_BUCKET,
  FIRST_LOADS_REFILL_MILLIS,
  KEY_FETCH_LEASE_MILLIS,
  KEY_FETCH_OVER_AGE_WAIT_MILLIS,
  KEY_FETCH_RETRY_AFTER_MAX_SECONDS,
  KEY_SET_AGE_MAX_SECONDS,
  KEY_SET_AGE_MIN_SECONDS,
  KEY_SET_MAX_BYTES,
  KEY_SET_STALE_MAX_SECONDS,
  KID_REFETCH_BUCKET,
  KID_REFETCH_REFILL_MILLIS,
  UNKNOWN_KID_TTL_MILLIS,
} from '../../../src/core/limits.ts'
import type { FetchLike } from '../../../src/net/bounded-fetch.ts'
import { readAgeMaxSeconds } from '../../../src/token/keys/discovery.ts'
import type { KeyLookup } from '../../../src/token/keys/key-lookup.ts'
import { readKeySet } from '../../../src/token/keys/key-set.ts'
import { createKeySources } from '../../../src/token/keys/key-source.ts'
import type { KeySourceSpec } from '../../../src/token/keys/key-source-spec.ts'
import { type ParsedToken, parseToken } from '../../../src/token/parse.ts'
import { DISCOVERY_PATH, KEYS_PATH, type MintChange, sendJson, startIssuer, type TestIssuer } from '../issuer.ts'

const START = 1_760_000_000_000

/** Key sources over the real network, under a clock that the test moves. */
function setUp(fetchLike: FetchLike = fetch, fetchTimeoutMillis = 2_000) {
  let now = START
  const asked: string[] = []
  const started: Promise<unknown>[] = []
  const sources = createKeySources({
    fetch(url, init) {
      asked.push(new URL(url).pathname)
      return fetchLike(url, init)
    },
    clock: () => now,
    // Polls pass at once; the wait for an issuer that is up is left to the issuer.
    sleep: (millis) =>
      new Promise((resolve) => void (millis < KEY_FETCH_OVER_AGE_WAIT_MILLIS && setImmediate(resolve))),
    allowLoopback: true,
    fetchTimeoutMillis,
  })
  const requestKeys = sources.forRequest((work) => void started.push(work))
  return {
    /** Paths that were asked for, whether or not the issuer was there to hear it. */
    asked,
    find: requestKeys.find,
    status: sources.status,
    noteVerified: requestKeys.noteVerified,
    advance(millis: number) {
      now += millis
    },
    /** Waits for what was handed to `background`, as the platform does after an answer. */
    async settle() {
      const count = started.length
      await Promise.all(started.splice(0))
      return count
    },
  }
}

let issuer: TestIssuer
let spec: KeySourceSpec
let gateway: ReturnType<typeof setUp>

beforeEach(async () => {
  issuer = await startIssuer()
  spec = { kind: 'discovery', issuer: issuer.issuer }
  gateway = setUp()
})
afterEach(() => issuer.stop())

async function mint(change?: MintChange): Promise<ParsedToken> {
  const result = parseToken(await issuer.mint(change))
  if (!result.ok) throw new Error(result.refusal.detail)
  return result.value
}

const codeOf = (lookup: KeyLookup): string =>
  lookup.kind === 'found' ? `found ${lookup.key.kid}` : lookup.refusal.code

async function codeFor(token: ParsedToken): Promise<string> {
  return codeOf(await gateway.find(spec, token))
}

async function detailFor(token: ParsedToken): Promise<string> {
  const lookup = await gateway.find(spec, token)
  return lookup.kind === 'found' ? 'found' : lookup.refusal.detail
}

const unknown = (kid: string): Promise<ParsedToken> => mint({ header: { kid } })

describe('a key source', () => {
  it('discovers the key set, loads it once, and serves from memory', async () => {
    const token = await mint()
    for (let login = 0; login < 5; login++) expect(await codeFor(token)).toBe('found key-1')
    expect(issuer.requests).toEqual([DISCOVERY_PATH, KEYS_PATH])
  })

  it('loads a jwks_uri without discovery', async () => {
    spec = { kind: 'jwks_uri', url: issuer.jwksUrl }
    expect(await codeFor(await mint())).toBe('found key-1')
    expect(issuer.requests).toEqual([KEYS_PATH])
  })

  it('never fetches for inline keys', async () => {
    const keys = readKeySet({ keys: [issuer.newestKey().publicJwk] })
    if (keys === undefined) throw new Error('not a key set')
    spec = { kind: 'inline', digest: 'sha256:00', keys }
    expect(await codeFor(await mint())).toBe('found key-1')
    expect(await codeFor(await unknown('other'))).toBe('signing_key_unknown')
    expect(issuer.requests).toEqual([])
    expect(gateway.status(spec)).toMatchObject({ loaded: true, keyCount: 1 })
  })

  it('loads a set of over a hundred keys, with null and unknown ones among them', async () => {
    const key = issuer.newestKey().publicJwk
    issuer.publish([
      null,
      { kty: 'AKP', alg: 'ML-DSA-65', kid: 'pq' },
      ...Array.from({ length: 120 }, (_, n) => ({ ...key, kid: `k${n}` })),
      key,
    ])
    expect(await codeFor(await mint())).toBe('found key-1')
    expect(gateway.status(spec).skipped.map(({ index }) => index)).toEqual([0, 1])
    expect(await codeFor(await unknown('pq'))).toBe('signing_key_unusable')
  })

  it('says why a key is unusable, and does not ask again for it', async () => {
    issuer.publish([{ kty: 'RSA', kid: 'key-1', e: 'AQ', n: `${'_'.repeat(341)}w` }])
    const token = await mint()
    expect(await detailFor(token)).toMatch(
      /^JWT verification failed: the key "key-1" of the issuer cannot be used: RSA exponent 1;/,
    )
    await codeFor(token)
    expect(issuer.keyFetches()).toBe(1)
  })

  describe('after the clock was set back by an hour', () => {
    const HOUR = 3_600_000

    it('asks again for its keys, of which it does not know the age', async () => {
      const token = await mint()
      await codeFor(token)
      gateway.advance(-HOUR)
      issuer.publish([])
      expect(await codeFor(token)).toBe('signing_key_unknown')
      expect(issuer.keyFetches()).toBe(2)
    })

    it('asks an issuer that had just failed', async () => {
      const token = await mint()
      issuer.setDown(true)
      expect(await codeFor(token)).toBe('signing_key_fetch_failed')
      issuer.setDown(false)
      gateway.advance(-HOUR)
      expect(await codeFor(token)).toBe('found key-1')
    })

    it('asks again for a kid that was unknown', async () => {
      await codeFor(await mint())
      await issuer.rotate()
      const rotated = await mint()
      issuer.publish([])
      expect(await codeFor(rotated)).toBe('signing_key_unknown')
      issuer.publish(undefined)
      gateway.advance(-HOUR)
      expect(await codeFor(rotated)).toBe('found key-2')
    })
  })

  it('speaks of the document where the keys are in it, and of the issuer where they are fetched', async () => {
    const keys = readKeySet({ keys: [issuer.newestKey().publicJwk, { kty: 'oct', kid: 'o', k: 'AAAA' }] })
    if (keys === undefined) throw new Error('not a key set')
    const fetched = spec
    const inline: KeySourceSpec = { kind: 'inline', digest: 'sha256:00', keys }
    issuer.publish([issuer.newestKey().publicJwk, { kty: 'oct', kid: 'o', k: 'AAAA' }])
    for (const kid of ['rotated', 'o']) {
      const token = await unknown(kid)
      spec = inline
      expect(await detailFor(token)).toMatch(/the document's jwks/)
      expect(await detailFor(token)).not.toMatch(/issuer/)
      spec = fetched
      expect(await detailFor(token)).toMatch(/the issuer/)
      expect(await detailFor(token)).not.toMatch(/document/)
    }
  })

  it('records how many keys were there, and why others were skipped', async () => {
    const key = issuer.newestKey().publicJwk
    issuer.publish([key, { ...key, kid: 'clé' }, null])
    const lookup = await gateway.find(spec, await unknown('other'))
    expect(lookup).toMatchObject({
      refusal: {
        code: 'signing_key_unknown',
        audit: {
          usableKeys: 1,
          skippedKeys: 2,
          skipped: ['keys[1]: its kid is not 1 to 1024 printable ASCII characters', 'keys[2]: it is not an object'],
        },
      },
    })
  })

  it('refuses a token without kid that two keys fit', async () => {
    await issuer.rotate()
    expect(await codeFor(await mint({ header: { kid: undefined } }))).toBe('signing_key_ambiguous')
  })
})

describe('identity', () => {
  it('does not let one issuer string share keys between two places', async () => {
    const twin = await startIssuer()
    try {
      const token = await mint()
      expect(await codeFor(token)).toBe('found key-1')
      const [mine, other] = await Promise.all([
        gateway.find(spec, token),
        gateway.find({ kind: 'jwks_uri', url: twin.jwksUrl }, token),
      ])
      if (mine.kind !== 'found' || other.kind !== 'found') throw new Error('not found')
      expect(other.key.identity).not.toBe(mine.key.identity)
    } finally {
      await twin.stop()
    }
  })

  it('takes an issuer whose name ends in a slash, literally', async () => {
    const aks = await startIssuer({ suffix: '/tenant/id/' })
    try {
      const result = parseToken(await aks.mint())
      if (!result.ok) throw new Error(result.refusal.detail)
      expect(codeOf(await gateway.find({ kind: 'discovery', issuer: aks.issuer }, result.value))).toBe('found key-1')
      const bare: KeySourceSpec = { kind: 'discovery', issuer: aks.issuer.slice(0, -1) }
      expect(codeOf(await gateway.find(bare, result.value))).toBe('signing_key_fetch_failed')
    } finally {
      await aks.stop()
    }
  })
})

describe('a load that fails', () => {
  const discovery = (change: Readonly<Record<string, unknown>>): void =>
    issuer.answer(DISCOVERY_PATH, (_request, response) =>
      sendJson(response, { issuer: issuer.issuer, jwks_uri: issuer.jwksUrl, ...change }),
    )

  it.each<[string, () => unknown, string]>([
    ['is down', () => issuer.setDown(true), 'closed before an answer'],
    [
      'redirects discovery',
      () => issuer.answer(DISCOVERY_PATH, (_, r) => void r.writeHead(302, { location: '/x' }).end()),
      'the discovery document answered 302, a redirect to',
    ],
    [
      'redirects the key set',
      () => issuer.answer(KEYS_PATH, (_, r) => void r.writeHead(307, { location: '/x' }).end()),
      'the key set answered 307, a redirect to "/x": redirects are not followed',
    ],
    [
      'has no discovery',
      () => issuer.answer(DISCOVERY_PATH, (_, r) => void r.writeHead(404).end()),
      'the discovery document answered 404',
    ],
    [
      'answers 500 for the key set',
      () => issuer.answer(KEYS_PATH, (_, r) => void r.writeHead(500).end()),
      'the key set answered 500',
    ],
    [
      'names another issuer',
      () => discovery({ issuer: 'https://other.example.com' }),
      'the discovery document names another issuer',
    ],
    [
      'names itself with a slash more',
      () => discovery({ issuer: `${issuer.issuer}/` }),
      'the discovery document names another issuer',
    ],
    ['names no issuer', () => discovery({ issuer: undefined }), 'the discovery document names another issuer'],
    ['has no jwks_uri', () => discovery({ jwks_uri: undefined }), 'no jwks_uri'],
    ['places keys at another origin', () => discovery({ jwks_uri: 'https://keys.example.com/keys' }), 'another origin'],
    ['places keys at another port', () => discovery({ jwks_uri: 'http://127.0.0.1:1/keys' }), 'another origin'],
    ['places keys at a private address', () => discovery({ jwks_uri: 'https://10.0.0.1/keys' }), 'may not be fetched'],
    [
      'places keys at the metadata service',
      () => discovery({ jwks_uri: 'http://169.254.169.254/latest' }),
      'may not be fetched',
    ],
    [
      'places keys behind a user name',
      () => discovery({ jwks_uri: issuer.jwksUrl.replace('//', '//x@') }),
      'may not be fetched',
    ],
    [
      'sends a discovery document that is too large',
      () => discovery({ pad: 'x'.repeat(DISCOVERY_MAX_BYTES) }),
      `the discovery document is larger than ${DISCOVERY_MAX_BYTES} bytes`,
    ],
    [
      'sends a key set that is too large',
      () => issuer.publish([{ pad: 'x'.repeat(KEY_SET_MAX_BYTES) }]),
      `the key set is larger than ${KEY_SET_MAX_BYTES} bytes`,
    ],
    [
      'sends two lists of keys',
      () => issuer.answer(KEYS_PATH, (_, r) => void r.end('{"keys":[],"keys":[]}')),
      'the key set has a duplicate member',
    ],
    ['sends a key set that is a list', () => issuer.answer(KEYS_PATH, (_, r) => sendJson(r, [])), 'no array "keys"'],
  ])('is told when the issuer %s', async (_what, misbehave, words) => {
    misbehave()
    const lookup = await gateway.find(spec, await mint())
    if (lookup.kind === 'found') throw new Error('found')
    expect(lookup.refusal).toMatchObject({ code: 'signing_key_fetch_failed', retryAfterSeconds: 1 })
    // The caller reads the same whatever failed: an unsigned token gets this far.
    expect(lookup.refusal.detail).toBe(
      "failed to fetch signing key: the gateway cannot reach the issuer's keys now; try again",
    )
    expect(lookup.refusal.audit?.['keyFetchReason']).toContain(words)
    expect(lookup.refusal.audit?.['keyFetchUrl']).toContain('://')
    expect(gateway.status(spec)).toMatchObject({ loaded: false, consecutiveFailures: 1 })
  })

  it('takes keys from another origin that the row lists', async () => {
    const keys = await startIssuer()
    try {
      discovery({ jwks_uri: keys.jwksUrl })
      spec = { kind: 'discovery', issuer: issuer.issuer, jwksOrigins: [keys.origin] }
      expect(await codeFor(await mint())).toBe('found key-1')
      expect(keys.keyFetches()).toBe(1)
    } finally {
      await keys.stop()
    }
  })

  it('is not even tried for an issuer that the URL policy forbids', async () => {
    for (const name of ['https://10.0.0.1', 'http://oidc.example.com', 'https://oidc.example.com?x']) {
      expect(codeOf(await gateway.find({ kind: 'discovery', issuer: name }, await mint()))).toBe(
        'signing_key_fetch_failed',
      )
    }
    expect(gateway.asked).toEqual([])
  })
})

describe('what a host says of its network', () => {
  const PRIVATE = 'https://keys.internal'
  const inPrivate = (ports: { privateOrigins?: ReadonlySet<string>; unusedProxy?: string }) => {
    const asked: string[] = []
    const sources = createKeySources({
      fetch(url) {
        asked.push(url)
        return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      },
      clock: () => START,
      sleep: () => Promise.resolve(),
      allowLoopback: false,
      ...ports,
    })
    return { asked, find: sources.forRequest(() => undefined).find }
  }

  it('opens its private origins, and no others', async () => {
    const listed = inPrivate({ privateOrigins: new Set([PRIVATE]) })
    for (const [{ asked, find }, expected] of [
      [listed, [`${PRIVATE}/keys`]],
      [inPrivate({}), []],
      [inPrivate({ privateOrigins: new Set(['https://other.internal']) }), []],
    ] as const) {
      await find({ kind: 'jwks_uri', url: `${PRIVATE}/keys` }, await mint())
      expect(asked).toEqual(expected)
    }
  })

  it('is in the audit record of a connection that failed: a proxy is set that is not used', async () => {
    const url = 'https://oidc.example.com/keys'
    for (const [ports, isNamed] of [
      [{ unusedProxy: 'HTTPS_PROXY' }, true],
      [{}, false],
    ] as const) {
      const lookup = await inPrivate(ports).find({ kind: 'jwks_uri', url }, await mint())
      if (lookup.kind !== 'refused') throw new Error(lookup.kind)
      expect(JSON.stringify(lookup.refusal.audit).includes('HTTPS_PROXY')).toBe(isNamed)
    }
  })
})

describe('keys in hand', () => {
  /** Lookups that ask nobody, before and after a login has loaded the keys. */
  const inHand = (sources: ReturnType<typeof createKeySources>) => sources.forRequest(() => undefined).inHand()
  const create = (clock = () => START): ReturnType<typeof createKeySources> =>
    createKeySources({ fetch, clock, sleep: () => Promise.resolve(), allowLoopback: true })

  it('are never fetched', async () => {
    const sources = create()
    const before = issuer.requests.length
    const lookup = await inHand(sources).find(spec, await mint())
    expect(lookup).toMatchObject({
      kind: 'refused',
      refusal: { code: 'signing_key_fetch_failed', retryAfterSeconds: 1 },
    })
    expect(issuer.requests.length).toBe(before)
    expect(
      inHand(sources)
        .inHand()
        .look(spec, await mint()),
    ).toBe('absent')
  })

  it('are found where a login loaded them, and one that is not there is unknown', async () => {
    const sources = create()
    await sources.forRequest(() => undefined).find(spec, await mint())
    expect(await inHand(sources).find(spec, await mint())).toMatchObject({ kind: 'found' })
    const other = await mint({ header: { kid: 'other' } })
    expect(await inHand(sources).find(spec, other)).toMatchObject({ refusal: { code: 'signing_key_unknown' } })
    expect(sources.ages()).toEqual({ count: 1, stale: 0, failing: 0, oldestMillis: START })
  })

  it('of a document are its own', async () => {
    const keys = readKeySet({ keys: [issuer.newestKey().publicJwk] })
    if (keys === undefined) throw new Error('no keys')
    const inline: KeySourceSpec = { kind: 'inline', digest: 'd', keys }
    const lent = inHand(create())
    expect(await lent.find(inline, await mint())).toMatchObject({ kind: 'found' })
    expect(lent.look(inline, await mint())).toBe('fits')
    expect(lent.look(inline, await mint({ header: { kid: 'other' } }))).toBe('settled')
  })

  it('look as they are: absent, fitting, missing, settled', async () => {
    let now = START
    const sources = create(() => now)
    const keys = sources.forRequest(() => undefined)
    const other = await mint({ header: { kid: 'other' } })
    const known = await mint()
    expect(keys.look(spec, known)).toBe('absent')
    await keys.find(spec, known)
    expect([keys.look(spec, known), keys.look(spec, other)]).toEqual(['fits', 'misses'])
    // A load has just shown that there is no such key.
    await keys.find(spec, other)
    expect(keys.look(spec, other)).toBe('settled')
    now += UNKNOWN_KID_TTL_MILLIS
    expect(keys.look(spec, other)).toBe('misses')
    issuer.setDown(true)
    await keys.find(spec, other)
    expect([keys.look(spec, known), keys.look(spec, other)]).toEqual(['fits', 'settled'])
    now += KEY_SET_STALE_MAX_SECONDS * 1000 + 1
    expect(keys.look(spec, known)).toBe('absent')
  })

  it('that failed to load say so, and settle what is asked while nobody may ask again', async () => {
    const sources = create()
    const keys = sources.forRequest(() => undefined)
    issuer.setDown(true)
    await keys.find(spec, await mint())
    expect(keys.look(spec, await mint())).toBe('settled')
    const lookup = await inHand(sources).find(spec, await mint())
    if (lookup.kind !== 'refused') throw new Error(lookup.kind)
    expect(lookup.refusal.audit).toMatchObject({ keyFetchFailure: 'connection_reset', consecutiveFailures: 1 })
  })

  it('settle an unknown kid while the bucket is empty', async () => {
    const sources = create()
    const keys = sources.forRequest(() => undefined)
    await keys.find(spec, await mint())
    for (let index = 0; index < KID_REFETCH_BUCKET; index++)
      await keys.find(spec, await mint({ header: { kid: `k-${index}` } }))
    expect(keys.look(spec, await mint({ header: { kid: 'new' } }))).toBe('settled')
  })
})

describe('an issuer that is down', () => {
  it('is asked once per back-off window, however many tokens come', async () => {
    issuer.setDown(true)
    const token = await mint()
    // 1 s after the first failure, then 2, 4, 8, 16, 32, and 60 from there on.
    for (const [asked, wait] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
      for (let login = 0; login < 1000; login++) await gateway.find(spec, token)
      expect(gateway.asked).toHaveLength(asked + 1)
      gateway.advance(wait * 1000 - 1)
      expect(await codeFor(token)).toBe('signing_key_fetch_failed')
      expect(gateway.asked).toHaveLength(asked + 1)
      gateway.advance(1)
    }
  })

  it.each([
    ['a wait that it asks for', '90', 90],
    ['the longest wait that it is given', String(KEY_FETCH_RETRY_AFTER_MAX_SECONDS), KEY_FETCH_RETRY_AFTER_MAX_SECONDS],
    ['no longer one', String(KEY_FETCH_RETRY_AFTER_MAX_SECONDS + 1), KEY_FETCH_RETRY_AFTER_MAX_SECONDS],
    ['no wait of years', '9999999999', KEY_FETCH_RETRY_AFTER_MAX_SECONDS],
    ['no shorter wait than the back-off', '0', 1],
    ['no wait that cannot be read', 'soon', 1],
  ])('is granted %s', async (_what, retryAfter, seconds) => {
    issuer.answer(DISCOVERY_PATH, (_, r) => void r.writeHead(429, { 'retry-after': retryAfter }).end())
    const token = await mint()
    expect(await gateway.find(spec, token)).toMatchObject({ refusal: { retryAfterSeconds: seconds } })
    gateway.advance(seconds * 1000 - 1)
    await codeFor(token)
    expect(gateway.asked).toHaveLength(1)
    gateway.advance(1)
    await codeFor(token)
    expect(gateway.asked).toHaveLength(2)
  })

  it('is found again in the first window after it is back', async () => {
    const token = await mint()
    issuer.setDown(true)
    await codeFor(token)
    issuer.setDown(false)
    gateway.advance(1_000)
    expect(await codeFor(token)).toBe('found key-1')
    expect(gateway.status(spec)).toMatchObject({ consecutiveFailures: 0, lastFailure: { atMillis: START } })
  })

  it('leaves the keys in hand serving for the stated time, and no longer', async () => {
    const token = await mint()
    await codeFor(token)
    issuer.setDown(true)
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    expect(await gateway.find(spec, token)).toMatchObject({ kind: 'found', stale: true })
    for (let login = 0; login < 50; login++) expect(await codeFor(token)).toBe('found key-1')
    expect(gateway.asked).toEqual([DISCOVERY_PATH, KEYS_PATH, DISCOVERY_PATH])
    gateway.advance((KEY_SET_STALE_MAX_SECONDS - KEY_SET_AGE_MAX_SECONDS) * 1000)
    expect(await codeFor(token)).toBe('found key-1')
    expect(gateway.status(spec)).toMatchObject({ loaded: true, stale: true, ageSeconds: KEY_SET_STALE_MAX_SECONDS })
    gateway.advance(1)
    expect(await codeFor(token)).toBe('signing_key_fetch_failed')
  })

  it('makes an unknown kid a matter of keys (503), not of the caller (401)', async () => {
    await codeFor(await mint())
    issuer.setDown(true)
    const stranger = await unknown('new')
    expect(await codeFor(stranger)).toBe('signing_key_fetch_failed')
    expect(await codeFor(await mint())).toBe('found key-1')
    issuer.setDown(false)
    gateway.advance(1_000)
    expect(await codeFor(stranger)).toBe('signing_key_unknown')
  })
})

describe('an issuer that hangs', () => {
  /** Key sources whose issuer can be made to hang; every wait shows, and passes the time that it takes. */
  function setUpHanging(fetchTimeoutMillis: number) {
    let isHanging = false
    let now = START
    let waits = 0
    const loads: Promise<unknown>[] = []
    const give: ((response: Response | Error) => void)[] = []
    const sources = createKeySources({
      fetch: (url, init) =>
        isHanging
          ? new Promise((resolve, reject) =>
              give.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
            )
          : fetch(url, init),
      clock: () => now,
      async sleep(millis) {
        waits++
        now += millis
      },
      allowLoopback: true,
      fetchTimeoutMillis,
    })
    return {
      hang(): void {
        isHanging = true
      },
      /** Ends the loads under way, as a time-out does. */
      async giveUp(): Promise<void> {
        isHanging = false
        for (const end of give.splice(0)) end(new Error('timed out'))
        await Promise.all(loads.splice(0))
        isHanging = true
      },
      advance(millis: number): void {
        now += millis
      },
      underWay: () => give.length,
      /** What a login finds, whether it waited, and for how long by the clock. */
      async login(token: ParsedToken) {
        const [before, began] = [waits, now]
        const lookup = await sources.forRequest((work) => void loads.push(work)).find(spec, token)
        return {
          found: codeOf(lookup),
          stale: lookup.kind === 'found' && lookup.stale,
          waited: waits > before,
          took: now - began,
        }
      },
    }
  }

  async function overAge(fetchTimeoutMillis = 60_000) {
    const rig = setUpHanging(fetchTimeoutMillis)
    const token = await mint()
    // The very first load goes over the real network.
    expect(await rig.login(token)).toMatchObject({ found: 'found key-1', waited: false })
    rig.hang()
    rig.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    return { rig, token }
  }

  it('holds back the login that asks for no longer than an issuer takes that is up', async () => {
    const { rig, token } = await overAge()
    expect(await rig.login(token)).toEqual({
      found: 'found key-1',
      stale: true,
      waited: true,
      took: KEY_FETCH_OVER_AGE_WAIT_MILLIS,
    })
    expect(rig.underWay()).toBe(1)
  })

  it('holds back nobody while that load is under way', async () => {
    const { rig, token } = await overAge()
    await rig.login(token)
    for (let login = 0; login < 20; login++) {
      expect(await rig.login(token)).toMatchObject({ found: 'found key-1', stale: true, waited: false })
    }
    expect(rig.underWay()).toBe(1)
  })

  it('holds back nobody after its first failure, and is asked in the background', async () => {
    const { rig, token } = await overAge()
    await rig.login(token)
    let asked = 0
    for (let second = 0; second < 600; second++) {
      // Each attempt takes five seconds to fail.
      if (second % 5 === 4) await rig.giveUp()
      const before = rig.underWay()
      expect(await rig.login(token)).toMatchObject({ found: 'found key-1', stale: true, waited: false })
      asked += rig.underWay() - before
      rig.advance(1_000)
    }
    // 1 s after the first failure, then 2, 4 ... 60: never given up.
    expect(asked).toBeGreaterThan(8)
    expect(asked).toBeLessThan(20)
  })

  it('is asked for a new kid all the same, before the answer', async () => {
    const { rig, token } = await overAge(100)
    await rig.login(token)
    await rig.giveUp()
    rig.advance(1_000)
    expect(await rig.login(await unknown('new'))).toMatchObject({ found: 'signing_key_fetch_failed', waited: true })
  })

  it('does not let a withdrawn key verify once it is back and its failure is old', async () => {
    const token = await mint()
    await codeFor(token)
    await issuer.rotate({ dropOld: true })
    issuer.setDown(true)
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    expect(await codeFor(token)).toBe('found key-1')
    issuer.setDown(false)
    // The back-off of one second has passed twice.
    gateway.advance(2_000)
    expect(await codeFor(token)).toBe('signing_key_unknown')
  })

  it('lets it verify once more just before, and never after the load that this begins', async () => {
    const token = await mint()
    await codeFor(token)
    await issuer.rotate({ dropOld: true })
    issuer.setDown(true)
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    await codeFor(token)
    issuer.setDown(false)
    gateway.advance(1_999)
    expect(await codeFor(token)).toBe('found key-1')
    expect(await gateway.settle()).toBeGreaterThan(0)
    expect(await codeFor(token)).toBe('signing_key_unknown')
  })
})

describe('rotation', () => {
  it('is seen at once: the first token of a new key causes a load', async () => {
    await codeFor(await mint())
    await issuer.rotate()
    expect(await codeFor(await mint())).toBe('found key-2')
    expect(issuer.keyFetches()).toBe(2)
  })

  it('is seen before any token of the new key, by the refresh in the background', async () => {
    const token = await mint()
    await codeFor(token)
    await issuer.rotate()
    gateway.advance((KEY_SET_AGE_MAX_SECONDS * 1000) / 2 - 1)
    await codeFor(token)
    expect(await gateway.settle()).toBe(0)
    gateway.advance(1)
    await codeFor(token)
    expect(await gateway.settle()).toBe(1)
    expect(gateway.status(spec)).toMatchObject({ keyCount: 2, ageSeconds: 0 })
    await codeFor(await mint())
    expect(issuer.keyFetches()).toBe(2)
  })

  it('does not wait for the refresh in the background', async () => {
    const token = await mint()
    await codeFor(token)
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 500)
    issuer.answer(KEYS_PATH, () => undefined)
    expect(await codeFor(token)).toBe('found key-1')
    issuer.setDown(true)
    await gateway.settle()
  })

  it('withdraws a key when its set is over its age', async () => {
    const token = await mint()
    await codeFor(token)
    await issuer.rotate({ dropOld: true })
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    expect(await codeFor(token)).toBe('signing_key_unknown')
  })

  it('withdraws every key when the set comes empty', async () => {
    const token = await mint()
    await codeFor(token)
    issuer.publish([])
    gateway.advance(KEY_SET_AGE_MAX_SECONDS * 1000)
    expect(await codeFor(token)).toBe('signing_key_unknown')
  })
})

describe('first loads by tokens that nobody has verified', () => {
  const specOf = (n: number): KeySourceSpec => ({ kind: 'jwks_uri', url: `https://keys.example.com/${n}` })
  beforeEach(() => {
    const keys = [issuer.newestKey().publicJwk]
    gateway = setUp(async () => Response.json({ keys }))
  })

  /** Codes that came for tokens of as many sources, each asked once. */
  async function askEach(from: number, count: number): Promise<readonly string[]> {
    const token = await mint()
    const codes: string[] = []
    for (let n = from; n < from + count; n++) codes.push(codeOf(await gateway.find(specOf(n), token)))
    return codes
  }

  it('are as many at once as there may be, and then one per interval', async () => {
    expect(new Set(await askEach(0, FIRST_LOADS_BUCKET))).toEqual(new Set(['found key-1']))
    expect(new Set(await askEach(FIRST_LOADS_BUCKET, 100))).toEqual(new Set(['signing_key_fetch_failed']))
    expect(gateway.asked).toHaveLength(FIRST_LOADS_BUCKET)
    gateway.advance(FIRST_LOADS_REFILL_MILLIS)
    expect(await askEach(FIRST_LOADS_BUCKET, 2)).toEqual(['found key-1', 'signing_key_fetch_failed'])
  })

  it('that have to wait start no back-off, say when to try again, and keep nobody whose keys are in hand', async () => {
    await askEach(0, FIRST_LOADS_BUCKET + 1)
    const refused = await gateway.find(specOf(FIRST_LOADS_BUCKET), await mint())
    expect(refused).toMatchObject({
      kind: 'refused',
      refusal: { retryAfterSeconds: 1, audit: { consecutiveFailures: 0 } },
    })
    expect(await askEach(0, 1)).toEqual(['found key-1'])
    gateway.advance(1000)
    expect(await askEach(FIRST_LOADS_BUCKET, 1)).toEqual(['found key-1'])
  })

  it('never keep a source waiting that has verified a token before', async () => {
    await askEach(0, FIRST_LOADS_BUCKET)
    const known = specOf(1_000_000)
    gateway.noteVerified(known)
    expect(codeOf(await gateway.find(known, await mint()))).toBe('found key-1')
  })
})

describe('unknown kids', () => {
  it('may ask right after the first load, which starts no cool-down', async () => {
    expect(await codeFor(await unknown('early'))).toBe('signing_key_unknown')
    expect(issuer.keyFetches()).toBe(1)
    await issuer.rotate()
    expect(await codeFor(await mint())).toBe('found key-2')
    expect(issuer.keyFetches()).toBe(2)
  })

  it('cost a bucket of loads and one more per interval, be they 10,000', async () => {
    const token = await mint()
    await codeFor(token)
    const before = issuer.keyFetches()
    const stranger = await unknown('x')
    for (let n = 0; n < 10_000; n++) {
      const lookup = await gateway.find(spec, { ...stranger, header: { alg: 'ES256', kid: `random-${n}` } })
      expect(codeOf(lookup)).toBe('signing_key_unknown')
    }
    expect(issuer.keyFetches() - before).toBe(KID_REFETCH_BUCKET)
    expect(await codeFor(token)).toBe('found key-1')
    gateway.advance(KID_REFETCH_REFILL_MILLIS)
    for (let n = 0; n < 100; n++) await codeFor({ ...stranger, header: { alg: 'ES256', kid: `more-${n}` } })
    expect(issuer.keyFetches() - before).toBe(KID_REFETCH_BUCKET + 1)
  })

  it('are asked for once, and again when that is forgotten', async () => {
    await codeFor(await mint())
    const stranger = await unknown('later')
    for (let login = 0; login < 10; login++) await codeFor(stranger)
    expect(issuer.keyFetches()).toBe(2)
    gateway.advance(UNKNOWN_KID_TTL_MILLIS)
    await codeFor(stranger)
    expect(issuer.keyFetches()).toBe(3)
  })

  it('draw on the bucket when the load fails too', async () => {
    await codeFor(await mint())
    issuer.setDown(true)
    const before = gateway.asked.length
    for (let n = 0; n < 10; n++) {
      await codeFor(await unknown(`down-${n}`))
      gateway.advance(2_000)
    }
    expect(gateway.asked.length - before).toBe(KID_REFETCH_BUCKET)
  })

  it('do not keep a key out that appears while the bucket is empty: the next load has it', async () => {
    await codeFor(await mint())
    for (let n = 0; n < 5; n++) await codeFor(await unknown(`x-${n}`))
    await issuer.rotate()
    expect(await codeFor(await mint())).toBe('signing_key_unknown')
    gateway.advance(KID_REFETCH_REFILL_MILLIS)
    expect(await codeFor(await mint())).toBe('found key-2')
  })
})

describe('many requests at once', () => {
  /** A fetch that waits at a gate, so that every request is there before the first answer. */
  function gated() {
    let open = (): void => undefined
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const asked: string[] = []
    const get: FetchLike = async (url, init) => {
      asked.push(url)
      await gate
      return fetch(url, init)
    }
    return { asked, get, open: () => open() }
  }

  it('cause one load', async () => {
    const { asked, get, open } = gated()
    // Polling must outlast the real network here, so it is left to real timers.
    const sources = createKeySources({
      fetch: get,
      clock: () => START,
      sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
      allowLoopback: true,
    })
    const token = await mint()
    const lookups = Array.from({ length: 40 }, () => sources.forRequest(() => undefined).find(spec, token))
    expect(asked).toEqual([`${issuer.issuer}${DISCOVERY_PATH}`])
    open()
    expect((await Promise.all(lookups)).map(codeOf)).toEqual(Array.from({ length: 40 }, () => 'found key-1'))
    expect(issuer.requests).toEqual([DISCOVERY_PATH, KEYS_PATH])
  })

  it('outlive the one whose load died with its request', async () => {
    let isFirst = true
    gateway = setUp((url, init) => {
      if (!isFirst) return fetch(url, init)
      isFirst = false
      // On Workers the request is gone, and this promise with it.
      return new Promise(() => undefined)
    }, 100)
    const token = await mint()
    const dead = gateway.find(spec, token)
    gateway.advance(KEY_FETCH_LEASE_MILLIS)
    expect(await codeFor(token)).toBe('found key-1')
    // The late end of the first load changes nothing that the second has found.
    expect(codeOf(await dead)).toBe('found key-1')
    expect(gateway.status(spec)).toMatchObject({ consecutiveFailures: 0, keyCount: 1 })
  })

  it('let one alone take over when the load that they waited for died', async () => {
    let asked = 0
    gateway = setUp(() => {
      asked++
      // On Workers the request is gone, and this promise with it.
      return new Promise(() => undefined)
    }, 60_000)
    const token = await mint()
    void gateway.find(spec, token)
    const waiting = Array.from({ length: 5 }, () => gateway.find(spec, token))
    expect(asked).toBe(1)
    gateway.advance(KEY_FETCH_LEASE_MILLIS)
    // The four that did not take over need not wait for the one that did.
    let over = 0
    for (const lookup of waiting) void lookup.then(() => over++)
    for (let turn = 0; over < 4 && turn < 1_000; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(over).toBe(4)
    expect(asked).toBe(2)
  })

  it('of a set that is due cause one load in the background', async () => {
    const token = await mint()
    await codeFor(token)
    gateway.advance((KEY_SET_AGE_MAX_SECONDS * 1000) / 2)
    for (let login = 0; login < 20; login++) expect(await codeFor(token)).toBe('found key-1')
    expect(await gateway.settle()).toBe(1)
  })

  it('find a new key although the load that they waited for died', async () => {
    let isDead = false
    gateway = setUp((url, init) => (isDead ? new Promise(() => undefined) : fetch(url, init)), 100)
    await codeFor(await mint())
    await issuer.rotate()
    isDead = true
    const token = await mint()
    const dead = gateway.find(spec, token)
    isDead = false
    const waiting = gateway.find(spec, token)
    gateway.advance(KEY_FETCH_LEASE_MILLIS)
    expect(codeOf(await waiting)).toBe('found key-2')
    expect(codeOf(await dead)).toBe('found key-2')
  })

  it('do not wait for ever when the clock stands still', async () => {
    gateway = setUp(() => new Promise(() => undefined), 100)
    const token = await mint()
    const first = gateway.find(spec, token)
    expect(await codeFor(token)).toBe('signing_key_fetch_failed')
    expect(codeOf(await first)).toBe('signing_key_fetch_failed')
  })
})

describe('readAgeMaxSeconds()', () => {
  it.each<[Record<string, string>, number]>([
    [{}, 300],
    [{ 'cache-control': 'public, max-age=3600' }, 3600],
    [{ 'cache-control': 'PUBLIC,MAX-AGE=600' }, 600],
    [{ 'cache-control': `max-age=${KEY_SET_AGE_MIN_SECONDS - 1}` }, KEY_SET_AGE_MIN_SECONDS],
    [{ 'cache-control': `max-age=${KEY_SET_AGE_MAX_SECONDS + 1}` }, KEY_SET_AGE_MAX_SECONDS],
    [{ 'cache-control': 'max-age=0' }, KEY_SET_AGE_MIN_SECONDS],
    [{ 'cache-control': 'max-age=99999999999' }, 300],
    [{ 'cache-control': 'max-age=-1' }, 300],
    [{ 'cache-control': 'max-age=1e3' }, 300],
    [{ 'cache-control': 's-maxage=1000' }, 300],
    [{ 'cache-control': 'no-store, max-age=1000' }, KEY_SET_AGE_MIN_SECONDS],
    [{ 'cache-control': 'max-age=1000', age: '400' }, 600],
    [{ 'cache-control': 'max-age=1000', age: '2000' }, KEY_SET_AGE_MIN_SECONDS],
    [{ 'cache-control': 'max-age=1000', age: 'x' }, 1000],
  ])('reads %j as %d s', (headers, seconds) => {
    expect(readAgeMaxSeconds(new Headers(headers))).toBe(seconds)
  })
})
