// Attestor types that are documented and not built: such a policy admits nobody, its section is unhealthy, and every
// other policy of the document goes on.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSectionStatus } from '../../src/config/live/status.ts'
import { ISSUES_MAX } from '../../src/core/limits.ts'
import { createDecisions } from '../../src/policy/login/decision.ts'
import { bench } from '../cli/call.ts'
import { createWorld, type World } from '../gateway/fixture.ts'
import { createWorld as createPolicyWorld } from '../policy/fixture.ts'
import { TABLE } from './compile-context.ts'
import { compile, found } from './document.ts'

const pins = 'serviceAccountNamespace: spirl-system, serviceAccountName: spirl-agent'
const k8s = (issuer: string): string => `{type: k8s_token, config: {issuerURL: "${issuer}", ${pins}}}`
const good = k8s('https://oidc.example.com')

function attestation(...policies: readonly string[]): string {
  const list = policies.map((attestors, index) => `    - {name: p${index}, requiredAttestors: [${attestors}]}\n`)
  return `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${list.join('')}`
}

const TYPES = [
  ...['aws_iid', 'aws_token', 'azure_msi', 'azure_imds', 'gcp_iit', 'ssh_pop', 'x509_pop', 'tpm_ek', 'tpm_devid'],
  ...['http_dns', 'custom_jwt', 'extension', 'github'],
]

describe('a documented attestor type that is not built', () => {
  it('is every one of the documentation that the table has no row for', () => {
    expect([...TABLE.unsupported].toSorted()).toEqual(TYPES.filter((type) => !TABLE.rows.has(type)).toSorted())
  })

  it.each([...TABLE.unsupported])('%s compiles, and is said to be unsupported', (type) => {
    for (const attestor of [`{type: ${type}}`, `{type: ${type}, config: {anything: [1, {at: all}]}}`]) {
      const result = compile('AgentAttestation', attestation(good, attestor))
      expect(result.ok).toBe(true)
      expect(found(result)).toEqual(['6:45 attestor_unsupported spec.policies.1.requiredAttestors.0.type'])
      expect(result.ok && result.value.policies.map(({ name }) => name)).toEqual(['p0', 'p1'])
    }
  })

  it('compiles in the trust domain as well', () => {
    const text = 'section: TrustDomainServerAttestation\nschema: v1\nspec: {requiredAttestors: [{type: tpm_devid}]}\n'
    const result = compile('TrustDomainServerAttestation', text)
    expect([result.ok, found(result)]).toEqual([true, ['3:35 attestor_unsupported spec.requiredAttestors.0.type']])
  })

  it.each<[string, string, readonly string[]]>([
    ['a type that nobody documents', '{type: mfa}', ['5:45 attestor_unknown']],
    ['a misspelt supported type', '{type: k8s_tokn}', ['5:45 attestor_unknown']],
    ['a misspelt documented type', '{type: aws_idd}', ['5:45 attestor_unknown']],
    [
      'two of one type',
      '{type: tpm_devid}, {type: tpm_devid}',
      ['5:45 attestor_unsupported', '5:64 attestor_duplicate'],
    ],
    ['an unknown field beside it', '{type: tpm_devid, cofig: {}}', ['5:56 field_unknown']],
  ])('does not excuse %s', (_what, attestors, expected) => {
    const result = compile('AgentAttestation', attestation(attestors))
    expect(result.ok).toBe(false)
    const codes = found(result).map((line) => line.split(' ').slice(0, 2).join(' '))
    expect(codes).toEqual(expect.arrayContaining([...expected]))
  })

  it('is not named where another type was meant', () => {
    const result = compile('AgentAttestation', attestation('{type: gcp_token}'))
    const message = result.ok ? '' : (result.issues[0]?.message ?? '')
    expect(message).not.toContain('did you mean')
    expect(message).toContain('k8s_token')
  })

  it('makes the section unhealthy while its document is in force', () => {
    const result = compile('AgentAttestation', attestation(good, '{type: tpm_devid}'))
    const read = {
      kind: 'in_force',
      value: 'any',
      digest: 'd',
      desiredDigest: 'd',
      stale: false,
      issues: [],
      warnings: result.ok ? result.warnings : [],
      attemptedAtMillis: 0,
      appliedAtMillis: 0,
    } as const
    expect(createSectionStatus('AgentAttestation', read)).toMatchObject({
      health: 'UNHEALTHY',
      appliedDigest: 'd',
      issues: [{ code: 'attestor_unsupported' }],
      warnings: [],
    })
  })

  it('keeps what stops a document among the issues, however many such policies there are', () => {
    const many = Array.from({ length: 3 * ISSUES_MAX }, () => '{type: tpm_devid}')
    const whole = compile('AgentAttestation', attestation(...many, good))
    expect(whole.ok && whole.value.policies).toHaveLength(3 * ISSUES_MAX + 1)
    const broken = compile('AgentAttestation', attestation(...many, '{type: mfa}'))
    expect(broken.ok ? [] : broken.issues.map(({ code }) => code)).toContain('attestor_unknown')
  })
})

describe('config, with a documented attestor type that is not built', () => {
  it('validate fails it, and set stores it with its finding', async () => {
    const { file, call } = bench()
    const name = file('a.yaml', attestation(good, '{type: tpm_devid}'))
    const validated = await call('config', 'validate', '--json', name)
    expect(validated.exitCode).toBe(1)
    expect(JSON.parse(validated.out).files[0]).toMatchObject({
      valid: false,
      issues: [{ code: 'attestor_unsupported', line: 6 }],
    })
    const stored = await call('config', 'set', 'cluster', '--id', 'c-1', '--store', 'store', name)
    expect([stored.exitCode, stored.err]).toEqual([0, expect.stringContaining('attestor_unsupported')])
  })
})

describe('a login, where a policy requires an attestor that is not built', () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld({ stateless: true })
  })
  beforeEach(() => {
    world.store.values.clear()
    world.restart()
    world.records.length = 0
  })
  afterAll(() => world.stop())

  const mint = (): Promise<string> => world.issuer.mint({ nowSeconds: Math.floor(Date.now() / 1000), claims: {} })
  const put = (...policies: readonly string[]): void =>
    world.store.put('clusters/c-1/AgentAttestation', attestation(...policies))
  const login = (attestations: readonly object[]) =>
    world.post('/v1/clusters/c-1/login', JSON.stringify({ attestations }))
  const token = async () => ({ type: 'k8s_token', evidence: { token: await mint() } })
  const aws = { type: 'tpm_devid', evidence: { pkcs7: 'x' } }

  it('is decided by the other policies', async () => {
    put('{type: tpm_devid}', k8s(world.issuer.issuer))
    expect(await login([await token()])).toMatchObject({ status: 200, body: { policy: 'p1' } })
    expect(await login([aws, await token()])).toMatchObject({ status: 200, body: { policy: 'p1' } })
  })

  it('never satisfies that policy, whatever is sent', async () => {
    put(`${k8s(world.issuer.issuer)}, {type: tpm_devid}`)
    const alone = await login([await token()])
    expect([alone.status, alone.body.refusals?.map(({ code }) => code)]).toEqual([403, ['attestor_missing']])
    expect(JSON.stringify(world.records)).toContain('attestor_unsupported')
    const both = await login([await token(), aws])
    expect([both.status, both.body.refusals?.map(({ code }) => code)]).toEqual([
      403,
      ['attestor_missing', 'attestor_unsupported'],
    ])
  })

  it('is 401 with such evidence alone, which is not said to be unasked for', async () => {
    put('{type: tpm_devid}')
    const { status, body } = await login([aws])
    expect([status, body.refusals?.map(({ code }) => code)]).toEqual([401, ['attestor_unsupported']])
  })
})

describe('a session whose policy now requires an attestor that is not built', () => {
  it('is refused, and not a fault', async () => {
    const { context } = await createPolicyWorld()
    const decisions = createDecisions({ attestors: TABLE, engine: context.engine, defaultAudience: 'a' })
    const result = compile('AgentAttestation', attestation(`${good}, {type: tpm_devid}`))
    const [policy] = result.ok ? result.value.policies : []
    if (policy === undefined) throw new Error('does not compile')
    const login = { attributes: [], decision: { digest: 'x', proofs: [] } }
    expect(await decisions.recheck(login, policy)).toMatchObject({ code: 'attestor_unsupported' })
  })
})
