// One anonymous login makes the gateway fetch keys from an issuer. Whatever that issuer answers, the login is refused
// because the keys could not be fetched, and the process keeps running.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { HOSTILE_ANSWERS, type HostileIssuer, startHostileIssuer } from '../hostile-issuer.ts'
import { type Host, startHost } from './hosts.ts'
import { documents } from './scenarios.ts'

let issuer: HostileIssuer
let cluster: StandInCluster
beforeAll(async () => {
  issuer = await startHostileIssuer()
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
})
afterAll(() => Promise.all([issuer.close(), cluster.close()]))

describe.each(['node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    const good = documents(cluster.issuer)['clusters/seed/AgentAttestation'] ?? ''
    const hostile = HOSTILE_ANSWERS.map((answer) => [
      `clusters/${answer}/AgentAttestation`,
      good.replaceAll(cluster.issuer, `${issuer.url}/${answer}`),
    ])
    host = await startHost(name, { ...Object.fromEntries(hostile), 'clusters/seed/AgentAttestation': good })
  })
  afterAll(() => host?.stop())

  async function login(clusterId: string, token: string): Promise<{ status: number; code: unknown }> {
    const response = await fetch(`${host.url}/v1/clusters/${clusterId}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
    const { code } = (await response.json()) as { readonly code?: unknown }
    return { status: response.status, code }
  }

  /** A forged token: it names the issuer, but none of its keys signed it. */
  async function forgedFor(url: string): Promise<string> {
    const [header, payload, signature] = (await cluster.mint()).split('.')
    const claims = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString())
    return [header, Buffer.from(JSON.stringify({ ...claims, iss: url })).toString('base64url'), signature].join('.')
  }

  it.each(HOSTILE_ANSWERS)('an issuer that answers %s costs one login and nothing else', async (answer) => {
    const token = await forgedFor(`${issuer.url}/${answer}`)
    expect(await login(answer, token)).toEqual({ status: 503, code: 'signing_key_unavailable' })
    expect(await login('seed', await cluster.mint())).toMatchObject({ status: 200 })
    expect(host.output()).not.toMatch(/"event":"fault"|Uncaught|Unhandled/)
  })
})
