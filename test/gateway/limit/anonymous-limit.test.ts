// Requests that verify nothing are limited by client address; a request that verified something never counts.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  EVENT_ENTRIES_MAX,
  LIMITED_CLIENTS_MAX,
  LIMITED_EVENT_INTERVAL_MILLIS,
  UNKNOWN_CLUSTER_BUCKET,
} from '../../../src/core/limits.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import {
  type AnonymousLimit,
  createAnonymousLimit,
  type RequestsLimited,
} from '../../../src/gateway/limit/anonymous-limit.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { sleep } from '../../../src/runtime/sleep.ts'
import { createWorld, type World } from '../fixture.ts'
import { agentSessionOf, CLUSTER, putBaseline, sessionOf } from '../mapping-world.ts'

const PER_MINUTE = 5
const MINUTE = 60_000

let world: World
beforeAll(async () => {
  world = await createWorld({
    stateless: true,
    environment: { ANONYMOUS_PER_MINUTE: `${PER_MINUTE}` },
    peerAddress: (_request, env) => (env as { readonly peer?: string } | undefined)?.peer,
  })
})
afterAll(() => world.stop())
beforeEach(() => {
  putBaseline(world)
  world.restart()
  world.ahead = 0
  world.store.readTrouble = 'none'
  world.records.length = 0
  world.events.length = 0
})

const PEER = '203.0.113.1'
type Send = () => Promise<RequestInit & { readonly path?: string }>

async function send(make: Send, peer: string = PEER): Promise<Response> {
  const { path = `/v1/clusters/${CLUSTER}/login`, ...init } = await make()
  return world.app.request(path, init, { peer })
}
const postJson = (body: string, path = `/v1/clusters/${CLUSTER}/login`) => ({
  path,
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body,
})
const evidence = (token: string): string =>
  JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
const good: Send = async () => postJson(evidence(await world.issuer.mint()))
const bad: Send = async () => postJson(evidence('e30.e30.AAAA'))
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

const limitedEvents = () => world.events.filter(({ event }) => event === 'requests_limited')

/** Whether `count` such requests leave the client nothing. */
async function drains(make: Send, status: number, count = PER_MINUTE): Promise<boolean> {
  for (let n = 0; n < count; n++) expect((await send(make)).status).toBe(status)
  return (await send(good)).status === 429
}

describe('a request counts against its client if it verified nothing', () => {
  let made = 0
  it.each<[what: string, status: number, make: Send]>([
    ['evidence that does not verify', 401, bad],
    ['an expired token', 401, async () => postJson(evidence(await world.issuer.mint({ claims: { exp: 1, iat: 0 } })))],
    ['a body that is no JSON', 400, async () => postJson('{')],
    ['another content type', 415, async () => ({ method: 'POST', body: 'x' })],
    ['a cluster that is unknown', 404, async () => postJson(await bodyOf(), `/v1/clusters/made-up-${made++}/login`)],
    ['the same unknown cluster', 404, async () => postJson(await bodyOf(), '/v1/clusters/c-9/login')],
    ['a cluster id that is none', 404, async () => postJson(await bodyOf(), '/v1/clusters/..%2Fx/login')],
    ['another method', 405, async () => ({ method: 'PUT' })],
    ['a route that is none', 404, async () => ({ path: '/v1/nothing' })],
    ['no session', 401, async () => ({ path: `/v1/clusters/${CLUSTER}/status` })],
    [
      'a session that is none',
      401,
      async () => ({ path: `/v1/clusters/${CLUSTER}/status`, headers: bearer('e30.e30.AAAA') }),
    ],
    [
      "an agent's session for an issuer's route",
      403,
      async () => ({ path: `/v1/clusters/${CLUSTER}/status`, headers: bearer(await agentSessionOf(world)) }),
    ],
  ])('%s: %i', async (_what, status, make) => {
    expect(await drains(make, status)).toBe(true)
  })

  const bodyOf = async (): Promise<string> => evidence(await world.issuer.mint())

  it('also by a made-up id for which the budget of look-ups is spent', async () => {
    for (let n = 0; n < UNKNOWN_CLUSTER_BUCKET; n++)
      await send(async () => postJson(await bodyOf(), `/v1/clusters/x-${n}/login`), `2001:db8:0:${n.toString(16)}::1`)
    const over: Send = async () => postJson(await bodyOf(), `/v1/clusters/y-${made++}/login`)
    expect(await drains(over, 503)).toBe(true)
  })
})

describe('a request does not count', () => {
  it.each<[what: string, status: number, make: Send]>([
    ['that is admitted', 200, good],
    [
      'whose evidence verified, and satisfies no policy',
      403,
      async () => {
        world.putPolicy(CLUSTER, ['serviceAccountName: other'])
        return good()
      },
    ],
    [
      'of an issuer, for a cluster that is unknown',
      404,
      async () => ({ path: '/v1/clusters/c-9/status', headers: bearer(await sessionOf(world)) }),
    ],
    [
      'of an issuer whose session was revoked',
      401,
      async () => {
        const headers = bearer(await sessionOf(world, { policy: 'gone' }))
        return { path: `/v1/clusters/${CLUSTER}/status`, headers }
      },
    ],
    [
      'of an issuer, malformed',
      400,
      async () => {
        const { headers, ...rest } = postJson('{', `/v1/clusters/${CLUSTER}/claims`)
        return { ...rest, headers: { ...headers, ...bearer(await sessionOf(world)) } }
      },
    ],
    ['for health', 200, async () => ({ path: '/healthz' })],
    ['for published documents that are none', 404, async () => ({ path: '/schemas/Nothing.json' })],
  ])('%s: %i', async (_what, status, make) => {
    for (let n = 0; n < 2 * PER_MINUTE; n++) expect((await send(make)).status).toBe(status)
    expect((await send(bad)).status).toBe(401)
  })

  it('while the store is down', async () => {
    world.store.readTrouble = 'error'
    for (let n = 0; n < 2 * PER_MINUTE; n++) expect((await send(good)).status).toBe(503)
  })

  it('while its issuer is down', async () => {
    world.issuer.setDown(true)
    try {
      for (let n = 0; n < 2 * PER_MINUTE; n++) expect((await send(good)).status).toBe(503)
    } finally {
      world.issuer.setDown(false)
    }
  })

  it('of 500 agents behind one address that restart at once', async () => {
    const inits = await Promise.all(Array.from({ length: 500 }, good))
    const answers = await Promise.all(inits.map((init) => send(async () => init)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect((await send(bad)).status).toBe(401)
  })
})

describe('a client that has sent too many', () => {
  it('is refused by code, with the time to wait, and admitted after it', async () => {
    for (let n = 0; n < PER_MINUTE; n++) await send(bad)
    const answer = await send(good)
    expect(answer.status).toBe(429)
    expect(answer.headers.get('Content-Type')).toBe('application/problem+json')
    expect(answer.headers.get('Retry-After')).toBe(`${60 / PER_MINUTE}`)
    expect(await answer.json()).toMatchObject({ code: 'rate_limited', status: 429, type: 'urn:postern:rate_limited' })
    world.ahead += MINUTE / PER_MINUTE
    expect((await send(good)).status).toBe(200)
  })

  it('is refused whatever it sends, and alone', async () => {
    for (let n = 0; n < PER_MINUTE; n++) await send(bad)
    expect((await send(async () => ({ path: `/v1/clusters/${CLUSTER}/status` }))).status).toBe(429)
    expect((await send(async () => ({ path: '/healthz' }))).status).toBe(200)
    expect((await send(good, '203.0.113.2')).status).toBe(200)
  })

  it('leaves no record of its refused requests, but one count', async () => {
    for (let n = 0; n < PER_MINUTE; n++) await send(bad)
    world.records.length = 0
    for (let n = 0; n < 100; n++) expect((await send(bad)).status).toBe(429)
    expect(world.records).toEqual([])
    expect(limitedEvents()).toMatchObject([{ refused: 1, clients: [PEER] }])
    world.ahead += MINUTE
    await send(good, '203.0.113.2')
    expect(limitedEvents().slice(1)).toMatchObject([{ refused: 99, clients: [PEER] }])
  })

  it('is refused while no record can be written', async () => {
    for (let n = 0; n < PER_MINUTE; n++) await send(bad)
    world.isTakingRecords = false
    try {
      expect((await send(bad)).status).toBe(429)
    } finally {
      world.isTakingRecords = true
    }
  })
})

describe('the limit', () => {
  function rig(perMinute = 2) {
    let now = 1_000_000
    const told: RequestsLimited[] = []
    const limit = createAnonymousLimit({
      perMinute,
      peerAddress: () => PEER,
      clock: () => now,
      tell: (event) => void told.push(event),
    })
    const exhaust = (one: AnonymousLimit, client: string): void => {
      for (let n = 0; n < perMinute; n++) one.charge(client)
    }
    return {
      limit,
      told,
      exhaust: (client: string) => exhaust(limit, client),
      pass: (millis: number) => (now += millis),
    }
  }

  it('forgets the client longest unused where there are too many, and no other', () => {
    const { limit, exhaust } = rig(1)
    for (let n = 0; n < LIMITED_CLIENTS_MAX; n++) exhaust(`c${n}`)
    expect(limit.refuse('c0')).toBe(MINUTE)
    exhaust('one more')
    expect(limit.refuse('c0')).toBeUndefined()
    expect(limit.refuse('c1')).toBe(MINUTE)
  })

  it('holds a client no longer where the clock was set back', () => {
    const { limit, exhaust, pass } = rig()
    exhaust(PEER)
    pass(-3_600_000)
    expect(limit.refuse(PEER)).toBeUndefined()
    exhaust(PEER)
    expect(limit.refuse(PEER)).toBe(MINUTE / 2)
  })

  it('reports at most once in an interval, and names the first clients', () => {
    const { limit, exhaust, told, pass } = rig(1)
    for (let n = 0; n < 2 * EVENT_ENTRIES_MAX; n++) exhaust(`c${n}`)
    for (let n = 0; n < 2 * EVENT_ENTRIES_MAX; n++) limit.refuse(`c${n}`)
    expect(told).toHaveLength(1)
    pass(LIMITED_EVENT_INTERVAL_MILLIS - 1)
    limit.refuse('other')
    expect(told).toHaveLength(1)
    pass(1)
    limit.refuse('other')
    expect(told).toHaveLength(2)
    expect(told[1]?.refused).toBe(2 * EVENT_ENTRIES_MAX - 1)
    expect(told[1]?.clients).toEqual(['c1', 'c2', 'c3', 'c4', 'c5'])
    pass(LIMITED_EVENT_INTERVAL_MILLIS)
    limit.refuse('other')
    expect(told).toHaveLength(2)
  })

  it('is off unless it is set', async () => {
    const { anonymousPerMinute: _, ...settings } = world.settings
    const parts = { source: world.store, module: loadPolicyVm(), fetch, clock: Date.now, sleep }
    const app = createGateway({ ...parts, settings, audit: () => true })
    for (let n = 0; n < 10 * PER_MINUTE; n++) {
      const { path, ...init } = { path: `/v1/clusters/${CLUSTER}/login`, ...(await bad()) }
      expect((await app.request(path, init)).status).toBe(401)
    }
    expect(() => createGateway({ ...parts, settings: world.settings, audit: () => true })).toThrow(RangeError)
  })
})
