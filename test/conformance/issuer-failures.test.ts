// Hosts as processes against issuers that fail in various ways, including TLS. A single unsigned token makes the gateway
// fetch keys, so its sender must get the same answer for every failure; only the audit record names the cause.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FetchCause } from '../../src/net/fetch-causes.ts'
import { ANSWERS, type FailingIssuer, startFailingIssuer } from '../failing-issuer.ts'
import { OPENSSL } from '../installed.ts'
import { type Certificates, makeCertificates } from '../tls/certificates.ts'
import { serviceAccountClaims, signClaims } from '../token/issuer.ts'
import { type Host, type HostName, startHost } from './hosts.ts'
import { documents } from './scenarios.ts'

let certificates: Certificates
let issuer: FailingIssuer
let failures: Readonly<Record<string, string>>
beforeAll(async () => {
  certificates = makeCertificates()
  issuer = await startFailingIssuer(certificates)
  failures = {
    ...Object.fromEntries(Object.keys(ANSWERS).map((name) => [name, `${issuer.url}/${name}`])),
    ...Object.fromEntries(Object.entries(issuer.https).map(([kind, url]) => [`tls-${kind.replaceAll('_', '-')}`, url])),
    'not-tls': issuer.notTls,
    refused: issuer.refused,
  }
})
afterAll(async () => {
  await issuer?.close()
  certificates?.remove()
})

const UNRESOLVED = 'https://no.such.invalid'

const ON_ALL: Readonly<Record<string, FetchCause>> = Object.fromEntries(
  Object.entries(ANSWERS).map(([name, { cause }]) => [name, cause]),
)
const ON_SERVERS: Readonly<Record<string, FetchCause>> = {
  ...ON_ALL,
  'tls-wrong-name': 'certificate_wrong_name',
  'tls-expired': 'certificate_expired',
  'tls-not-yet-valid': 'certificate_not_yet_valid',
  'tls-unknown-authority': 'certificate_unknown_authority',
  'tls-self-signed': 'certificate_unknown_authority',
  'not-tls': 'tls_failed',
  refused: 'connection_refused',
  unresolved: 'name_unresolved',
}
/** workerd has no error codes: it neither distinguishes ended connections nor reports faults of TLS and names. */
const ON_WORKERD: Readonly<Record<string, FetchCause>> = {
  ...ON_ALL,
  reset: 'connection_lost',
  'hangs-up': 'connection_lost',
  'not-http': 'connection_lost',
  'huge-header': 'connection_lost',
  refused: 'connection_lost',
  'tls-good': 'unreachable',
  'tls-expired': 'unreachable',
  'not-tls': 'unreachable',
}

interface Failed {
  readonly status: number
  /** The answer but for what every answer has of its own. */
  readonly answer: unknown
  readonly failure: Readonly<Record<string, string>>
}

async function login(host: Host, clusterId: string, iss: string): Promise<Failed> {
  const token = await signClaims(issuer.key, serviceAccountClaims(Math.floor(Date.now() / 1000), { iss }))
  const response = await fetch(`${host.url}/v1/clusters/${clusterId}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token } }] }),
  })
  const { requestId, configuration, ...answer } = (await response.json()) as Record<string, unknown>
  const id = response.headers.get('X-Request-Id') ?? String(requestId)
  await expect.poll(() => host.output()).toContain(id)
  const line = host
    .output()
    .split('\n')
    .find((text) => text.startsWith('{') && text.includes(id))
  const record = JSON.parse(line ?? '{}') as {
    readonly refusals?: readonly { readonly failure?: Failed['failure'] }[]
  }
  expect(configuration).toBeDefined()
  return { status: response.status, answer, failure: record.refusals?.[0]?.failure ?? {} }
}

function start(name: HostName, change: Readonly<Record<string, string | undefined>>): Promise<Host> {
  const issuers = name === 'workerd' ? failures : { ...failures, unresolved: UNRESOLVED }
  const stored = Object.entries(issuers).map(([id, url]) => [
    `clusters/${id}/AgentAttestation`,
    documents(url)['clusters/seed/AgentAttestation'] ?? '',
  ])
  return startHost(name, Object.fromEntries(stored), { change })
}

/** An https origin that the URL policy forbids is one that the operator names. */
const onServer = (authority: string | undefined) => ({
  PRIVATE_ISSUERS: UNRESOLVED,
  NODE_EXTRA_CA_CERTS: authority,
  DENO_CERT: undefined,
  HTTPS_PROXY: 'http://127.0.0.1:1',
  HTTP_PROXY: 'http://127.0.0.1:1',
  // Node's own switch.
  NODE_USE_ENV_PROXY: '1',
  NO_PROXY: undefined,
})

describe.skipIf(!OPENSSL).each([
  ['workerd', ON_WORKERD],
  ['node', ON_SERVERS],
  ['deno', ON_SERVERS],
] as const)('on %s', (name, causes) => {
  let host: Host
  const answers = new Set<string>()
  beforeAll(async () => {
    host = await start(name, name === 'workerd' ? {} : onServer(certificates.caFile))
  })
  afterAll(() => host?.stop())

  it.each(Object.entries(causes))('%s is reported to the operator as %s, and not to the caller', async (id, cause) => {
    const url = failures[id] ?? UNRESOLVED
    const { status, answer, failure } = await login(host, id, url)
    expect(failure['keyFetchFailure']).toBe(cause)
    expect(failure['keyFetchReason']).toMatch(/^the discovery document .{8}/)
    expect(failure['keyFetchNextStep']).toMatch(/.{10}/)
    expect(`${failure['keyFetchReason']} ${failure['keyFetchNextStep']}`).not.toMatch(/[{}]|not known|undefined/)
    expect(status).toBe(503)
    expect(answer).toMatchObject({ code: 'signing_key_unavailable' })
    expect(JSON.stringify(answer)).toContain('failed to fetch signing key')
    answers.add(JSON.stringify(answer))
    // All answers are identical, so none can reveal anything about the deployment.
    expect([...answers]).toHaveLength(1)
    expect(host.output()).not.toMatch(/"event":"fault"|Uncaught|Unhandled/)
  })

  if (name === 'workerd') return

  it('an issuer whose authority is in NODE_EXTRA_CA_CERTS works', async () => {
    expect(await login(host, 'tls-good', issuer.https.good)).toMatchObject({ status: 200 })
  })

  it('a failed connection reports the proxy that is set but not used', async () => {
    expect((await login(host, 'refused', issuer.refused)).failure['keyFetchReason']).toContain('HTTPS_PROXY is set')
  })
})

describe.skipIf(!OPENSSL)('on deno without NODE_EXTRA_CA_CERTS', () => {
  let host: Host
  beforeAll(async () => {
    host = await start('deno', onServer(undefined))
  })
  afterAll(() => host?.stop())

  it('an authority that is not built in is unknown, and the next step names the variable', async () => {
    const { status, failure } = await login(host, 'tls-good', issuer.https.good)
    expect([status, failure['keyFetchFailure']]).toEqual([503, 'certificate_unknown_authority'])
    expect(failure['keyFetchNextStep']).toContain('NODE_EXTRA_CA_CERTS')
  })
})
