import { beforeAll, describe, expect, it } from 'vitest'
import { evaluateLogin } from '../../src/policy/login.ts'
import { attestation, compileConfig, createWorld, ISSUER, NOW, policySet, type World } from '../policy/fixture.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})

const binding = {
  namespace: 'spirl-system',
  node: { name: 'ip-10-0-1-1.ec2.internal', uid: '58456cb0-dd00-45ed-b797-5578fdceaced' },
  pod: { name: 'spirl-agent-jv9gn', uid: '778a530c-b3f4-47c0-9cd5-ab018fb64f33' },
  serviceaccount: { name: 'spirl-agent', uid: 'a087d5a0-e1dd-43ec-93ac-f13d89cd13af' },
}

async function refusalCode(token: string, config: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const outcome = await evaluateLogin([attestation(token)], policySet(['p', world.requirement(config)]), world.context)
  if (outcome.kind === 'admitted') return 'admitted'
  return outcome.refusals.map(({ refusal }) => refusal.code).join()
}

describe('k8s_token', () => {
  it('admits a good token, and proves what the catalogue says', async () => {
    const outcome = await evaluateLogin(
      [attestation(await world.mint())],
      policySet(['p', world.requirement()]),
      world.context,
    )
    expect(outcome).toMatchObject({ kind: 'admitted', expiresAtSeconds: NOW + 3600 })
    const attributes = outcome.kind === 'admitted' ? outcome.attributes : []
    expect(Object.fromEntries(attributes.map(({ name, value }) => [name, value]))).toEqual({
      'k8s_token.issuer': ISSUER,
      'k8s_token.namespace': 'spirl-system',
      'k8s_token.service_account.name': 'spirl-agent',
      'k8s_token.service_account.uid': binding.serviceaccount.uid,
      'k8s_token.pod.name': 'spirl-agent-jv9gn',
      'k8s_token.pod.uid': binding.pod.uid,
      'k8s_token.node.name': 'ip-10-0-1-1.ec2.internal',
      'k8s_token.node.uid': binding.node.uid,
    })
    expect(attributes.every(({ origin }) => origin === 'k8s_token')).toBe(true)
  })

  it('admits a token without pod, node and jti, which older clusters and kubectl create token make', async () => {
    const token = await world.mint({ jti: undefined, 'kubernetes.io': { ...binding, pod: undefined, node: undefined } })
    expect(await refusalCode(token)).toBe('admitted')
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['expired', 'token_expired', { iat: NOW - 600, nbf: NOW - 600, exp: NOW - 30 }],
    ['not yet valid', 'token_not_yet_valid', { nbf: NOW + 31 }],
    ['issued in the future', 'token_issued_in_future', { iat: NOW + 31, nbf: undefined }],
    ['of another issuer', 'issuer_mismatch', { iss: 'https://oidc.example.com/id/2' }],
    ['of the issuer with a slash', 'issuer_mismatch', { iss: `${ISSUER}/` }],
    ['for another audience', 'audience_mismatch', { aud: ['https://kubernetes.default.svc'] }],
    ['for no audience', 'claim_missing', { aud: undefined }],
    ['without exp', 'claim_missing', { exp: undefined }],
    ['without kubernetes.io', 'claim_missing', { 'kubernetes.io': undefined }],
    ['extended for the API server', 'token_extended', { 'kubernetes.io': { ...binding, warnafter: NOW + 3607 } }],
    ['without a service account', 'claim_malformed', { 'kubernetes.io': { ...binding, serviceaccount: undefined } }],
    ['with a pod that is a text', 'claim_malformed', { 'kubernetes.io': { ...binding, pod: 'x' } }],
    ['with a node without a name', 'claim_malformed', { 'kubernetes.io': { ...binding, node: {} } }],
    ['whose sub names another account', 'subject_mismatch', { sub: 'system:serviceaccount:spirl-system:admin' }],
    ['whose sub names another namespace', 'subject_mismatch', { sub: 'system:serviceaccount:default:spirl-agent' }],
    ['without sub', 'subject_mismatch', { sub: undefined }],
    [
      'whose namespace smuggles a colon',
      'subject_mismatch',
      {
        sub: 'system:serviceaccount:a:b:c',
        'kubernetes.io': { ...binding, namespace: 'a:b', serviceaccount: { name: 'c' } },
      },
    ],
    ['that lives longer than a day', 'token_lifetime_excessive', { exp: NOW + 86_401 }],
  ])('refuses a token %s: %s', async (_what, code, claims) => {
    expect(await refusalCode(await world.mint(claims))).toBe(code)
  })

  it('tells a legacy token of a secret by its own code', async () => {
    const token = await world.mint({
      iss: 'kubernetes/serviceaccount',
      aud: undefined,
      exp: undefined,
      iat: undefined,
      nbf: undefined,
      'kubernetes.io': undefined,
      'kubernetes.io/serviceaccount/namespace': 'spirl-system',
      'kubernetes.io/serviceaccount/service-account.name': 'spirl-agent',
    })
    expect(await refusalCode(token)).toBe('token_legacy')
    expect(
      await refusalCode(
        await world.mint({ 'kubernetes.io': undefined, 'kubernetes.io/serviceaccount/namespace': 'x' }),
      ),
    ).toBe('token_legacy')
  })

  it.each<[string, string, Record<string, unknown>, Record<string, unknown>]>([
    ['audiences replace the default', 'audience_mismatch', { audiences: ['other'] }, {}],
    ['any audience fits', 'admitted', { audiences: ['x', 'other'] }, { aud: ['y', 'other'] }],
    ['namespace', 'namespace_not_allowed', { serviceAccountNamespace: 'kube-system' }, {}],
    ['namespace, right', 'admitted', { serviceAccountNamespace: 'spirl-system' }, {}],
    ['name', 'service_account_not_allowed', { serviceAccountName: 'spirl' }, {}],
    ['name, right', 'admitted', { serviceAccountName: 'spirl-agent' }, {}],
    ['accounts', 'service_account_not_allowed', { allowedServiceAccounts: ['a:b', 'kube-*:*'] }, {}],
    ['accounts, right', 'admitted', { allowedServiceAccounts: ['a:b', 'spirl-*:spirl-*'] }, {}],
    ['nodes', 'node_not_allowed', { allowedNodes: ['ip-11-*'] }, {}],
    ['nodes, right', 'admitted', { allowedNodes: ['ip-10-*'] }, {}],
    [
      'nodes, for a token without',
      'node_not_allowed',
      { allowedNodes: ['*'] },
      { 'kubernetes.io': { ...binding, node: undefined } },
    ],
    ['bound pod', 'pod_required', { requireBoundPod: true }, { 'kubernetes.io': { ...binding, pod: undefined } }],
    ['bound pod, right', 'admitted', { requireBoundPod: true }, {}],
    ['lifetime over', 'token_lifetime_excessive', { maxTokenLifetime: '59m59s' }, {}],
    ['lifetime at', 'admitted', { maxTokenLifetime: '1h' }, {}],
    ['a day at', 'admitted', {}, { exp: NOW + 86_400 }],
  ])('pins: %s: %s', async (_what, code, config, claims) => {
    expect(await refusalCode(await world.mint(claims), config)).toBe(code)
  })

  it('never tells the caller what the policy expects', async () => {
    const requirement = world.requirement({ serviceAccountNamespace: 'secret-ns', audiences: ['spiffe://example.org'] })
    const outcome = await evaluateLogin([attestation(await world.mint())], policySet(['p', requirement]), world.context)
    const refusal = outcome.kind === 'refused' ? outcome.refusals[0]?.refusal : undefined
    expect(refusal?.detail).not.toContain('secret-ns')
    expect(refusal?.audit).toEqual({ serviceAccountNamespace: 'secret-ns' })
  })
})

describe('the configuration of k8s_token', () => {
  const good = { issuerURL: ISSUER }

  it.each<[string, Record<string, unknown>, string]>([
    ['the gateway as issuer', { issuerURL: 'https://login.example.org' }, 'issuer_forbidden at issuerURL'],
    ['http', { issuerURL: 'http://oidc.example.com' }, 'url_forbidden at issuerURL'],
    ['a private address', { issuerURL: 'https://10.0.0.1' }, 'url_forbidden at issuerURL'],
    ['a private key set', { jwksURI: 'https://kubernetes.default.svc/openid/v1/jwks' }, 'url_forbidden at jwksURI'],
    ['two key sources', { jwksURI: 'https://a.example.com/k', jwks: { keys: [] } }, 'field_conflict at jwks'],
    ['a set without keys', { jwks: { keys: [] } }, 'key_unusable at jwks.keys'],
    ['a symmetric key', { jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }, 'key_unusable at jwks.keys'],
    ['a lifetime of no unit', { maxTokenLifetime: '10' }, 'value_invalid at maxTokenLifetime'],
    ['a lifetime of a second', { maxTokenLifetime: '59s' }, 'value_invalid at maxTokenLifetime'],
    [
      'an account without namespace',
      { allowedServiceAccounts: ['agent'] },
      'value_invalid at allowedServiceAccounts.0',
    ],
  ])('refuses %s', (_what, change, expected) => {
    const { requirement, issues } = compileConfig({ ...good, ...change })
    expect(requirement).toBeUndefined()
    expect(issues.map(({ code, path }) => `${code} at ${path.join('.')}`)).toEqual([expected])
  })

  it('does not fetch from the issuer, and so lets it be private, when keys come from elsewhere', () => {
    const config = {
      issuerURL: 'https://kubernetes.default.svc.cluster.local',
      jwksURI: 'https://keys.example.com/c-1',
    }
    expect(compileConfig(config)).toMatchObject({
      requirement: { selector: config.issuerURL, keySource: { kind: 'jwks_uri' } },
      issues: [],
    })
  })

  it('skips an unknown key with a warning, and uses the others', () => {
    const keys = [null, { kty: 'AKP', kid: 'pq' }, world.key.publicJwk]
    const { requirement, issues } = compileConfig({ ...good, jwks: { keys } })
    expect(requirement).toBeDefined()
    expect(issues.map(({ code, path }) => [code, path])).toEqual([
      ['key_skipped', ['jwks', 'keys', 0]],
      ['key_skipped', ['jwks', 'keys', 1]],
    ])
  })

  it.each<[Record<string, unknown>, boolean]>([
    [{}, false],
    [{ serviceAccountNamespace: 'spirl-system' }, false],
    [{ requireBoundPod: true }, false],
    [{ allowedServiceAccounts: ['*:*'] }, false],
    [{ allowedServiceAccounts: ['spirl-system:*', '*:*'] }, false],
    [{ serviceAccountName: 'spirl-agent' }, true],
    [{ allowedServiceAccounts: ['spirl-system:*'] }, true],
    [{ allowedNodes: ['ip-10-*'] }, true],
    [{ allowedNodes: ['*'] }, false],
  ])('%j is scoped: %s', (change, scoped) => {
    expect(compileConfig({ ...good, ...change }).requirement?.scoped).toBe(scoped)
  })

  it.each<[Record<string, unknown>, boolean]>([
    [{}, false],
    [{ serviceAccountName: 'server' }, false],
    [{ allowedServiceAccounts: ['spirl:*'] }, false],
    [{ allowedNodes: ['n'] }, false],
    [{ serviceAccountNamespace: 'spirl', serviceAccountName: 'server' }, true],
    [{ allowedServiceAccounts: ['spirl:server'] }, true],
  ])('in the trust domain, %j compiles: %s', (change, compiles) => {
    const { requirement, issues } = compileConfig({ ...good, ...change }, { exactPins: true })
    expect(requirement !== undefined).toBe(compiles)
    if (!compiles) expect(issues.map(({ code }) => code)).toEqual(['pin_missing'])
  })
})
