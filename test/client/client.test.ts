// The client against the gateway itself, in this process, and against servers that are none.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Client, createClient } from '../../src/client/client.ts'
import { type ClientFetch, describeFailure } from '../../src/client/transport.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import {
  agentSessionOf,
  CLUSTER,
  NODE,
  put,
  putBaseline,
  serverPolicy,
  sessionOf,
  WEB,
} from '../gateway/mapping-world.ts'

const URL_OF_GATEWAY = 'https://login.example.org'
let world: World
let client: Client
const asked: { readonly url: string; readonly init: RequestInit }[] = []
beforeAll(async () => {
  world = await createWorld()
  const fetch: ClientFetch = async (url, init) => {
    asked.push({ url, init })
    return world.app.request(url.slice(URL_OF_GATEWAY.length), init)
  }
  client = createClient({ url: URL_OF_GATEWAY, fetch })
})
beforeEach(() => {
  putBaseline(world)
  world.restart()
  asked.length = 0
})
afterAll(() => world.stop())

const login = async (clusterId: string | undefined) =>
  client.login(clusterId, [{ type: 'k8s_token', evidence: { token: await world.issuer.mint() } }])

describe('a client', () => {
  it('logs in an agent and an issuer', async () => {
    expect(await login(CLUSTER)).toMatchObject({
      ok: true,
      value: { clusterId: CLUSTER, session: { tokenType: 'Bearer' } },
    })
    expect(await login(undefined)).toMatchObject({ ok: true, value: { policy: 'issuer' } })
    expect(asked.map(({ url, init }) => [url, init.redirect])).toEqual([
      [`${URL_OF_GATEWAY}/v1/clusters/${CLUSTER}/login`, 'manual'],
      [`${URL_OF_GATEWAY}/v1/trust-domain/login`, 'manual'],
    ])
  })

  it('maps, asks for the status, and introspects', async () => {
    const [issuer, agentSession] = [await sessionOf(world), await agentSessionOf(world)]
    const mapped = await client.claims(
      CLUSTER,
      { agentSession, workloads: [{ id: 'w', attributes: { ...WEB, 'kubernetes.pod.node.name': NODE } }] },
      issuer,
    )
    expect(mapped).toMatchObject({ ok: true, value: { results: [{ id: 'w', spiffeId: expect.any(String) }] } })
    expect(await client.status(CLUSTER, issuer)).toMatchObject({ ok: true, value: { clusterId: CLUSTER } })
    expect(await client.introspect(agentSession, issuer)).toMatchObject({ ok: true, value: { active: true } })
    expect(await client.introspect('x', issuer)).toMatchObject({ ok: true, value: { active: false } })
  })

  it('asks for the identity of a workload without an agent, of a cluster and of the trust domain', async () => {
    const svidPolicy = { pathTemplate: '/fn/{{k8s_token.namespace}}' }
    for (const scope of [`clusters/${CLUSTER}`, 'trust-domain'])
      put(world, `${scope}/ServerlessAttestation`, { policies: [{ ...serverPolicy(world, 'functions'), svidPolicy }] })
    world.restart()
    const session = await sessionOf(world)
    for (const clusterId of [CLUSTER, undefined]) {
      const evidence = { token: await world.issuer.mint() }
      const reply = await client.serverless(clusterId, [{ type: 'k8s_token', evidence }], session)
      expect(reply).toMatchObject({ ok: true, value: { spiffeId: 'spiffe://example.org/fn/spirl-system' } })
    }
    expect(await client.serverless(CLUSTER, [], session)).toMatchObject({ ok: false, failure: { status: 400 } })
  })

  it('gives a refusal as a value, with the code of each piece of evidence', async () => {
    const reply = await client.login(CLUSTER, [{ type: 'k8s_token', evidence: { token: 'x' } }])
    if (reply.ok || reply.failure.kind !== 'refused') throw new Error('not refused')
    expect(reply.failure).toMatchObject({
      status: 401,
      problem: { code: 'login_refused', refusals: [{ code: 'token_malformed' }] },
    })
    expect(describeFailure(reply.failure)).toMatch(/^401 login_refused: .*requestId .*; k8s_token: token_malformed: /)
  })

  it('says when to come again', async () => {
    world.issuer.setDown(true)
    world.restart()
    const reply = await login(CLUSTER)
    world.issuer.setDown(false)
    expect(reply).toMatchObject({ ok: false, failure: { status: 503, retryAfterSeconds: expect.any(Number) } })
  })

  it('asks for challenges, and signs for the URL that it was given', async () => {
    put(world, `clusters/${CLUSTER}/AgentAttestation`, {
      policies: [{ name: 'p', requiredAttestors: [{ type: 'azure_imds' }] }],
    })
    world.restart()
    const reply = await client.challenge(CLUSTER, { type: 'azure_imds' })
    if (!reply.ok) throw new Error(describeFailure(reply.failure))
    const { challenge, nonce } = reply.value
    expect(nonce).toMatch(/^[\w-]{32}$/)
    const message = client.makeMessage(challenge, CLUSTER)
    expect(message).toBe(`postern-login/1\n${URL_OF_GATEWAY}\nagent\n${CLUSTER}\n${challenge}`)
    expect(client.makeMessage('x', undefined)).toBe(`postern-login/1\n${URL_OF_GATEWAY}\nissuer\n\nx`)
    expect(client.makeMessage('x', CLUSTER, 'serverless')).toBe(
      `postern-login/1\n${URL_OF_GATEWAY}\nserverless\n${CLUSTER}\nx`,
    )
    const other = await client.challenge(CLUSTER, { type: 'azure_imds', role: 'serverless' })
    expect(other).toMatchObject({ ok: false, failure: { problem: { code: 'challenge_not_required' } } })
  })

  it('never sends a cluster id out of its place in the path', async () => {
    await login('a/../../b?c#d')
    expect(asked[0]?.url).toBe(`${URL_OF_GATEWAY}/v1/clusters/a%2F..%2F..%2Fb%3Fc%23d/login`)
  })
})

describe('what is not the gateway', () => {
  const via = (fetch: ClientFetch) => createClient({ url: URL_OF_GATEWAY, fetch, timeoutMillis: 50 })
  it.each<[string, ClientFetch, RegExp]>([
    [
      'a redirect',
      async () => new Response(null, { status: 302, headers: { Location: 'https://evil.example' } }),
      /redirect/,
    ],
    ['a page', async () => new Response('<html>', { status: 200 }), /not one of a gateway/],
    ['a proxy that fails', async () => new Response('bad gateway', { status: 502 }), /status 502/],
    ['JSON without a session', async () => Response.json({ ok: true }), /not one of a gateway/],
    ['JSON that is no problem', async () => Response.json({ error: 'x' }, { status: 500 }), /status 500/],
    [
      'nothing',
      () =>
        Promise.reject(
          new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }),
        ),
      /ECONNREFUSED/,
    ],
    [
      'silence',
      (_url, { signal }) =>
        new Promise((_answer, fail) => signal?.addEventListener('abort', () => fail(signal.reason))),
      /no answer within 50 ms/,
    ],
  ])('%s is no answer', async (_what, fetch, said) => {
    const reply = await via(fetch).login(CLUSTER, [])
    if (reply.ok || reply.failure.kind !== 'unanswered') throw new Error('answered')
    expect(reply.failure.reason).toMatch(said)
    expect(describeFailure(reply.failure)).toMatch(/^the gateway did not answer: /)
  })

  it.each([
    'http://login.example.org',
    'https://user@login.example.org',
    'https://login.example.org?x',
    'ftp://x',
    'x',
    '',
  ])('takes no URL %j', (url) => {
    expect(() => createClient({ url })).toThrow(TypeError)
  })
  it.each(['http://127.0.0.1:8787', 'http://localhost:8787/', 'https://example.org/attest'])(
    'takes the URL %j',
    (url) => {
      expect(() => createClient({ url })).not.toThrow()
    },
  )
})
