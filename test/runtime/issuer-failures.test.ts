// Every way in which an issuer's keys cannot be fetched, over real connections: the operator reads the cause and the next
// step, the caller the same sentence whatever it was.

import { readFileSync } from 'node:fs'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FETCH_CAUSES, type FetchCause } from '../../src/net/fetch-causes.ts'
import { createGuardedFetch } from '../../src/runtime/http/guarded-fetch.ts'
import { createKeySources } from '../../src/token/keys/key-source.ts'
import type { KeySourceSpec } from '../../src/token/keys/key-source-spec.ts'
import { type ParsedToken, parseToken } from '../../src/token/parse.ts'
import { ANSWERS, type AnswerName, type FailingIssuer, startFailingIssuer } from '../failing-issuer.ts'
import { OPENSSL } from '../installed.ts'
import { type Certificates, makeCertificates } from '../tls/certificates.ts'
import { serviceAccountClaims, signClaims } from '../token/issuer.ts'

const NEUTRAL = "failed to fetch signing key: the gateway cannot reach the issuer's keys now; try again"
const authorities = getCACertificates('default')

let certificates: Certificates
let issuer: FailingIssuer
let token: ParsedToken
beforeAll(async () => {
  certificates = makeCertificates()
  issuer = await startFailingIssuer(certificates)
  setDefaultCACertificates([...authorities, readFileSync(certificates.caFile, 'utf8')])
  const parsed = parseToken(await signClaims(issuer.key, serviceAccountClaims(Math.floor(Date.now() / 1000))))
  if (!parsed.ok) throw new Error(parsed.refusal.detail)
  token = parsed.value
})
afterAll(async () => {
  setDefaultCACertificates([...authorities])
  await issuer.close()
  certificates.remove()
})

interface Rig {
  readonly privateOrigins?: readonly string[]
  readonly fetchTimeoutMillis?: number
  readonly allowLoopback?: boolean
  readonly unusedProxy?: string
}

function sourcesOf({ privateOrigins = [], allowLoopback = true, ...rig }: Rig) {
  const origins = new Set(privateOrigins)
  return createKeySources({
    fetch: createGuardedFetch({ allowLoopback, privateOrigins: origins }),
    clock: Date.now,
    sleep: () => Promise.resolve(),
    allowLoopback: true,
    privateOrigins: origins,
    fetchTimeoutMillis: 5_000,
    ...rig,
  })
}

/** What one login leaves behind where the keys of `spec` cannot be had. */
async function fail(spec: KeySourceSpec | string, rig: Rig = {}) {
  const source: KeySourceSpec = typeof spec === 'string' ? { kind: 'discovery', issuer: spec } : spec
  const sources = sourcesOf(rig)
  const lookup = await sources.forRequest(() => undefined).find(source, token)
  if (lookup.kind === 'found') throw new Error('a key was found')
  const { audit = {}, ...caller } = lookup.refusal
  return { caller, audit, status: sources.status(source).lastFailure }
}

function expectCause({ caller, audit, status }: Awaited<ReturnType<typeof fail>>, cause: FetchCause): void {
  expect(audit['keyFetchFailure']).toBe(cause)
  expect(status).toMatchObject({ cause, reason: audit['keyFetchReason'], nextStep: audit['keyFetchNextStep'] })
  expect(String(audit['keyFetchReason'])).toMatch(/^the (discovery document|key set) /)
  expect(`${status?.reason} ${status?.nextStep}`).not.toMatch(/[{}]|not known|undefined/)
  expect(caller.code).toBe('signing_key_fetch_failed')
  expect(caller.detail).toBe(NEUTRAL)
}

describe.skipIf(!OPENSSL)('an issuer with a certificate', () => {
  it('of an authority that was added is one like any other', async () => {
    const lookup = await sourcesOf({})
      .forRequest(() => undefined)
      .find({ kind: 'discovery', issuer: issuer.https.good }, token)
    expect(lookup.kind).toBe('found')
  })

  it.each([
    ['wrong_name', 'certificate_wrong_name'],
    ['expired', 'certificate_expired'],
    ['not_yet_valid', 'certificate_not_yet_valid'],
    ['unknown_authority', 'certificate_unknown_authority'],
    ['self_signed', 'certificate_unknown_authority'],
  ] as const)('that is %s', async (kind, cause) => {
    const failed = await fail(issuer.https[kind])
    expectCause(failed, cause)
    if (kind === 'wrong_name') expect(failed.status?.reason).toContain('"DNS:elsewhere.example.com"')
  })
})

describe.skipIf(!OPENSSL)('an issuer that cannot be connected to', () => {
  it.each<[string, () => KeySourceSpec | string, Rig, FetchCause]>([
    ['listens nowhere', () => issuer.refused, {}, 'connection_refused'],
    [
      'has no address',
      () => 'https://no.such.invalid',
      { privateOrigins: ['https://no.such.invalid'] },
      'name_unresolved',
    ],
    [
      'is at a private address',
      () => issuer.url.replace('127.0.0.1', 'localhost'),
      { allowLoopback: false },
      'address_private',
    ],
    ['does not speak TLS', () => issuer.notTls, {}, 'tls_failed'],
    ['takes no handshake', () => issuer.silent.replace('http', 'https'), { fetchTimeoutMillis: 60 }, 'connect_timeout'],
    ['does not answer', () => issuer.silent, { fetchTimeoutMillis: 60 }, 'answer_timeout'],
    ['does not end its answer', () => `${issuer.url}/endless`, { fetchTimeoutMillis: 200 }, 'body_timeout'],
    ['has a forbidden URL', () => 'http://oidc.example.com', {}, 'url_forbidden'],
  ])('because it %s', async (_what, spec, rig, cause) => {
    expectCause(await fail(spec(), rig), cause)
  })

  it('names the origin to list, where listing it is the cure', async () => {
    const private_ = issuer.url.replace('127.0.0.1', 'localhost')
    const { status } = await fail(private_, { allowLoopback: false })
    expect(status?.nextStep).toContain(`list "${private_}" in PRIVATE_ISSUERS`)
  })

  it('reads of a proxy that is not used only where that may be why', async () => {
    const unusedProxy = 'HTTPS_PROXY'
    expect((await fail(issuer.refused, { unusedProxy })).status?.reason).toContain('(HTTPS_PROXY is set')
    expect((await fail(issuer.refused)).status?.reason).not.toContain('PROXY')
    expect((await fail(`${issuer.url}/status-404`, { unusedProxy })).status?.reason).not.toContain('PROXY')
  })
})

describe.skipIf(!OPENSSL)('an issuer whose answer is', () => {
  it.each(Object.entries(ANSWERS))('%s', async (name, { cause }) => {
    expectCause(await fail(`${issuer.url}/${name as AnswerName}`), cause)
  })

  it.each(Object.entries(ANSWERS))('%s, at the URL of its key set', async (name, { cause }) => {
    const failed = await fail({ kind: 'jwks_uri', url: `${issuer.url}/${name}` })
    const ofContents = cause === 'discovery_not_an_object' || cause === 'issuer_mismatch'
    expectCause(failed, ofContents ? 'not_a_key_set' : cause)
    expect(failed.status?.reason).toMatch(/^the key set /)
  })

  it('tells the operator where a redirect wanted to go, with nothing that steers a terminal', async () => {
    const { status } = await fail(`${issuer.url}/redirect`)
    expect(status?.reason).toContain('302')
    expect(status?.reason).toContain('login.deployment.example')
    expect(status?.reason).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })

  it.each([
    ['syntax', 'line 2, column 14'],
    ['duplicate', 'line 1, column 15'],
    ['latin1', 'offset 6'],
    ['html', '"text/html; charset=utf-8"'],
    ['status-503', '503'],
    ['other-issuer', '"https://other.deployment.example"'],
  ])('%s is told with its place: %s', async (name, place) => {
    expect((await fail(`${issuer.url}/${name}`)).status?.reason).toContain(place)
  })

  it('429 is kept away from for as long as it asks', async () => {
    expect((await fail(`${issuer.url}/status-429`)).caller.retryAfterSeconds).toBe(90)
    expect((await fail(`${issuer.url}/status-406`)).caller.retryAfterSeconds).toBe(1)
  })
})

describe.skipIf(!OPENSSL)('the table of causes', () => {
  it('has a sentence and a next step of its own for each, whatever was met here', () => {
    const rows = Object.values(FETCH_CAUSES)
    expect(new Set(rows.map(({ what }) => what)).size).toBe(rows.length)
    for (const { next } of rows) expect(next.length).toBeGreaterThan(10)
  })
})
