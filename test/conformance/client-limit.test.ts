// On every host the limit of requests that verify nothing counts by the address that the host, or a proxy, says.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { type Host, startHost } from './hosts.ts'
import { documents } from './scenarios.ts'

const PER_MINUTE = 2
const PATH = '/v1/clusters/seed/login'

let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
})
afterAll(() => cluster.close())

async function logIn(host: Host, token: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const body = JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] })
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body }
  const { status } = await fetch(host.url + PATH, init)
  return status
}

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    const proxies = { CLIENT_ADDRESS_HEADER: 'X-Forwarded-For', TRUSTED_PROXIES: '127.0.0.1, ::1, 10.0.0.0/8' }
    host = await startHost(name, documents(cluster.issuer), {
      change: { ANONYMOUS_PER_MINUTE: `${PER_MINUTE}`, ...proxies },
    })
  })
  afterAll(() => host?.stop())

  it('says so at its start', async () => {
    // A Worker starts with its first request.
    await fetch(`${host.url}/healthz`)
    await expect
      .poll(() => host.output())
      .toContain(`"anonymousPerMinute":${PER_MINUTE},"clientAddress":"x-forwarded-for"`)
  })

  it('refuses the client behind a proxy, and no other one of that proxy', async () => {
    const by = { 'X-Forwarded-For': '198.51.100.1, 10.0.0.1' }
    for (let n = 0; n < PER_MINUTE; n++) expect(await logIn(host, 'e30.e30.AAAA', by)).toBe(401)
    expect(await logIn(host, await cluster.mint(), by)).toBe(429)
    expect(await logIn(host, await cluster.mint(), { 'X-Forwarded-For': '198.51.100.2' })).toBe(200)
    expect(await logIn(host, 'e30.e30.AAAA', { 'X-Forwarded-For': '198.51.100.1, 198.51.100.3' })).toBe(401)
  })

  it('counts the connection itself where the proxy says nothing', async () => {
    for (let n = 0; n < PER_MINUTE; n++) expect(await logIn(host, 'e30.e30.AAAA')).toBe(401)
    expect(await logIn(host, await cluster.mint())).toBe(429)
    expect(await logIn(host, await cluster.mint(), { 'X-Forwarded-For': 'unknown' })).toBe(429)
    expect((await fetch(`${host.url}/healthz`)).status).toBe(200)
    await expect.poll(() => host.output()).toContain('"event":"requests_limited"')
  })
})

describe.each(['workerd', 'node', 'deno'] as const)('on %s without a trusted proxy', (name) => {
  it('ignores the header that a client sends', async () => {
    const host = await startHost(name, documents(cluster.issuer), { change: { ANONYMOUS_PER_MINUTE: `${PER_MINUTE}` } })
    try {
      const spoofed = (n: number) => ({
        'X-Forwarded-For': `198.51.100.${n}`,
        // Cloudflare replaces it, which the development server does not.
        ...(name === 'workerd' ? {} : { 'CF-Connecting-IP': `198.51.100.${n}` }),
      })
      for (let n = 0; n < PER_MINUTE; n++) expect(await logIn(host, 'e30.e30.AAAA', spoofed(n))).toBe(401)
      expect(await logIn(host, await cluster.mint(), spoofed(9))).toBe(429)
    } finally {
      await host.stop()
    }
  })
})
