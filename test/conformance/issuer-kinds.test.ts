// Every kind of issuer on the three hosts: the same logins are admitted, and the same are refused for the same reason.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { VERSION } from '../../src/core/version.ts'
import { DISCOVERY_PATH, KEYS_PATH, type SigningKey, startIssuer, type TestIssuer } from '../token/issuer.ts'
import type { IssuerKindName } from '../token/issuer-kinds.ts'
import { type Host, startHost } from './hosts.ts'
import { documents } from './scenarios.ts'

/** Whether a login passes; if not, why the keys could not be fetched, as its audit record states it. */
const OUTCOMES = {
  'kube-apiserver': 'admitted',
  eks: 'admitted',
  gke: 'admitted',
  aks: 'admitted',
  bucket: 'admitted',
  waf: 'admitted',
  'cdn-gzip': 'admitted',
  'cdn-x-gzip': 'admitted',
  'cdn-deflate': 'admitted',
  'cdn-br': 'admitted',
  'cdn-identity': 'admitted',
  'anonymous-off': 'unauthorized',
  unbound: 'forbidden',
  'cdn-zstd': 'coding_unsupported',
  'cdn-twice': 'coding_unsupported',
  'gzip-cut': 'coding_broken',
  'gzip-and-more': 'coding_broken',
  'deflate-and-more': 'coding_broken',
  'br-and-more': 'coding_broken',
  'not-gzip': 'coding_broken',
  'not-deflate': 'coding_broken',
  'not-br': 'coding_broken',
  'gzip-bomb': 'too_large',
  'deflate-bomb': 'too_large',
  'br-bomb': 'too_large',
} as const satisfies Partial<Record<IssuerKindName, string>>

const KINDS = Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[]

const issuers = new Map<IssuerKindName, TestIssuer>()
/** No other test of a host asks it. */
let unread: TestIssuer
/** Its cache has the set of before a rotation. */
let stale: TestIssuer
let cachedKey: SigningKey
let seed = ''
beforeAll(async () => {
  unread = await startIssuer({ alg: 'RS256' })
  stale = await startIssuer({ like: 'stale-cdn', alg: 'RS256' })
  cachedKey = stale.newestKey()
  await fetch(stale.jwksUrl)
  await stale.rotate({ dropOld: true })
  for (const like of KINDS) issuers.set(like, await startIssuer({ like, alg: 'RS256' }))
  seed = documents('ISSUER')['clusters/seed/AgentAttestation'] ?? ''
})
afterAll(() => Promise.all([unread, stale, ...issuers.values()].map((issuer) => issuer.stop())))

function getIssuer(like: IssuerKindName): TestIssuer {
  const issuer = issuers.get(like)
  if (issuer === undefined) throw new Error(`no issuer like ${like}`)
  return issuer
}

describe.each(['workerd', 'node', 'deno'] as const)('on %s', (name) => {
  let host: Host
  beforeAll(async () => {
    const stored = [...issuers, ['unread', unread] as const, ['stale', stale] as const].map(
      ([clusterId, { issuer }]) => [`clusters/${clusterId}/AgentAttestation`, seed.replaceAll('ISSUER', issuer)],
    )
    host = await startHost(name, Object.fromEntries(stored))
  })
  afterAll(() => host?.stop())

  async function login(clusterId: string, token: string): Promise<Response> {
    return fetch(`${host.url}/v1/clusters/${clusterId}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
    })
  }

  async function findRecord(response: Response): Promise<string> {
    const requestId = response.headers.get('X-Request-Id') ?? 'none'
    await expect.poll(() => host.output()).toContain(requestId)
    const lines = host.output().split('\n')
    return lines.find((line) => line.includes(requestId)) ?? ''
  }

  it.each(KINDS)('an issuer like %s', async (like) => {
    const response = await login(like, await getIssuer(like).mint())
    const record = await findRecord(response)
    const outcome = response.status === 200 ? 'admitted' : /"keyFetchFailure":"(\w+)"/.exec(record)?.[1]
    expect([response.status, outcome]).toEqual([OUTCOMES[like] === 'admitted' ? 200 : 503, OUTCOMES[like]])
  })

  it('sends an Accept header that API servers match, and a User-Agent', async () => {
    const before = unread.requests.length
    expect((await login('unread', await unread.mint())).status).toBe(200)
    expect(unread.requests.slice(before)).toEqual([DISCOVERY_PATH, KEYS_PATH])
    const asked = unread.requestHeaders.slice(before).map((headers) => [headers.accept, headers['user-agent']])
    expect(asked).toEqual([
      ['application/json', `Postern/${VERSION}`],
      ['application/jwk-set+json, application/json', `Postern/${VERSION}`],
    ])
  })

  it('refuses a key that a cache in front of the issuer does not have yet', async () => {
    const refused = await login('stale', await stale.mint())
    const body = (await refused.json()) as { readonly refusals: readonly { readonly code: string }[] }
    expect([refused.status, body.refusals.map(({ code }) => code)]).toEqual([401, ['signing_key_unknown']])
    expect((await login('stale', await stale.mint({ key: cachedKey }))).status).toBe(200)
  })
})
