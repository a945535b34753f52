// What the tests' issuer does as one kind or another, where the conformance tests do not show it.

import { get } from 'node:https'
import { afterEach, describe, expect, it } from 'vitest'
import { loadKeys } from '../../src/token/keys/discovery.ts'
import { OPENSSL } from '../installed.ts'
import { DISCOVERY_PATH, type IssuerOptions, startIssuer, type TestIssuer } from './issuer.ts'
import { makeTestCa } from './test-ca.ts'

const stops: (() => unknown)[] = []
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())))

async function start(options: IssuerOptions): Promise<TestIssuer> {
  const issuer = await startIssuer(options)
  stops.push(issuer.stop)
  return issuer
}

describe('an issuer', () => {
  it.each([
    // Whether the first byte of the answer comes within the time is not this test's.
    ['slow', /^(answer|body)_timeout$/],
    ['cut', /^body_cut$/],
  ] as const)('like %s has keys that cannot be loaded: %s', async (like, kind) => {
    const { issuer } = await start({ like })
    const ports = { fetch, urlPolicy: { allowLoopback: true }, fetchTimeoutMillis: 200 }
    expect(await loadKeys({ kind: 'discovery', issuer }, ports)).toMatchObject({
      ok: false,
      failure: { document: 'keys', kind: expect.stringMatching(kind) },
    })
  })

  it('whose cache is behind says by Age how old its keys are', async () => {
    const issuer = await start({ like: 'stale-cdn' })
    const ports = { fetch, urlPolicy: { allowLoopback: true } }
    const load = () => loadKeys({ kind: 'discovery', issuer: issuer.issuer }, ports)
    // 3,600 s by Cache-Control, of which 3,000 have passed.
    expect(await load()).toMatchObject({ ok: true, ageMaxSeconds: 600, keys: { keys: [{ kid: 'key-1' }] } })
    await issuer.rotate({ dropOld: true })
    expect(await load()).toMatchObject({ ok: true, keys: { keys: [{ kid: 'key-1' }] } })
  })

  it.skipIf(!OPENSSL)('with a certificate serves https, to those who know who signed it', async () => {
    const ca = makeTestCa()
    stops.push(ca.remove)
    const { issuer } = await start({ tls: ca.issue(['IP:127.0.0.1']) })
    expect(issuer).toMatch(/^https:/)
    const ask = (trusted: { readonly ca?: string }): Promise<unknown> =>
      new Promise((resolve) => {
        const sent = get(`${issuer}${DISCOVERY_PATH}`, { ...trusted, agent: false }, (message) => {
          message.resume()
          resolve(message.statusCode)
        })
        sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code))
      })
    expect([await ask({ ca: ca.pem }), await ask({})]).toEqual([200, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'])
  })
})
