// Documents in Redis, for replicas: a server that is paused, killed and started again never makes a gateway give a wrong answer; it
// says when it is not ready, and needs no restart. An operator writes with the tool.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { bench } from '../cli/call.ts'
import { logIn, samplePolicy } from '../package/larger-app.ts'
import { REDIS_SERVER, type RedisServer, startRedis } from '../runtime/replay/redis-server.ts'
import { type Operated, operate } from './operated.ts'

describe.skipIf(!REDIS_SERVER).each(['node', 'deno'] as const)('on %s', (host) => {
  let redis: RedisServer
  let cluster: StandInCluster
  const gateways: Operated[] = []
  const ENVIRONMENT = {
    TRUST_DOMAIN: 'example.org',
    ISSUER_URL: 'http://127.0.0.1:8787',
    ALLOW_LOOPBACK_ISSUERS: 'true',
  }

  beforeAll(async () => {
    redis = await startRedis()
    cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  })
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop()
    await redis?.stop()
    await cluster?.close()
  })
  const serve = async (): Promise<Operated> => {
    // A later flag wins.
    const gateway = await operate(host, { documents: {}, flags: ['--store', redis.url] })
    gateways.push(gateway)
    return gateway
  }
  const login = async ({ url }: Operated): Promise<number> => (await logIn(url, await cluster.mint())).status
  const ready = async ({ url }: Operated): Promise<number> => (await fetch(`${url}/readyz`)).status

  it('an operator stores a document, and replicas decide by it', async () => {
    const made = bench({ environment: ENVIRONMENT })
    const file = made.file('policy.yaml', samplePolicy(cluster))
    const set = await made.call('config', 'set', 'cluster', '--id', 'c-1', '--store', redis.url, file)
    expect([set.exitCode, set.err]).toEqual([0, expect.not.stringContaining('redis://')])
    const got = await made.call('config', 'get', 'cluster', 'AgentAttestation', '--id', 'c-1', '--store', redis.url)
    expect(got.out).toBe(samplePolicy(cluster))
    const [one, two] = [await serve(), await serve()]
    expect([await login(one), await login(two)]).toEqual([200, 200])
    expect([await ready(one), await ready(two)]).toEqual([200, 200])
  })

  it.each<[string, () => Promise<void> | void, () => Promise<void> | void]>([
    ['is paused', () => redis.signal('SIGSTOP'), () => redis.signal('SIGCONT')],
    ['is killed', () => redis.kill(), () => redis.start()],
  ])('while the server %s, what is in memory decides, and nobody calls it ready', async (_what, stop, start) => {
    const [gateway] = gateways
    if (gateway === undefined) throw new Error('none serves')
    await stop()
    try {
      await expect.poll(() => ready(gateway), { timeout: 30_000, interval: 200 }).toBe(503)
      expect(await login(gateway)).toBe(200)
      // A cluster that it has not read cannot be said not to be there.
      const unknown = await fetch(`${gateway.url}/v1/clusters/c-2/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] }),
      })
      expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([503, 'store_unavailable'])
    } finally {
      await start()
    }
    await expect.poll(() => ready(gateway), { timeout: 40_000, interval: 200 }).toBe(200)
    expect(await login(gateway)).toBe(200)
  })

  it('a gateway starts while the server is down, is not ready, and serves once it is there', async () => {
    await redis.kill()
    const gateway = await serve()
    expect(await ready(gateway)).toBe(503)
    expect(await login(gateway)).toBe(503)
    await redis.start()
    await expect.poll(() => ready(gateway), { timeout: 40_000, interval: 200 }).toBe(200)
    await expect.poll(() => login(gateway), { timeout: 40_000, interval: 500 }).toBe(200)
  })
})
