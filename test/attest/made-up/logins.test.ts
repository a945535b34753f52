// A made-up attestor of keys, and one of a section, in a process of its own: what it admits, what it refuses and with which
// code, what its records say.
import { mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSigningKey, startIssuer, type TestIssuer } from '../../token/issuer.ts'
import { accountTokenOf, buildTokenOf, regionNoteOf, SENT } from './agents.ts'
import { type Certified, makeCertificate } from './certificate.ts'
import { type GatewayProcess, startGateway } from './gateway-process.ts'

const DIGEST = expect.stringMatching(/^[\w-]{43}$/)
const CONFIGURATION = { digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), stale: false }

let issuer: TestIssuer
let gateway: GatewayProcess
let signer: Certified
beforeAll(async () => {
  ;[issuer, gateway] = await Promise.all([startIssuer(), startGateway()])
  signer = makeCertificate('us-east-1')
})
afterAll(() => Promise.all([issuer.stop(), gateway.stop()]))

const build = (config: object = {}): object => ({
  type: 'build_token',
  config: { issuerURL: issuer.issuer, repository: 'acme/site', ...config },
})
const account = (): object => ({
  type: 'k8s_token',
  config: { issuerURL: issuer.issuer, serviceAccountNamespace: 'spirl-system', serviceAccountName: 'spirl-agent' },
})

describe('an attestor of keys', () => {
  beforeAll(() => gateway.putPolicy('build', [build({ refs: ['refs/heads/main', 'refs/tags/v1'] })]))

  it.each<[string, () => object]>([
    ['that are discovered', () => ({})],
    ['that are at a place of their own', () => ({ jwksURI: issuer.jwksUrl })],
    ['that are in the document', () => ({ jwks: { keys: [issuer.newestKey().publicJwk] } })],
  ])('admits by keys %s', async (what, config) => {
    const clusterId = what.replaceAll(' ', '-')
    gateway.putPolicy(clusterId, [build(config())])
    const answer = await gateway.login(clusterId, await buildTokenOf(issuer))
    expect([answer.status, answer.body]).toMatchObject([
      200,
      {
        clusterId,
        policy: 'p',
        session: { token: expect.stringMatching(/^ey/), tokenType: 'Bearer' },
        attributes: [
          { origin: 'build_token', name: 'build_token.issuer', value: issuer.issuer },
          { origin: 'build_token', name: 'build_token.repository', value: 'acme/site' },
          { origin: 'build_token', name: 'build_token.ref', value: 'refs/heads/main' },
        ],
        configuration: { AgentAttestation: CONFIGURATION },
      },
    ])
    expect(await answer.record()).toMatchObject({
      event: 'login',
      outcome: 'admitted',
      clusterId,
      policy: 'p',
      evidence: [{ type: 'build_token', digest: DIGEST }],
      attributes: answer.body['attributes'],
      configuration: { section: 'AgentAttestation', ...CONFIGURATION },
    })
  })

  it.each<[string, Readonly<Record<string, unknown>>, number, string]>([
    ['another repository', { repository: 'acme/other' }, 403, 'condition_failed'],
    ['another ref', { ref: 'refs/heads/x' }, 403, 'condition_failed'],
    ['a repository that is no name', { repository: 7 }, 401, 'claim_missing'],
    ['no repository', { repository: undefined }, 401, 'claim_missing'],
    ['another audience', { aud: ['elsewhere'] }, 401, 'audience_mismatch'],
    ['another issuer', { iss: 'https://ci.example.com' }, 401, 'issuer_mismatch'],
    ['an end that has passed', { iat: 1_700_000_000, nbf: undefined, exp: 1_700_000_600 }, 401, 'token_expired'],
    ['a life of a week', { exp: Math.floor(Date.now() / 1000) + 7 * 86_400 }, 403, 'token_lifetime_excessive'],
  ])('refuses a token with %s', async (_what, claims, status, code) => {
    const answer = await gateway.login('build', await buildTokenOf(issuer, claims))
    expect([answer.status, answer.body.code, answer.codes]).toEqual([status, 'login_refused', [code]])
    const isRead = code !== 'claim_missing'
    expect(await answer.record()).toMatchObject({
      outcome: 'refused',
      status,
      evidence: [
        { type: 'build_token', ...(isRead ? { digest: DIGEST } : {}), claimed: { issuer: expect.any(String) } },
      ],
    })
  })

  it('refuses a token of a key that the issuer does not have, and says what it claims', async () => {
    const stranger = await createSigningKey('key-1')
    const { type, evidence } = await buildTokenOf(issuer)
    const forged = await issuer.mint({ key: stranger, claims: { repository: 'acme/site', ref: 'refs/heads/main' } })
    SENT.push(forged)
    const answer = await gateway.login('build', { type, evidence: { ...evidence, token: forged } })
    expect([answer.status, answer.codes]).toEqual([401, ['signature_invalid']])
    const record = await answer.record()
    expect(record).toMatchObject({ evidence: [{ claimed: { subject: 'acme/site', keyId: 'key-1' } }] })
    expect(record['attributes']).toBeUndefined()
  })

  it('tells the operator what the policy expects, and the caller nothing of it', async () => {
    const answer = await gateway.login('build', await buildTokenOf(issuer, { ref: 'refs/heads/x' }))
    expect(await answer.record()).toMatchObject({
      attributes: [{}, {}, { name: 'build_token.ref', value: 'refs/heads/x' }],
      refusals: [{ code: 'condition_failed', expected: { refs: ['refs/heads/main', 'refs/tags/v1'] } }],
    })
    expect(JSON.stringify(answer.body)).not.toContain('refs/tags/v1')
  })

  it('waits for an issuer that does not answer', async () => {
    const silent = await startIssuer()
    gateway.putPolicy('silent', [build({ issuerURL: silent.issuer })])
    const token = await buildTokenOf(silent)
    silent.setDown(true)
    const answer = await gateway.login('silent', token)
    await silent.stop()
    expect([answer.status, answer.body.code, answer.codes]).toEqual([
      503,
      'signing_key_unavailable',
      ['signing_key_fetch_failed'],
    ])
    expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0)
  })

  it('is required beside one that ships, each with its own evidence', async () => {
    gateway.putPolicy('both', [account(), build()])
    const [token, other] = [await accountTokenOf(issuer), await buildTokenOf(issuer)]
    const both = await gateway.login('both', other, token)
    expect([both.status, both.body['policy']]).toEqual([200, 'p'])
    const alone = await gateway.login('both', other)
    expect([alone.status, alone.codes]).toEqual([403, ['attestor_missing']])
    // The token of a service account says no repository, whatever its signature says.
    const swapped = await gateway.login('both', { ...token, type: 'build_token' }, token)
    expect([swapped.status, swapped.codes]).toEqual([403, ['claim_missing', 'attestor_missing']])
  })

  it('has conditions over what it proves', async () => {
    const expression = 'build_token.repository.startsWith("acme/") && build_token.ref == "refs/heads/main"'
    gateway.putPolicy('conditions', [build({ repository: undefined })], {
      conditions: [{ expression, message: 'only the main branch' }],
    })
    expect((await gateway.login('conditions', await buildTokenOf(issuer))).status).toBe(200)
    const answer = await gateway.login('conditions', await buildTokenOf(issuer, { ref: 'refs/heads/x' }))
    expect([answer.status, answer.codes]).toEqual([403, ['condition_failed']])
    expect(JSON.stringify(answer.body)).toContain('only the main branch')
  })

  it('lets an issuer log in to the trust domain', async () => {
    gateway.put('trust-domain/TrustDomainServerAttestation', {
      policies: [{ name: 's', requiredAttestors: [build()] }],
    })
    const answer = await gateway.login(undefined, await buildTokenOf(issuer))
    expect([answer.status, answer.body['policy']]).toEqual([200, 's'])
  })

  it('takes evidence of its own form alone', async () => {
    const answer = await gateway.login('build', { type: 'build_token', evidence: { tokens: 'x' } })
    expect([answer.status, answer.body.code, answer.body['where']]).toEqual([
      400,
      'request_malformed',
      'attestations[0].evidence.token',
    ])
  })
})

describe('an attestor of a section', () => {
  const pinned = (): object => ({ certificates: [{ region: 'us-east-1', pem: signer.pem }] })
  /** Later than what is kept of a section is believed without a look at the store. */
  let aheadMillis = 0
  function forget(): Promise<void> {
    aheadMillis += 61_000
    return gateway.setAhead(aheadMillis)
  }
  const noteOf = (change: object = {}, by: Certified = signer) =>
    regionNoteOf(by, { expiresAtSeconds: Math.floor((Date.now() + aheadMillis) / 1000) + 600, ...change })
  beforeAll(() => {
    gateway.putPolicy('region', [{ type: 'region_note', config: { accounts: ['111122223333'] } }])
    gateway.putPolicy('any-region', [{ type: 'region_note' }])
  })
  afterAll(() => gateway.setAhead(0))

  // In this order: what has once been good goes on being used.
  it('refuses while there is no such section', async () => {
    const answer = await gateway.login('region', noteOf())
    expect([answer.status, answer.body.code, answer.codes]).toEqual([401, 'login_refused', ['section_missing']])
    const record = await answer.record()
    expect(record).toMatchObject({
      evidence: [{ type: 'region_note', digest: DIGEST, claimed: { issuer: 'us-east-1', subject: '111122223333' } }],
      refusals: [{ code: 'section_missing', expected: { section: 'AWSCertificates' } }],
    })
    // The name of a section is the deployment's.
    expect(JSON.stringify(answer.body)).not.toContain('AWSCertificates')
  })

  it('waits for a section that has never compiled', async () => {
    gateway.put('trust-domain/AWSCertificates', { certificates: [{ region: 'us-east-1', pem: 'none' }] })
    await forget()
    const answer = await gateway.login('region', noteOf())
    expect([answer.status, answer.body.code, answer.codes]).toEqual([503, 'configuration_invalid', ['section_invalid']])
    expect(answer.headers.get('Retry-After')).not.toBeNull()
    expect(await answer.record()).toMatchObject({
      refusals: [{ code: 'section_invalid', failure: { section: 'AWSCertificates' } }],
    })
    expect(JSON.stringify(answer.body)).not.toContain('AWSCertificates')
  })

  it('admits by the certificate that is pinned for the region', async () => {
    gateway.put('trust-domain/AWSCertificates', pinned())
    await forget()
    const answer = await gateway.login('region', noteOf())
    expect([answer.status, answer.body['attributes']]).toEqual([
      200,
      [
        { origin: 'region_note', name: 'region_note.region', value: 'us-east-1' },
        { origin: 'region_note', name: 'region_note.account', value: '111122223333' },
      ],
    ])
    expect(answer.body['configuration']).toMatchObject({
      AgentAttestation: CONFIGURATION,
      AWSCertificates: CONFIGURATION,
    })
    expect(await answer.record()).toMatchObject({
      evidence: [{ type: 'region_note', digest: DIGEST }],
      configuration: { section: 'AgentAttestation' },
      otherConfiguration: [{ section: 'AWSCertificates', ...CONFIGURATION }],
    })
  })

  it.each<[string, object, number, string]>([
    ['another account', { account: '1' }, 403, 'condition_failed'],
    ['another region', { region: 'eu-west-1' }, 401, 'signing_key_unknown'],
    ['an end that has passed', { expiresAtSeconds: 1_700_000_000 }, 401, 'token_expired'],
    ['no account', { account: undefined }, 401, 'token_malformed'],
  ])('refuses a note of %s', async (_what, change, status, code) => {
    const answer = await gateway.login('region', noteOf(change))
    expect([answer.status, answer.codes]).toEqual([status, [code]])
  })

  it('refuses a note of another signer, and one that was changed', async () => {
    const forged = await gateway.login('region', noteOf({}, makeCertificate('us-east-1')))
    expect([forged.status, forged.codes]).toEqual([401, ['signature_invalid']])
    const { type, evidence } = noteOf()
    const changed = { ...evidence, note: noteOf({ account: '111122223334' }).evidence['note'] }
    const answer = await gateway.login('region', { type, evidence: changed })
    expect([answer.status, answer.codes]).toEqual([401, ['signature_invalid']])
  })

  it('admits any account where its config is left out, and names the section once however many ask', async () => {
    const answer = await gateway.login('any-region', noteOf({ account: '9' }))
    expect(answer.status).toBe(200)
    expect((await answer.record())['otherConfiguration']).toMatchObject([{ section: 'AWSCertificates' }])
  })

  it('does not read the section for evidence that cannot pass, or that nobody asks for', async () => {
    const expired = await gateway.login('region', noteOf({ expiresAtSeconds: 1_700_000_000 }))
    expect((await expired.record())['otherConfiguration']).toBeUndefined()
    const ignored = await gateway.login('build', noteOf())
    expect([ignored.status, ignored.codes]).toEqual([401, ['evidence_not_required']])
    expect((await ignored.record())['otherConfiguration']).toBeUndefined()
  })

  it('waits for a store that fails, where nothing is in memory', async () => {
    const other = await startGateway()
    try {
      other.putPolicy('region', [{ type: 'region_note' }])
      mkdirSync(other.file('trust-domain/AWSCertificates'), { recursive: true })
      const answer = await other.login('region', regionNoteOf(signer))
      expect([answer.status, answer.body.code, answer.codes]).toEqual([
        503,
        'store_unavailable',
        ['section_unavailable'],
      ])
      expect(await answer.record()).toMatchObject({
        refusals: [{ code: 'section_unavailable', failure: { section: 'AWSCertificates' } }],
      })
    } finally {
      await other.stop()
    }
  })
})

describe('a document that is not right', () => {
  it('is unhealthy for what its attestor says of it', async () => {
    writeFileSync(gateway.file('clusters/build/AgentAttestation'), 'x')
    gateway.putPolicy('wrong', [build({ repository: '', refs: [], more: 1 })])
    const answer = await gateway.login('wrong', await buildTokenOf(issuer))
    expect([answer.status, answer.body.code]).toEqual([503, 'configuration_invalid'])
  })
})

describe('what the gateway has written', () => {
  it('holds nothing that agents have sent', () => {
    expect(SENT.length).toBeGreaterThan(30)
    const output = gateway.output()
    expect(SENT.filter((text) => output.includes(text))).toEqual([])
  })
})
