// The stand-ins for a cluster are as strict as the API server. What they answer is held to a table of its rules.
import { type IncomingHttpHeaders, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DISCOVERY_PATH, KEYS_PATH } from '../../dev/api-server.ts'
import { type StandInCluster, startStandInCluster } from '../../dev/stand-in-cluster.ts'
import { ACCEPT_ROWS } from './accept-values.ts'
import { startIssuer, type TestIssuer } from './issuer.ts'

interface Answer {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Not `fetch`, which never leaves `Accept` out and joins its lines. */
function ask(url: string, accept: readonly string[], method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent: false }, async (message) => {
      const chunks = (await message.toArray()) as Buffer[]
      resolve({ status: message.statusCode, headers: message.headers, body: Buffer.concat(chunks).toString() })
    })
    if (accept.length > 0) sent.setHeader('accept', accept)
    sent.on('error', reject).end()
  })
}

let cluster: StandInCluster
let issuer: TestIssuer
beforeAll(async () => {
  cluster = await startStandInCluster({ audience: 'spiffe://example.org', port: 0 })
  issuer = await startIssuer()
})
afterAll(() => Promise.all([cluster.close(), issuer.stop()]))

describe.each(['stand-in cluster', "tests' issuer"] as const)('the %s', (which) => {
  const origin = (): string => (which === 'stand-in cluster' ? cluster.issuer : issuer.origin)

  it.each(ACCEPT_ROWS)(
    'answers Accept $accept with $discovery and $keys ($source)',
    async ({ accept, ...expected }) => {
      expect((await ask(`${origin()}${DISCOVERY_PATH}`, accept)).status).toBe(expected.discovery)
      expect((await ask(`${origin()}${KEYS_PATH}`, accept)).status).toBe(expected.keys)
    },
  )

  it('says in a 406 what there is, as the API server does', async () => {
    const { headers, body } = await ask(`${origin()}${KEYS_PATH}`, ['application/json'])
    expect([headers['content-type'], headers['cache-control']]).toEqual(['application/json', 'no-cache, private'])
    expect(JSON.parse(body)).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: '406: Not Acceptable\n\nAvailable representations: application/jwk-set+json',
      reason: 'NotAcceptable',
      details: {},
      code: 406,
    })
  })

  it('publishes what Kubernetes documents: five members, its media types, its cache header', async () => {
    const discovery = await ask(`${origin()}${DISCOVERY_PATH}`, [])
    const keys = await ask(`${origin()}${KEYS_PATH}`, [])
    expect(Object.keys(JSON.parse(discovery.body)).sort()).toEqual([
      'id_token_signing_alg_values_supported',
      'issuer',
      'jwks_uri',
      'response_types_supported',
      'subject_types_supported',
    ])
    for (const [{ headers }, type] of [
      [discovery, 'application/json'],
      [keys, 'application/jwk-set+json'],
    ] as const)
      expect([headers['content-type'], headers['cache-control']]).toEqual([type, 'public, max-age=3600'])
    expect(JSON.parse(keys.body)).toMatchObject({ keys: [{ use: 'sig' }] })
  })

  it.each(['HEAD', 'POST', 'OPTIONS'])('has no route for %s', async (method) => {
    expect((await ask(`${origin()}${KEYS_PATH}`, [], method)).status).toBe(405)
  })

  // The paths are those of TestURLBoundaries in pkg/serviceaccount/openidmetadata_test.go.
  it('has its keys whatever the query', async () => {
    expect((await ask(`${origin()}${KEYS_PATH}?format=yaml`, [])).status).toBe(200)
  })

  it.each(['/.well-known', '/openid/v1/jwks/foo'])('has nothing at %s', async (path) => {
    expect((await ask(`${origin()}${path}`, [])).status).toBe(404)
  })
})

describe('an API server that anonymous callers may not read', () => {
  it.each([
    ['authenticated', 401],
    ['bound', 403],
  ] as const)('of access %s answers %d, whatever is accepted', async (access, status) => {
    const closed = await startStandInCluster({ audience: 'spiffe://example.org', port: 0, access })
    try {
      for (const path of [DISCOVERY_PATH, KEYS_PATH])
        for (const accept of [[], ['text/html']])
          expect((await ask(`${closed.issuer}${path}`, accept)).status).toBe(status)
    } finally {
      await closed.close()
    }
  })
})
