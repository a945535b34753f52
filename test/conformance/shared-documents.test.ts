// Documents in a real Redis that a gateway process serves: while the server is paused, killed, emptied and started again no answer
// is wrong, `/readyz` says what is so, and nothing is restarted but the server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { OPENSSL } from '../installed.ts'
import { findFreePort, REDIS_SERVER, type RedisServer, startRedis } from '../runtime/replay/redis-server.ts'
import { makeCertificates } from '../tls/certificates.ts'
import { type Operated, operate, type Run, runTool, type ServerName } from './operated.ts'
import { documents } from './scenarios.ts'

const PASSWORD = 'pa55-of-the-store'
const RECOVERY = { timeout: 30_000, interval: 100 }
/** Documents name the stand-in, which is on loopback. */
const AUTHOR = { ISSUER_URL: 'http://127.0.0.1:8787', ALLOW_LOOPBACK_ISSUERS: 'true', USER: 'ann' } as const
const HOSTS = ['node', 'deno'] as const

let cluster: StandInCluster
let tree: string
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  tree = mkdtempSync(join(tmpdir(), 'postern-tree-'))
  const all = documents(cluster.issuer)
  for (const key of ['clusters/seed/AgentAttestation', 'clusters/pinned/AgentAttestation']) {
    const path = join(tree, `${key}.yaml`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, all[key] ?? '')
  }
})
afterAll(async () => {
  await cluster.close()
  rmSync(tree, { recursive: true, force: true })
})

function makeUrl({ port }: RedisServer): string {
  return `redis://:${PASSWORD}@127.0.0.1:${port}`
}

/** By a process of the tool, whose URL is in a variable. */
async function tool(url: string, ...args: readonly string[]): Promise<Run> {
  const settings = { STORE_URL: url, ...AUTHOR }
  return runTool('node', ['src/cli/postern.ts', ...args, '--store', 'env:STORE_URL'], settings)
}

async function login({ url }: Operated, id: string): Promise<string> {
  const response = await fetch(`${url}/v1/clusters/${id}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: await cluster.mint() } }] }),
  })
  const { code = '' } = (await response.json()) as { readonly code?: string }
  return `${response.status} ${code}`.trim()
}

async function readReadiness({ url }: Operated): Promise<string> {
  const response = await fetch(`${url}/readyz`)
  const { code = '' } = (await response.json()) as { readonly code?: string }
  return `${response.status} ${code}`.trim()
}

const READY = '200'
const UNREADY = '503 store_unavailable'

describe.skipIf(!REDIS_SERVER).each(HOSTS)('a Redis of documents, on %s', (host) => {
  async function start({
    onTestFinished,
  }: TestContext): Promise<{ server: RedisServer; gateway: Operated; url: string }> {
    const server = await startRedis(['--requirepass', PASSWORD])
    onTestFinished(server.stop)
    const url = makeUrl(server)
    const gateway = await operate(host, { documents: {}, store: 'env:STORE_URL', change: { STORE_URL: url } })
    onTestFinished(gateway.stop)
    return { server, gateway, url }
  }

  it('serves what is stored, through every trouble of the server', { timeout: 180_000 }, async (test) => {
    const { server, gateway, url } = await start(test)
    const becomes = (state: string) => expect.poll(() => readReadiness(gateway), RECOVERY).toBe(state)

    // Without documents it is not ready, and no cluster is said to be unknown.
    await becomes(UNREADY)
    expect(await login(gateway, 'seed')).toBe('503 store_unavailable')
    expect((await tool(url, 'config', 'apply', tree)).code).toBe(0)
    await becomes(READY)
    await expect.poll(() => login(gateway, 'seed'), RECOVERY).toBe('200')
    expect(await login(gateway, 'unknown')).toBe('404 cluster_unknown')

    server.signal('SIGSTOP')
    await becomes(UNREADY)
    expect(await login(gateway, 'seed')).toBe('200')
    expect(await login(gateway, 'pinned')).toBe('503 store_unavailable')
    server.signal('SIGCONT')
    await becomes(READY)
    await expect.poll(() => login(gateway, 'pinned'), RECOVERY).toBe('200')

    await server.kill()
    await becomes(UNREADY)
    expect(await login(gateway, 'seed')).toBe('200')
    expect(await login(gateway, 'other')).toBe('503 store_unavailable')
    await server.start()
    await becomes(READY)
    await expect.poll(() => login(gateway, 'other'), RECOVERY).toBe('404 cluster_unknown')

    // As a restart without persistence does.
    const admin = createClient({ url })
    admin.on('error', () => undefined)
    await admin.connect()
    await admin.flushAll()
    admin.destroy()
    await becomes(UNREADY)
    expect(await login(gateway, 'seed')).toBe('200')
    expect(await login(gateway, 'third')).toBe('503 store_unavailable')
    expect((await tool(url, 'config', 'apply', tree)).code).toBe(0)
    await becomes(READY)
    expect(await login(gateway, 'seed')).toBe('200')

    expect(gateway.said() + gateway.recorded()).not.toContain(PASSWORD)
    expect(gateway.recorded()).not.toMatch(/"event":"fault"/)
    expect(gateway.child.exitCode).toBeNull()
  })

  it('gives the last good version to a gateway that starts while a bad one is stored', {
    timeout: 90_000,
  }, async (test) => {
    const { server, gateway, url } = await start(test)
    expect((await tool(url, 'config', 'apply', tree)).code).toBe(0)
    await expect.poll(() => login(gateway, 'seed'), RECOVERY).toBe('200')
    const admin = createClient({ url: makeUrl(server) })
    await admin.connect()
    test.onTestFinished(() => admin.destroy())
    // The record is written after the answer, by this gateway; another one of the set takes it.
    await expect.poll(() => admin.exists('postern:document:applied/clusters/seed/AgentAttestation'), RECOVERY).toBe(1)
    await admin.set('postern:document:clusters/seed/AgentAttestation', 'section: [')
    const other = await operate(host, {
      documents: {},
      store: 'env:STORE_URL',
      // The same keys, by which it opens the record.
      change: gateway.settings,
    })
    test.onTestFinished(other.stop)
    expect(await login(other, 'seed')).toBe('200')
  })

  it('does not start with a wrong password, which it does not print', async ({ onTestFinished }) => {
    const server = await startRedis(['--requirepass', PASSWORD])
    onTestFinished(server.stop)
    const url = `redis://:wr0ng-one@127.0.0.1:${server.port}`
    for (const [store, change] of [
      [url, {}],
      ['env:STORE_URL', { STORE_URL: url }],
    ] as const) {
      const failed = await operate(host, { documents: {}, store, change }).catch(String)
      expect(failed).toMatch(/ended with 2: --store: cannot use redis:\/\/127\.0\.0\.1:\d+: WRONGPASS/)
      expect(failed).not.toMatch(/wr0ng-one/)
    }
  })
})

describe.skipIf(!REDIS_SERVER || !OPENSSL)('a Redis of documents with TLS', () => {
  it.each(HOSTS)(
    'is trusted by the certificate authorities of the environment, on %s',
    { timeout: 60_000 },
    async (host) => {
      await serveOverTls(host)
    },
  )
})

async function serveOverTls(host: ServerName): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-redis-tls-'))
  const certificates = makeCertificates()
  const { cert, key } = certificates.of('good')
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  const tlsPort = await findFreePort()
  const flags = ['--tls-port', String(tlsPort), '--tls-cert-file', certFile, '--tls-key-file', keyFile]
  const server = await startRedis([...flags, '--tls-auth-clients', 'no', '--tls-ca-cert-file', certificates.caFile])
  const store = `rediss://localhost:${tlsPort}`
  const trusting = { NODE_EXTRA_CA_CERTS: certificates.caFile, ...AUTHOR }
  const gateways: Operated[] = []
  try {
    const applied = await runTool('node', ['src/cli/postern.ts', 'config', 'apply', tree, '--store', store], trusting)
    expect(applied).toMatchObject({ code: 0 })
    const trusted = await operate(host, { documents: {}, store, change: { NODE_EXTRA_CA_CERTS: certificates.caFile } })
    gateways.push(trusted)
    await expect.poll(() => readReadiness(trusted), RECOVERY).toBe(READY)
    expect(await login(trusted, 'seed')).toBe('200')
    const wary = await operate(host, { documents: {}, store })
    gateways.push(wary)
    expect(await readReadiness(wary)).toBe(UNREADY)
  } finally {
    for (const gateway of gateways) await gateway.stop()
    await server.stop()
    certificates.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}
