// A policy with `singleUse` admits once by the same evidence, whatever its spelling, its cluster or its role; what is refused
// for another reason is not spent; and a store that cannot be asked refuses.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { READY_CACHE_MILLIS, REPLAY_EVENT_INTERVAL_MILLIS, REPLAY_MARGIN_SECONDS } from '../../src/core/limits.ts'
import { createGateway } from '../../src/gateway/gateway.ts'
import { makeReplayKey } from '../../src/policy/single-use/single-use.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'
import { sleep } from '../../src/runtime/sleep.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { put as putIn, serverPolicy, sessionOf } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  world.ahead = 0
  world.replay.trouble = 'none'
  world.replay.asked.length = 0
  world.restart()
  world.records.length = 0
  world.events.length = 0
  for (const key of world.store.values.keys()) world.store.values.delete(key)
  for (const cluster of ['c-1', 'c-2']) putPolicies(cluster, [ONCE])
  put('trust-domain/TrustDomainServerAttestation', {
    policies: [policy('once', { serviceAccountNamespace: NS, serviceAccountName: NAME }, { singleUse: true })],
  })
})
afterAll(() => world.stop())

const NS = 'spirl-system'
const NAME = 'spirl-agent'

function policy(name: string, pins: object = {}, more: object = {}): object {
  const config = { issuerURL: world.issuer.issuer, ...pins }
  return { name, requiredAttestors: [{ type: 'k8s_token', config }], ...more }
}
type Make = () => object
const ONCE: Make = () => policy('once', {}, { singleUse: true })
const AGAIN: Make = () => policy('again')
const CONDITIONED: Make = () =>
  policy(
    'conditioned',
    {},
    {
      singleUse: true,
      conditions: [{ expression: 'k8s_token.namespace == "other"', message: 'no' }],
    },
  )
const PINNED: Make = () => policy('pinned', { serviceAccountNamespace: 'other' }, { singleUse: true })

const put = (key: string, spec: object): void => putIn(world, key, spec)
const putPolicies = (cluster: string, policies: readonly Make[]): void =>
  put(`clusters/${cluster}/AgentAttestation`, { policies: policies.map((make) => make()) })

let minted = 0
/** Tokens differ by their ids, as an issuer makes them. */
const mint = (claims: object = {}): Promise<string> =>
  world.issuer.mint({ claims: { jti: `t-${minted++}`, ...claims } })

const logInTo = (path: string, token: string): Promise<Answer> =>
  world.post(`${path}/login`, JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }))
const toCluster = (token: string, cluster = 'c-1'): Promise<Answer> => logInTo(`/v1/clusters/${cluster}`, token)
const toTrustDomain = (token: string): Promise<Answer> => logInTo('/v1/trust-domain', token)

/** Of an admitted login its policy, of another the code and those of the evidence. */
async function saidBy(answer: Promise<Answer>): Promise<string> {
  const { status, body } = await answer
  const codes = body.refusals?.map(({ code }) => code).join() ?? ''
  return status === 200 ? `200 ${body['policy']}` : `${status} ${body.code} ${codes}`.trim()
}
const REPLAYED = '403 login_refused evidence_replayed'

/** ECDSA takes `s` and `n - s` alike, so that anybody can make a second signature of a token from the first. */
function withOtherSignature(token: string): string {
  const [head, claims, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const s = order - BigInt(`0x${bytes.subarray(32).toString('hex')}`)
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
  return `${head}.${claims}.${other.toString('base64url')}`
}

describe('evidence that works once', () => {
  it.each<[string, (token: string) => Promise<Answer>]>([
    ['to its cluster', (token) => toCluster(token)],
    ['to another cluster', (token) => toCluster(token, 'c-2')],
    ['to the trust domain', toTrustDomain],
    ['with another signature over the same bytes', (token) => toCluster(withOtherSignature(token))],
    [
      'after a restart of the gateway',
      (token) => {
        world.restart()
        return toCluster(token)
      },
    ],
  ])('admits, and a second login %s is refused', async (_what, again) => {
    const token = await mint()
    expect(await saidBy(toCluster(token))).toBe('200 once')
    expect(await saidBy(again(token))).toBe(REPLAYED)
    expect(await saidBy(toCluster(await mint()))).toBe('200 once')
  })

  it('admits an issuer once, and no agent after it', async () => {
    const token = await mint()
    expect(await saidBy(toTrustDomain(token))).toBe('200 once')
    expect(await saidBy(toCluster(token))).toBe(REPLAYED)
  })

  it('the other signature alone is good evidence', async () => {
    expect(await saidBy(toCluster(withOtherSignature(await mint())))).toBe('200 once')
  })

  it('admits one of two logins at the same time', async () => {
    const token = await mint()
    const said = await Promise.all([saidBy(toCluster(token)), saidBy(toCluster(token, 'c-2'))])
    expect(said.sort()).toEqual(['200 once', REPLAYED])
  })

  it('is refused by a gateway whose clock is behind, which still accepts it', async () => {
    const now = Math.floor(Date.now() / 1000)
    const token = await mint({ iat: now - 3000, nbf: now - 3000, exp: now + 60 })
    expect(await saidBy(toCluster(token))).toBe('200 once')
    const { clockSkewSeconds } = world.settings
    const [{ forSeconds = 0 } = {}] = world.replay.asked
    expect(forSeconds).toBeGreaterThanOrEqual(59 + clockSkewSeconds + REPLAY_MARGIN_SECONDS)
    expect(forSeconds).toBeLessThanOrEqual(60 + clockSkewSeconds + REPLAY_MARGIN_SECONDS)
    // In the skew after its end no gateway gives a session for it.
    world.ahead = 75_000
    expect(await saidBy(toCluster(token))).toBe('401 login_refused token_expired')
    // The store's time goes on; a login that is 40 s behind is still remembered by it.
    const behind = makeGatewayAt(-40_000)
    const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
    const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
    const answer = (await (await behind.request('/v1/clusters/c-1/login', init)).json()) as Answer['body']
    expect(answer.refusals).toMatchObject([{ code: 'evidence_replayed' }])
  })

  it.each<[string, Make, string]>([
    ['a condition', CONDITIONED, '403 login_refused condition_failed'],
    ['a pin', PINNED, '403 login_refused namespace_not_allowed'],
  ])('is not spent by a login that %s refuses', async (_what, make, refused) => {
    putPolicies('c-2', [make])
    const token = await mint()
    expect(await saidBy(toCluster(token, 'c-2'))).toBe(refused)
    expect(world.replay.asked).toEqual([])
    expect(await saidBy(toCluster(token))).toBe('200 once')
  })

  it('is not spent by a login that a revocation refuses', async () => {
    put('clusters/c-2/Revocations', {
      entries: [
        { tokenId: { issuer: world.issuer.issuer, jti: 'revoked' }, until: '2099-01-01T00:00:00Z', reason: 'x' },
      ],
    })
    const token = await mint({ jti: 'revoked' })
    expect(await saidBy(toCluster(token, 'c-2'))).toBe('403 login_refused evidence_revoked')
    expect(world.replay.asked).toEqual([])
  })

  it('is not asked about by policies that accept it again', async () => {
    putPolicies('c-1', [AGAIN, ONCE])
    const token = await mint()
    expect([await saidBy(toCluster(token)), await saidBy(toCluster(token))]).toEqual(['200 again', '200 again'])
    expect(world.replay.asked).toEqual([])
  })

  it('once seen, lets later policies try', async () => {
    putPolicies('c-1', [ONCE, AGAIN])
    const token = await mint()
    expect([await saidBy(toCluster(token)), await saidBy(toCluster(token))]).toEqual(['200 once', '200 again'])
  })

  it('a login is told of its own claim by no later policy', async () => {
    const joint = (): object => {
      const [k8s] = (ONCE() as { requiredAttestors: object[] }).requiredAttestors
      const jwt = {
        type: 'custom_jwt',
        config: { oidcURI: world.issuer.issuer, audiences: ['x'], requiredClaims: { sub: 's' } },
      }
      return { name: 'joint', singleUse: true, requiredAttestors: [k8s, jwt] }
    }
    putPolicies('c-1', [joint, ONCE])
    const [k8s, jwt] = [await mint(), await mint({ aud: 'x', sub: 's', 'kubernetes.io': undefined })]
    const both = (first: string): Promise<Answer> =>
      world.post(
        '/v1/clusters/c-1/login',
        JSON.stringify({
          attestations: [
            { type: 'k8s_token', evidence: { token: first } },
            { type: 'custom_jwt', evidence: { token: jwt } },
          ],
        }),
      )
    expect(await saidBy(both(k8s))).toBe('200 joint')
    // The second one is spent: the policy of both claims the first, and the policy of the first alone admits by it.
    const fresh = await mint()
    expect(await saidBy(both(fresh))).toBe('200 once')
    expect(await saidBy(toCluster(fresh))).toBe(REPLAYED)
  })
})

describe('a store of used evidence that cannot be asked', () => {
  it('is asked by readiness until it answers: no login may need it for long', async () => {
    const readiness = async () => {
      world.ahead += READY_CACHE_MILLIS
      return (await world.get('/readyz')).body['checks']
    }
    await readiness()
    expect(world.replay.asked).toEqual([])
    world.replay.trouble = 'error'
    await toCluster(await mint())
    expect(await readiness()).toMatchObject({ degraded: ['replay_failing'] })
    world.replay.trouble = 'none'
    expect(await readiness()).toMatchObject({ degraded: [] })
    expect(world.events.at(-1)).toMatchObject({ event: 'replay_store_recovered' })
    const asked = world.replay.asked.length
    await readiness()
    expect(world.replay.asked).toHaveLength(asked)
    expect(await saidBy(toCluster(await mint()))).toBe('200 once')
  })

  it.each(['error', 'hang'] as const)(
    'refuses (%s), lets policies without it admit, and is told of once',
    async (trouble) => {
      world.replay.trouble = trouble
      const { status, body, headers } = await toCluster(await mint())
      expect([status, body.code, headers.get('Retry-After')]).toEqual([503, 'replay_unavailable', '1'])
      expect(body.refusals).toMatchObject([{ code: 'replay_unanswered' }])
      expect(await saidBy(toCluster(await mint()))).toBe('503 replay_unavailable replay_unanswered')
      // The fixture cuts short what waits as long, such as the look at the store.
      world.replay.trouble = 'error'
      expect((await world.get('/readyz')).body).toMatchObject({
        status: 'ready',
        checks: { degraded: ['replay_failing'], replay: { store: 'memory', scope: 'shared', failingForSeconds: 0 } },
      })
      putPolicies('c-2', [ONCE, AGAIN])
      expect(await saidBy(toCluster(await mint(), 'c-2'))).toBe('200 again')
      world.replay.trouble = 'none'
      world.ahead = 5000
      expect(await saidBy(toCluster(await mint()))).toBe('200 once')
      const ofReplay = world.events.filter(({ event }) => event.startsWith('replay'))
      expect(ofReplay).toMatchObject([
        { event: 'replay_store_failed', store: 'memory', reason: expect.any(String) },
        { event: 'replay_store_recovered', store: 'memory', failedSeconds: 5 },
      ])
    },
  )

  it('that fails now and then is told of once in a while', async () => {
    const fail = async (): Promise<void> => {
      for (const trouble of ['error', 'none'] as const) {
        world.replay.trouble = trouble
        await toCluster(await mint())
      }
    }
    const count = (): number => world.events.filter(({ event }) => event === 'replay_store_failed').length
    await fail()
    await fail()
    expect(count()).toBe(1)
    world.ahead = REPLAY_EVENT_INTERVAL_MILLIS
    await fail()
    expect(count()).toBe(2)
  })

  it('that is none refuses, and the document says so', async () => {
    world.app = makeGatewayAt(0, false)
    expect(await saidBy(toCluster(await mint()))).toBe('503 replay_unavailable replay_unanswered')
    put('trust-domain/TrustDomainServerAttestation', { policies: [serverPolicy(world, 'issuer')] })
    const { body } = await world.get('/v1/clusters/c-1/status', { Authorization: `Bearer ${await sessionOf(world)}` })
    expect(body).toMatchObject({ health: 'UNHEALTHY' })
    expect(JSON.stringify(body)).toContain('replay_unavailable')
  })
})

/** Another gateway over the same stores, whose clock is off by so many milliseconds. */
function makeGatewayAt(offMillis: number, hasReplay = true): World['app'] {
  return createGateway({
    settings: world.settings,
    source: world.store,
    ...(hasReplay ? { replay: world.replay } : {}),
    module: loadPolicyVm(),
    fetch: (url, init) => fetch(url, init),
    clock: () => Date.now() + world.ahead + offMillis,
    sleep,
    audit: () => true,
  })
}

describe('makeReplayKey()', () => {
  const baseline = ['https://a.example', { type: 'k8s_token', id: 'one' }] as const
  it.each<[string, Parameters<typeof makeReplayKey>]>([
    ['gateway', ['https://b.example', baseline[1]]],
    ['attestor', [baseline[0], { type: 'github', id: 'one' }]],
    ['evidence', [baseline[0], { type: 'k8s_token', id: 'two' }]],
  ])('differs by %s', (_what, changed) => {
    expect(makeReplayKey(...baseline)).toMatch(/^[\w-]{43}$/)
    expect(makeReplayKey(...baseline)).toBe(makeReplayKey(...baseline))
    expect(makeReplayKey(...changed)).not.toBe(makeReplayKey(...baseline))
  })
})
