// Sessions by made-up attestors, in a process of its own: an issuer maps workloads with them while the policies would still
// admit them, and templates use what they prove.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startIssuer, type TestIssuer } from '../../token/issuer.ts'
import {
  type Attested,
  accountTokenOf,
  buildTokenOf,
  type Device,
  makeDevice,
  regionNoteOf,
  ticketOf,
} from './agents.ts'
import { type Certified, makeCertificate } from './certificate.ts'
import { type Answer, type GatewayProcess, ISSUER_URL, startGateway } from './gateway-process.ts'
import { type Desk, startDesk } from './webhook-server.ts'

let issuer: TestIssuer
let desk: Desk
let gateway: GatewayProcess
let device: Device
let stranger: Device
let signer: Certified
let issuerSession: string
beforeAll(async () => {
  ;[issuer, desk, gateway, device, stranger] = await Promise.all([
    startIssuer(),
    startDesk(),
    startGateway(),
    makeDevice(),
    makeDevice(),
  ])
  signer = makeCertificate('us-east-1')
  desk.answer({ allowed: true, attributes: [{ name: 'webhook.change', value: 'CHG-7' }] })
  gateway.put('trust-domain/AWSCertificates', { certificates: [{ region: 'us-east-1', pem: signer.pem }] })
  gateway.put('trust-domain/TrustDomainServerAttestation', { requiredAttestors: [account()] })
  issuerSession = sessionOf(await gateway.login(undefined, await accountTokenOf(issuer)))
})
afterAll(() => Promise.all([issuer.stop(), desk.stop(), gateway.stop()]))

type Config = Readonly<Record<string, unknown>>
const required = (type: string, config: Config): object => ({ type, config })
const account = (): object =>
  required('k8s_token', {
    issuerURL: issuer.issuer,
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
  })
const build = (config: Config = {}): object => required('build_token', { issuerURL: issuer.issuer, ...config })
const region = (config: Config = {}): object => required('region_note', config)
const proof = (config: Config = {}): object => required('key_proof', { key: device.key, ...config })
const ask = (config: Config = {}): object => required('webhook', { desk: 'changes', url: desk.url, ...config })

let aheadMillis = 0
/** What is in memory of a document is believed without a look at the store until then. */
function forget(): Promise<void> {
  aheadMillis += 61_000
  return gateway.setAhead(aheadMillis)
}

function sessionOf({ status, body, codes }: Answer): string {
  const session = body['session'] as { readonly token: string } | undefined
  if (session === undefined) throw new Error(`${status}: ${body.code} ${codes.join()}`)
  return session.token
}

async function evidenceOf(type: string, clusterId: string): Promise<Attested> {
  const nowSeconds = Math.floor((Date.now() + aheadMillis) / 1000)
  if (type === 'build_token') return buildTokenOf(issuer, {}, nowSeconds)
  if (type === 'region_note') return regionNoteOf(signer, { expiresAtSeconds: nowSeconds + 3600 })
  if (type === 'webhook') return ticketOf()
  const { body } = await gateway.post(`/v1/clusters/${clusterId}/challenge`, { type, request: device.asks() })
  const { challenge, receipt } = body as unknown as { readonly challenge: string; readonly receipt: string }
  return device.proves({ challenge, receipt }, { issuerUrl: ISSUER_URL, role: 'agent', clusterId })
}

async function logIn(clusterId: string, ...types: readonly string[]): Promise<string> {
  const evidence = await Promise.all(types.map((type) => evidenceOf(type, clusterId)))
  return sessionOf(await gateway.login(clusterId, ...evidence))
}

const WEB = { 'kubernetes.pod.namespace': 'shop', 'kubernetes.pod.service_account': 'web' }

function map(clusterId: string, agentSession?: string, attributes: object = WEB): Promise<Answer> {
  const session = agentSession === undefined ? {} : { agentSession }
  return gateway.post(
    `/v1/clusters/${clusterId}/claims`,
    { ...session, workloads: [{ id: 'w', attributes }] },
    issuerSession,
  )
}

interface Case {
  readonly types: readonly string[]
  /** The policy that admits, one that would as well, and one that would not. */
  readonly before: () => readonly object[]
  readonly wider: () => readonly object[]
  readonly narrower: () => readonly object[]
  /** Of the check that the last one fails. */
  readonly failed: string
}

const CASES: Readonly<Record<string, Case>> = {
  'a key of an issuer': {
    types: ['build_token'],
    before: () => [build({ repository: 'acme/site' })],
    wider: () => [build({ repository: 'acme/site', refs: ['refs/heads/x', 'refs/heads/main'] })],
    narrower: () => [build({ repository: 'acme/site', refs: ['refs/heads/x'] })],
    failed: 'condition_failed',
  },
  'another issuer': {
    types: ['build_token'],
    before: () => [build()],
    wider: () => [build({ audiences: ['spiffe://example.org'] })],
    narrower: () => [build({ issuerURL: 'https://ci.example.com' })],
    failed: 'signing_key_unknown',
  },
  'a section': {
    types: ['region_note'],
    before: () => [region()],
    wider: () => [region({ accounts: ['1', '111122223333'] })],
    narrower: () => [region({ accounts: ['1'] })],
    failed: 'condition_failed',
  },
  'a challenge': {
    types: ['key_proof'],
    before: () => [proof({ purposes: ['deploy', 'test'] })],
    wider: () => [proof({ purposes: ['deploy'] })],
    narrower: () => [proof({ purposes: ['test'] })],
    failed: 'condition_failed',
  },
  'another key': {
    types: ['key_proof'],
    before: () => [proof({ purposes: ['deploy'] })],
    wider: () => [proof()],
    narrower: () => [proof({ key: stranger.key })],
    failed: 'signing_key_unknown',
  },
  'a call-out': {
    types: ['webhook', 'build_token'],
    before: () => [build(), ask()],
    wider: () => [ask(), build({ repository: 'acme/site' })],
    narrower: () => [build(), ask({ url: `${desk.url}/others` })],
    failed: 'session_malformed',
  },
  'another desk': {
    types: ['webhook', 'build_token'],
    before: () => [build(), ask()],
    wider: () => [build({ refs: ['refs/heads/main'] }), ask()],
    narrower: () => [build(), ask({ desk: 'releases' })],
    failed: 'session_malformed',
  },
}

describe('a session', () => {
  it.each(Object.entries(CASES))('is good while its policy would admit it: %s', async (what, one) => {
    const clusterId = what.replaceAll(' ', '-')
    gateway.putPolicy(clusterId, one.before())
    const session = await logIn(clusterId, ...one.types)
    expect((await map(clusterId, session)).status).toBe(200)
    gateway.putPolicy(clusterId, one.wider())
    await forget()
    expect((await map(clusterId, session)).status).toBe(200)
    gateway.putPolicy(clusterId, one.narrower())
    await forget()
    const answer = await map(clusterId, session)
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([401, 'session_revoked', 'agentSession'])
    expect(await answer.record()).toMatchObject({ event: 'mapping', expected: { policy: 'p', failed: one.failed } })
  })

  it('is held to conditions over what made-up attestors have proved', async () => {
    const policies = (expression: string) => ({ conditions: [{ expression }] })
    gateway.putPolicy('conditions', [proof(), build()], policies('key_proof.purpose == "deploy"'))
    const session = await logIn('conditions', 'key_proof', 'build_token')
    gateway.putPolicy('conditions', [proof(), build()], policies('build_token.repository.startsWith("acme/")'))
    await forget()
    expect((await map('conditions', session)).status).toBe(200)
    gateway.putPolicy('conditions', [proof(), build()], policies('build_token.repository != "acme/site"'))
    await forget()
    const answer = await map('conditions', session)
    expect([answer.status, answer.body.code]).toEqual([401, 'session_revoked'])
    expect(await answer.record()).toMatchObject({ expected: { failed: 'condition_failed' } })
  })

  it('is not good where the policy requires another attestor as well', async () => {
    gateway.putPolicy('more', [build()])
    const session = await logIn('more', 'build_token')
    gateway.putPolicy('more', [build(), region()])
    await forget()
    expect((await map('more', session)).body.code).toBe('session_revoked')
  })
})

describe('a template', () => {
  const all = 'all'
  beforeAll(() => {
    gateway.putPolicy(all, [build(), region(), proof(), ask()])
    gateway.put(`clusters/${all}/SVIDIssuancePolicy`, {
      policy: {
        pathTemplate: '/{{region_note.region}}/{{key_proof.purpose}}/{{kubernetes.pod.namespace}}',
        jwt: { additionalClaims: { repository: '{{build_token.repository}}', change: '{{webhook.change}}' } },
        x509: { subject: 'O={{region_note.account}}' },
      },
      policyOverrides: [
        {
          when: { 'kubernetes.pod.namespace': 'release' },
          condition: 'build_token.ref == "refs/heads/main" && webhook.change.startsWith("CHG-")',
          policy: { pathTemplate: '/release/{{kubernetes.pod.service_account}}' },
        },
      ],
    })
  })
  const kinds = ['build_token', 'region_note', 'key_proof', 'webhook']

  it('uses what each of the four kinds has proved', async () => {
    const session = await logIn(all, ...kinds)
    const answer = await map(all, session)
    expect([answer.status, answer.body['results']]).toMatchObject([
      200,
      [
        {
          id: 'w',
          spiffeId: 'spiffe://example.org/us-east-1/deploy/shop',
          jwt: { claims: { repository: 'acme/site', change: 'CHG-7' } },
          x509: { subject: 'O=111122223333' },
        },
      ],
    ])
    const released = await map(all, session, { ...WEB, 'kubernetes.pod.namespace': 'release' })
    expect(released.body['results']).toMatchObject([
      { spiffeId: 'spiffe://example.org/release/web', policy: { source: 'override', index: 0 } },
    ])
  })

  it('has nothing of it without the session, and a workload cannot say it', async () => {
    const without = await map(all)
    expect(without.body['results']).toMatchObject([{ error: { code: 'attribute_missing' } }])
    const said = await map(all, undefined, { ...WEB, 'key_proof.purpose': 'deploy' })
    expect(said.body['results']).toMatchObject([
      { error: { code: 'attribute_origin_forbidden', attribute: 'key_proof.purpose' } },
    ])
  })

  it('is told where no policy of the cluster has the attestor', async () => {
    gateway.putPolicy('other', [build()])
    gateway.put('clusters/other/SVIDIssuancePolicy', { policy: { pathTemplate: '/{{key_proof.purpose}}' } })
    const answer = await map('other', await logIn('other', 'build_token'))
    expect(answer.body['results']).toMatchObject([{ error: { code: 'attribute_not_enabled' } }])
  })
})
