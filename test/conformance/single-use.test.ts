// Evidence that works once, with the real stores of every host: of two logins with one token, wherever they arrive, exactly
// one is admitted.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REDIS_SERVER, type RedisServer, startRedis } from '../runtime/replay/redis-server.ts'
import { startIssuer, type TestIssuer } from '../token/issuer.ts'
import { type Host, type HostName, startHost } from './hosts.ts'

const PAIRS = 1000
const AT_ONCE = 16

interface Kept {
  readonly name: HostName
  readonly by: 'its own store' | 'redis'
  readonly isSkipped: boolean
}
const HOSTS: readonly Kept[] = [
  { name: 'workerd', by: 'its own store', isSkipped: false },
  { name: 'node', by: 'its own store', isSkipped: false },
  { name: 'deno', by: 'its own store', isSkipped: false },
  { name: 'node', by: 'redis', isSkipped: !REDIS_SERVER },
  { name: 'deno', by: 'redis', isSkipped: !REDIS_SERVER },
]
const OWN_STORES = { workerd: 'durable_object', node: 'sqlite', deno: 'sqlite' } as const

/** Where one token is presented, twice: at two clusters, and as an agent and as an issuer. */
const CLUSTER = '/v1/clusters/c-1/login'
const PLACES = [
  [CLUSTER, CLUSTER],
  [CLUSTER, '/v1/clusters/c-2/login'],
  [CLUSTER, '/v1/trust-domain/login'],
] as const

let issuer: TestIssuer
beforeAll(async () => {
  issuer = await startIssuer()
})
afterAll(() => issuer.stop())

function documents(): Readonly<Record<string, string>> {
  const config = {
    issuerURL: issuer.issuer,
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
  }
  const policies = [{ name: 'once', singleUse: true, requiredAttestors: [{ type: 'k8s_token', config }] }]
  const text = (section: string): string => JSON.stringify({ section, schema: 'v1', spec: { policies } })
  return {
    'clusters/c-1/AgentAttestation': text('AgentAttestation'),
    'clusters/c-2/AgentAttestation': text('AgentAttestation'),
    'trust-domain/TrustDomainServerAttestation': text('TrustDomainServerAttestation'),
  }
}

let minted = 0
const mint = (): Promise<string> => issuer.mint({ claims: { jti: `token-${minted++}` } })

describe.each(HOSTS)('on $name with $by', ({ name, by, isSkipped }) => {
  let redis: RedisServer | undefined
  let host: Host
  beforeAll(async () => {
    if (isSkipped) return
    if (by === 'redis') redis = await startRedis()
    host = await startHost(name, documents(), redis === undefined ? {} : { change: { REPLAY_URL: redis.url } })
  })
  afterAll(async () => {
    await host?.stop()
    await redis?.stop()
  })

  /** `admitted`, or the status with the first code of the evidence. */
  async function logIn(path: string, token: string): Promise<string> {
    const response = await fetch(host.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
    const { refusals = [] } = (await response.json()) as { readonly refusals?: readonly { readonly code: string }[] }
    return response.ok ? 'admitted' : `${response.status} ${refusals[0]?.code}`
  }
  const REPLAYED = '403 evidence_replayed'

  it.skipIf(isSkipped)(`admits one of each of ${PAIRS} pairs`, async () => {
    const wrong: string[] = []
    let left = PAIRS
    async function runPairs(): Promise<void> {
      for (let at = left--; at > 0; at = left--) {
        const token = await mint()
        const [one, two] = PLACES[at % PLACES.length] ?? PLACES[0]
        const said = (await Promise.all([logIn(one, token), logIn(two, token)])).sort()
        if (said.join() !== `${REPLAYED},admitted`) wrong.push(said.join())
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, runPairs))
    expect(wrong).toEqual([])
  })

  it.skipIf(isSkipped)('remembers what was used when it is killed', async () => {
    const token = await mint()
    expect(await logIn(CLUSTER, token)).toBe('admitted')
    await host.restartKilled()
    expect(await logIn(CLUSTER, token)).toBe(REPLAYED)
    expect(await logIn(CLUSTER, await mint())).toBe('admitted')
  })

  it.skipIf(isSkipped)('says which store it has', async () => {
    const store = by === 'redis' ? 'redis' : OWN_STORES[name]
    const scope = store === 'sqlite' ? 'instance' : 'shared'
    const { checks } = (await (await fetch(`${host.url}/readyz`)).json()) as { checks: { replay: object } }
    expect(checks.replay).toEqual({ store, scope })
    await expect.poll(() => host.output()).toContain(`"replayStore":"${store}","replayScope":"${scope}"`)
  })
})

describe.skipIf(!REDIS_SERVER)('two hosts with one server', () => {
  it('admit a token once between them, and neither starts with a password that is wrong', async () => {
    const redis = await startRedis(['--requirepass', 'right'])
    const change = { REPLAY_URL: redis.url.replace('//', '//:right@') }
    const shared = { ISSUER_URL: 'http://127.0.0.1:1' }
    const hosts = await Promise.all(
      (['node', 'deno'] as const).map((name) => startHost(name, documents(), { change: { ...change, ...shared } })),
    )
    try {
      const token = await mint()
      const said = await Promise.all(
        hosts.map(async ({ url }) => {
          const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
          const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }
          return (await fetch(url + CLUSTER, init)).status
        }),
      )
      expect(said.sort()).toEqual([200, 403])
      const wrong = startHost('node', documents(), { change: { REPLAY_URL: redis.url.replace('//', '//:wr0ng@') } })
      await expect(wrong).rejects.toThrow(/Cannot use the server of REPLAY_URL: WRONGPASS(?![\s\S]*wr0ng)/)
    } finally {
      await Promise.all(hosts.map((host) => host.stop()))
      await redis.stop()
    }
  })
})
