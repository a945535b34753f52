// RFC 9110 section 15.5.2: every 401 carries a challenge. RFC 6750 section 3: a Bearer one has at least one parameter.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { REFUSALS, type RefusalCode } from '../../src/core/refusal.ts'
import { chooseChallenge } from '../../src/gateway/www-authenticate.ts'
import { type Answer, createWorld, type World } from './fixture.ts'
import { agentSessionOf, askClaims, CLUSTER, putBaseline, sessionOf, WEB } from './mapping-world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
})
afterAll(() => world.stop())

const EVIDENCE = 'Postern-Evidence realm="example.org", in="attestations"'
const AGENT_SESSION = 'Postern-Evidence realm="example.org", in="agentSession"'
const NO_SESSION = 'Bearer realm="example.org"'
const BAD_SESSION = 'Bearer realm="example.org", error="invalid_token"'

const loginWith = (evidence: unknown, to = `clusters/${CLUSTER}`): Promise<Answer> =>
  world.post(`/v1/${to}/login`, JSON.stringify({ attestations: [{ type: 'k8s_token', evidence }] }))
const claimsWith = async (bearer: string | undefined): Promise<Answer> =>
  world.post(`/v1/clusters/${CLUSTER}/claims`, '{}', {
    'Content-Type': 'application/json',
    ...(bearer === undefined ? {} : { Authorization: `Bearer ${bearer}` }),
  })
const withAgent = async (agentSession: string): Promise<Answer> =>
  askClaims(world, { agentSession, workloads: [{ id: 'w1', attributes: WEB }] })
const old = { ageSeconds: 7200, ttlSeconds: 3600 } as const

describe('a 401', () => {
  const unauthorized: readonly [string, string, () => Promise<Answer>][] = [
    ['of a login with evidence that is no token', EVIDENCE, () => loginWith({ token: 'x' })],
    ['of an issuer that logs in so', EVIDENCE, () => loginWith({ token: 'x' }, 'trust-domain')],
    [
      'of a login with evidence that no policy asks for',
      EVIDENCE,
      () =>
        world.post(`/v1/clusters/${CLUSTER}/login`, JSON.stringify({ attestations: [{ type: 'tpm', evidence: {} }] })),
    ],
    ['of claims without a session', NO_SESSION, () => claimsWith(undefined)],
    ['of claims with a malformed session', BAD_SESSION, () => claimsWith('x')],
    ['of claims with a session that has expired', BAD_SESSION, async () => claimsWith(await sessionOf(world, old))],
    ['of a status without a session', NO_SESSION, () => world.get(`/v1/clusters/${CLUSTER}/status`)],
    [
      'of claims with an agent session that has expired',
      AGENT_SESSION,
      async () => withAgent(await agentSessionOf(world, old)),
    ],
    ['of claims with a malformed agent session', AGENT_SESSION, () => withAgent('x')],
  ]
  it.each(unauthorized)('%s challenges', async (_what, challenge, request) => {
    const { status, headers } = await request()
    expect([status, headers.get('WWW-Authenticate')]).toEqual([401, challenge])
  })

  it.each([
    [
      'a login whose evidence verifies and satisfies nothing',
      403,
      async () => {
        world.putPolicy(CLUSTER, ['serviceAccountNamespace: nowhere'])
        return loginWith({ token: await world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000) }) })
      },
    ],
    ['a malformed body', 400, () => world.post(`/v1/clusters/${CLUSTER}/login`, '{')],
    ['an unknown route', 404, () => world.get('/nothing')],
  ] as const)('alone does: not %s', async (_what, expected, request) => {
    const { status, headers } = await request()
    expect([status, headers.get('WWW-Authenticate')]).toEqual([expected, null])
  })
})

describe('the challenge', () => {
  const codes = Object.keys(REFUSALS) as RefusalCode[]
  it.each(codes)('of %s is there exactly when the status is 401, and has a parameter', (code) => {
    expect(chooseChallenge({ code }, 401, 'example.org')).toMatch(
      /^[A-Za-z-]+ realm="example\.org"(, [a-z]+="[A-Za-z_]+")?$/,
    )
    expect(chooseChallenge({ code }, 403, 'example.org')).toBeUndefined()
  })
})
