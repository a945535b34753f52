// A made-up attestor of challenges, in a process of its own: a challenge is good for one place, for a minute, and for the
// request that it was asked for with, and it is secret.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeSealKey } from '../../../src/cli/keys/dev-environment.ts'
import { CHALLENGE_MAX_LENGTH } from '../../../src/core/limits.ts'
import { startIssuer, type TestIssuer } from '../../token/issuer.ts'
import { type Attested, accountTokenOf, type Device, type Given, makeDevice, type ProofChange, SENT } from './agents.ts'
import { type Answer, type GatewayProcess, ISSUER_URL, placeOf, startGateway } from './gateway-process.ts'

const CLUSTER = 'c-1'

let issuer: TestIssuer
let gateway: GatewayProcess
let device: Device
beforeAll(async () => {
  ;[issuer, gateway, device] = await Promise.all([startIssuer(), startGateway(), makeDevice()])
  putDocuments(gateway)
})
afterAll(() => Promise.all([issuer.stop(), gateway.stop()]))

const proof = (config: object = {}, type = 'key_proof'): object => ({ type, config: { key: device.key, ...config } })

function putDocuments({ put, putPolicy }: GatewayProcess): void {
  putPolicy(CLUSTER, [proof({ purposes: ['deploy', 'test'] })])
  putPolicy('c-2', [proof()])
  putPolicy('another', [proof({}, 'another_proof')])
  const account = {
    issuerURL: issuer.issuer,
    serviceAccountNamespace: 'spirl-system',
    serviceAccountName: 'spirl-agent',
  }
  put('trust-domain/TrustDomainServerAttestation', {
    policies: [
      { name: 'accounts', requiredAttestors: [{ type: 'k8s_token', config: account }] },
      { name: 'keys', requiredAttestors: [proof()] },
    ],
  })
}

interface Asking {
  readonly type?: string
  readonly request?: unknown
  readonly of?: GatewayProcess
}

function ask(
  clusterId: string | undefined,
  { type = 'key_proof', request, of = gateway }: Asking = {},
): Promise<Answer> {
  return of.post(`${placeOf(clusterId)}/challenge`, { type, request: request ?? device.asks() })
}

async function askWell(clusterId: string | undefined, asking: Asking = {}): Promise<Given> {
  const { status, body } = await ask(clusterId, asking)
  const { challenge, receipt } = body
  if (typeof challenge !== 'string' || typeof receipt !== 'string') throw new Error(`${status}: ${body.code}`)
  SENT.push(challenge, receipt)
  return { challenge, receipt }
}

function prove(given: Given, clusterId: string | undefined, change: ProofChange = {}): Promise<Attested> {
  const role = clusterId === undefined ? 'issuer' : 'agent'
  const scope = { issuerUrl: ISSUER_URL, role, ...(clusterId === undefined ? {} : { clusterId }) } as const
  return device.proves(given, scope, change)
}

/** Status, and the code of the one refusal. */
async function refusalOf(answer: Promise<Answer>): Promise<readonly unknown[]> {
  const { status, codes } = await answer
  return [status, ...codes]
}

describe('a challenge', () => {
  it('is given with what the attestor publishes, and admits with the proof of it', async () => {
    const answer = await ask(CLUSTER)
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        challenge: expect.stringMatching(/^[\w-]+\.\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/),
        receipt: expect.stringMatching(/^[\w-]{43}$/),
        once: false,
      },
    ])
    expect(answer.headers.get('Cache-Control')).toBe('no-store')
    const login = await gateway.login(CLUSTER, await prove(await askWell(CLUSTER), CLUSTER))
    expect([login.status, login.body]).toMatchObject([
      200,
      {
        policy: 'p',
        attributes: [
          { origin: 'key_proof', name: 'key_proof.thumbprint', value: device.thumbprint },
          { origin: 'key_proof', name: 'key_proof.purpose', value: 'deploy' },
        ],
      },
    ])
    expect(await login.record()).toMatchObject({
      outcome: 'admitted',
      evidence: [{ type: 'key_proof', digest: expect.stringMatching(/^[\w-]{43}$/) }],
    })
  })

  it('lets an issuer log in to the trust domain', async () => {
    const login = await gateway.login(undefined, await prove(await askWell(undefined), undefined))
    expect([login.status, login.body['policy']]).toEqual([200, 'keys'])
  })

  it('is good again until it expires, as its answer says, and its digest shows that it is the same', async () => {
    const evidence = await prove(await askWell(CLUSTER), CLUSTER)
    const [first, second] = [await gateway.login(CLUSTER, evidence), await gateway.login(CLUSTER, evidence)]
    expect([first.status, second.status]).toEqual([200, 200])
    const [one, two] = [await first.record(), await second.record()]
    expect(one['evidence']).toEqual(two['evidence'])
    const other = await gateway.login(CLUSTER, await prove(await askWell(CLUSTER), CLUSTER))
    expect((await other.record())['evidence']).not.toEqual(one['evidence'])
  })

  it('is good once, as its answer says, where there is a store of used evidence', async () => {
    const state = mkdtempSync(join(tmpdir(), 'postern-state-'))
    const keeping = await startGateway({ STATE: state })
    try {
      putDocuments(keeping)
      const asked = await ask(CLUSTER, { of: keeping })
      expect(asked.body['once']).toBe(true)
      const logIn = async (given: Given, change?: ProofChange) =>
        keeping.login(CLUSTER, await prove(given, CLUSTER, change))
      const given = await askWell(CLUSTER, { of: keeping })
      // What is refused for another reason is not spent.
      const wrong = await logIn(given, { receipt: 'A'.repeat(43) })
      expect(wrong.status).not.toBe(200)
      const [first, second] = [await logIn(given), await logIn(given)]
      expect([first.status, second.status, second.codes]).toEqual([200, 403, ['evidence_replayed']])
      expect((await logIn(await askWell(CLUSTER, { of: keeping }))).status).toBe(200)
    } finally {
      await keeping.stop()
      rmSync(state, { recursive: true })
    }
  })

  it('hides what it seals', async () => {
    const { challenge } = await askWell(CLUSTER)
    const read = challenge.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'))
    expect(read.filter((part) => part.includes(device.thumbprint) || part.includes('deploy'))).toEqual([])
  })

  it('is good for a minute', async () => {
    const evidence = await prove(await askWell(CLUSTER), CLUSTER)
    await gateway.setAhead(50_000)
    const early = await gateway.login(CLUSTER, evidence)
    await gateway.setAhead(60_000)
    const late = await gateway.login(CLUSTER, evidence)
    await gateway.setAhead(0)
    expect([early.status, late.status, late.codes]).toEqual([200, 401, ['challenge_expired']])
  })
})

describe('evidence with a challenge is refused', () => {
  it('without one', async () => {
    const { type, evidence } = await prove(await askWell(CLUSTER), CLUSTER)
    const answer = await gateway.login(CLUSTER, { type, evidence })
    expect([answer.status, answer.body.code, answer.codes]).toEqual([401, 'login_refused', ['challenge_missing']])
    const record = await answer.record()
    expect(record).toMatchObject({
      event: 'login',
      refusals: [{ code: 'challenge_missing' }],
      evidence: [{ type: 'key_proof', claimed: { keyId: device.thumbprint, subject: 'deploy' } }],
    })
  })

  it.each<[string, (challenge: string) => string]>([
    ['a bit of it flipped', (text) => `${text.slice(0, -10)}${text.at(-10) === 'A' ? 'B' : 'A'}${text.slice(-9)}`],
    ['nothing of it', () => ''],
    ['other words', () => 'open.sesame'],
    ['a part too many', (text) => `${text}.AAAA`],
    ['more after it', (text) => `${text}=`],
    ['as much as there may be', (text) => text.padEnd(CHALLENGE_MAX_LENGTH, 'A')],
    ['more than there may be', (text) => text.padEnd(CHALLENGE_MAX_LENGTH + 1, 'A')],
    ['all that a body holds', (text) => text.padEnd(60_000, 'A')],
  ])('with %s', async (_what, change) => {
    const proved = await prove(await askWell(CLUSTER), CLUSTER)
    const challenge = change(proved.challenge ?? '')
    expect(await refusalOf(gateway.login(CLUSTER, { ...proved, challenge }))).toEqual([401, 'challenge_malformed'])
  })

  it('with one of a gateway that has other seal keys, or another URL', async () => {
    const { SEAL_KEYS = '' } = gateway.settings
    const [stranger, sister] = await Promise.all([
      startGateway({ SEAL_KEYS: makeSealKey() }),
      startGateway({ SEAL_KEYS, ISSUER_URL: 'http://127.0.0.1:8788' }),
    ])
    try {
      for (const one of [stranger, sister]) putDocuments(one)
      const [theirs, hers] = await Promise.all([askWell(CLUSTER, { of: stranger }), askWell(CLUSTER, { of: sister })])
      expect(await refusalOf(gateway.login(CLUSTER, await prove(theirs, CLUSTER)))).toEqual([
        401,
        'challenge_malformed',
      ])
      expect(await refusalOf(gateway.login(CLUSTER, await prove(hers, CLUSTER)))).toEqual([401, 'challenge_mismatch'])
      // And a challenge of ours that she hands on: the agent signs the URL that it is configured with, which is hers.
      const ours = await askWell(CLUSTER)
      const relayed = await device.proves(ours, {
        issuerUrl: 'http://127.0.0.1:8788',
        role: 'agent',
        clusterId: CLUSTER,
      })
      expect(await refusalOf(gateway.login(CLUSTER, relayed))).toEqual([401, 'signature_invalid'])
    } finally {
      await Promise.all([stranger.stop(), sister.stop()])
    }
  })

  it.each<[string, string | undefined, string | undefined]>([
    ['another cluster', 'c-2', CLUSTER],
    ['the trust domain', undefined, CLUSTER],
    ['a cluster, at the trust domain', CLUSTER, undefined],
  ])('with one of %s', async (_what, askedAt, usedAt) => {
    const evidence = await prove(await askWell(askedAt), usedAt)
    expect(await refusalOf(gateway.login(usedAt, evidence))).toEqual([401, 'challenge_mismatch'])
  })

  it('with one of another attestor', async () => {
    const evidence = await prove(await askWell(CLUSTER), 'another', { type: 'another_proof' })
    expect(await refusalOf(gateway.login('another', evidence))).toEqual([401, 'challenge_mismatch'])
  })

  it.each<[string, ProofChange]>([
    ['another purpose than was asked for', { purpose: 'test' }],
    ['a receipt of another challenge', { receipt: 'A'.repeat(43) }],
  ])('with %s', async (_what, change) => {
    const evidence = await prove(await askWell(CLUSTER), CLUSTER, change)
    const answer = await gateway.login(CLUSTER, evidence)
    expect([answer.status, answer.codes]).toEqual([401, ['challenge_mismatch']])
    expect(await answer.record()).toMatchObject({ evidence: [{ claimed: { keyId: device.thumbprint } }] })
  })

  it('by a key that no policy pins', async () => {
    const stranger = await makeDevice()
    const given = await askWell(CLUSTER, { request: stranger.asks() })
    const evidence = await stranger.proves(given, { issuerUrl: ISSUER_URL, role: 'agent', clusterId: CLUSTER })
    expect(await refusalOf(gateway.login(CLUSTER, evidence))).toEqual([401, 'signing_key_unknown'])
  })

  it('signed by another key than it names', async () => {
    const stranger = await makeDevice()
    const given = await askWell(CLUSTER)
    const signed = await stranger.proves(given, { issuerUrl: ISSUER_URL, role: 'agent', clusterId: CLUSTER })
    const evidence = { ...signed.evidence, thumbprint: device.thumbprint }
    expect(await refusalOf(gateway.login(CLUSTER, { ...signed, evidence }))).toEqual([401, 'signature_invalid'])
  })

  it('for a purpose that the policy does not accept', async () => {
    const given = await askWell(CLUSTER, { request: device.asks('repair') })
    const answer = await gateway.login(CLUSTER, await prove(given, CLUSTER, { purpose: 'repair' }))
    expect([answer.status, answer.codes]).toEqual([403, ['condition_failed']])
    expect(await answer.record()).toMatchObject({
      attributes: [{}, { name: 'key_proof.purpose', value: 'repair' }],
      refusals: [{ expected: { purposes: ['deploy', 'test'] } }],
    })
  })

  it('whole, where its attestor takes none', async () => {
    const { challenge } = await askWell(CLUSTER)
    const answer = await gateway.login(undefined, { ...(await accountTokenOf(issuer)), challenge })
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([
      400,
      'request_malformed',
      'attestations[0].challenge',
    ])
  })
})

describe('two keys of one document', () => {
  it('admit each by its own policy', async () => {
    const other = await makeDevice()
    gateway.put('clusters/two/AgentAttestation', {
      policies: [
        { name: 'first', requiredAttestors: [proof({ purposes: ['test'] })] },
        { name: 'second', requiredAttestors: [proof({ key: other.key })] },
      ],
    })
    async function policyOf(who: Device, purpose: string): Promise<unknown> {
      const given = await askWell('two', { request: who.asks(purpose) })
      const scope = { issuerUrl: ISSUER_URL, role: 'agent', clusterId: 'two' } as const
      const { status, body, codes } = await gateway.login('two', await who.proves(given, scope, { purpose }))
      return body['policy'] ?? [status, ...codes]
    }
    expect(await policyOf(device, 'test')).toBe('first')
    expect(await policyOf(other, 'deploy')).toBe('second')
    expect(await policyOf(device, 'deploy')).toEqual([403, 'condition_failed'])
  })
})

describe('a challenge is not given', () => {
  it.each<[string, string, Asking, number, string, string | undefined]>([
    ['for an attestor that has none', CLUSTER, { type: 'k8s_token' }, 400, 'request_malformed', 'type'],
    ['for an attestor that there is not', CLUSTER, { type: 'nobody' }, 400, 'request_malformed', 'type'],
    ['for half a request', CLUSTER, { request: { purpose: 'test' } }, 400, 'request_malformed', 'request.thumbprint'],
    [
      'for a request that is not the attestor’s',
      CLUSTER,
      { request: { thumbprint: 'x', purpose: '../..' } },
      400,
      'request_malformed',
      'request.purpose',
    ],
    [
      'for a request that no challenge can hold',
      CLUSTER,
      { request: { thumbprint: 'x'.repeat(CHALLENGE_MAX_LENGTH), purpose: 'test' } },
      400,
      'request_malformed',
      'request',
    ],
    ['where no policy asks for it', 'another', {}, 403, 'challenge_not_required', undefined],
    ['to a cluster that is not known', 'nowhere', {}, 404, 'cluster_unknown', undefined],
    ['to a cluster that cannot be', '-', {}, 404, 'cluster_unknown', undefined],
  ])('%s', async (_what, clusterId, asking, status, code, where) => {
    const answer = await ask(clusterId, asking)
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([status, code, where])
    expect(await answer.record()).toMatchObject({ event: 'challenge', outcome: 'refused', status, code })
  })

  it('where the attestor has to ask somebody who does not answer', async () => {
    const answer = await ask('another', { type: 'another_proof' })
    expect([answer.status, answer.body.code, answer.codes]).toEqual([
      503,
      'call_out_unavailable',
      ['call_out_unanswered'],
    ])
    expect(answer.headers.get('Retry-After')).not.toBeNull()
    expect(await answer.record()).toMatchObject({
      event: 'challenge',
      clusterId: 'another',
      attestor: 'another_proof',
      cause: 'call_out_unanswered',
      failure: { callOutUrl: expect.stringContaining('127.0.0.1:9/deploy') },
    })
    expect(JSON.stringify(answer.body)).not.toContain('127.0.0.1:9')
  })

  it('without seal keys, and the status of the cluster says so', async () => {
    const bare = await startGateway({ SEAL_KEYS: '' })
    try {
      putDocuments(bare)
      const answer = await ask(CLUSTER, { of: bare })
      expect([answer.status, answer.body.code]).toEqual([503, 'challenge_unavailable'])
      expect(await answer.record()).toMatchObject({ event: 'challenge', status: 503, code: 'challenge_unavailable' })
      const ours = await prove(await askWell(CLUSTER), CLUSTER)
      expect(await refusalOf(bare.login(CLUSTER, ours))).toEqual([401, 'challenge_malformed'])
      const { body } = await bare.login(undefined, await accountTokenOf(issuer))
      const { token } = body['session'] as { readonly token: string }
      const status = await bare.get(`/v1/clusters/${CLUSTER}/status`, token)
      const [section] = (status.body['sections'] as readonly { readonly section: string }[]).filter(
        (one) => one.section === 'AgentAttestation',
      )
      expect([status.body['health'], section]).toMatchObject([
        'UNHEALTHY',
        { health: 'UNHEALTHY', issues: [{ code: 'challenge_unavailable' }] },
      ])
    } finally {
      await bare.stop()
    }
  })
})

describe('what the gateway has written', () => {
  it('holds no challenge, no receipt and no signature, and has no record of a challenge that was given', () => {
    expect(SENT.length).toBeGreaterThan(40)
    const output = gateway.output()
    expect(SENT.filter((text) => output.includes(text))).toEqual([])
    const challenges = output.split('\n').filter((line) => line.includes('"event":"challenge"'))
    expect(challenges.filter((line) => !line.includes('"outcome":"refused"'))).toEqual([])
  })
})
