import { beforeAll, describe, expect, it } from 'vitest'
import { KEY_SET_INLINE_MAX_KEYS, UID_MAX_LENGTH } from '../../../src/core/limits.ts'
import { evaluateLogin } from '../../../src/policy/login/login.ts'
import { attestation, compileConfig, createWorld, ISSUER, NOW, policySet, type World } from '../../policy/fixture.ts'

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
    // That there is a `warnafter` says it, whatever it holds.
    ['extended, warning from the start', 'token_extended', { 'kubernetes.io': { ...binding, warnafter: 0 } }],
    ['extended, without a time', 'token_extended', { 'kubernetes.io': { ...binding, warnafter: null } }],
    ['extended, with an empty time', 'token_extended', { 'kubernetes.io': { ...binding, warnafter: '' } }],
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
    [
      'whose account smuggles a colon',
      'subject_mismatch',
      {
        sub: 'system:serviceaccount:a:b:c',
        'kubernetes.io': { ...binding, namespace: 'a', serviceaccount: { name: 'b:c' } },
      },
    ],
    ['that lives longer than a day', 'token_lifetime_excessive', { exp: NOW + 86_401 }],
  ])('refuses a token %s: %s', async (_what, code, claims) => {
    expect(await refusalCode(await world.mint(claims))).toBe(code)
  })

  const longest = `${'a'.repeat(63)}.`.repeat(4).slice(0, 253)

  it.each<[string, string]>([
    ['NUL', 'a\u0000b'],
    ['a line end', 'a\nb'],
    ['a path', 'a/../b'],
    ['an upper-case letter', 'Agent'],
    ['an underscore', 'a_b'],
    ['a hyphen at its end', 'a-'],
    ['an empty label', 'a..b'],
    ['a letter outside ASCII', 'agént'],
    ['5,000 characters', 'a'.repeat(5_000)],
  ])('refuses a token with %s in a name', async (_what, name) => {
    const named: readonly Record<string, unknown>[] = [
      { sub: `system:serviceaccount:${name}:spirl-agent`, 'kubernetes.io': { ...binding, namespace: name } },
      {
        sub: `system:serviceaccount:spirl-system:${name}`,
        'kubernetes.io': { ...binding, serviceaccount: { name, uid: 'u' } },
      },
      { 'kubernetes.io': { ...binding, pod: { name, uid: 'u' } } },
      { 'kubernetes.io': { ...binding, node: { name, uid: 'u' } } },
    ]
    for (const claims of named) expect(await refusalCode(await world.mint(claims))).toBe('claim_malformed')
  })

  it.each<[string, string, Record<string, unknown>]>([
    ['a node of the longest name', 'admitted', { node: { name: longest, uid: 'u' } }],
    ['a node of one character more', 'claim_malformed', { node: { name: `${longest}a`, uid: 'u' } }],
    ['a pod whose name has dots', 'admitted', { pod: { name: 'a.b-1.c', uid: 'u' } }],
    ['a pod without a uid', 'admitted', { pod: { name: 'a' } }],
    ['a uid of the longest length', 'admitted', { pod: { name: 'a', uid: 'u'.repeat(UID_MAX_LENGTH) } }],
    ['a uid of one character more', 'claim_malformed', { pod: { name: 'a', uid: 'u'.repeat(UID_MAX_LENGTH + 1) } }],
    ['an empty uid', 'claim_malformed', { pod: { name: 'a', uid: '' } }],
    ['a uid that begins with a line end', 'claim_malformed', { node: { name: 'a', uid: '\nu' } }],
    ['a uid with a line end', 'claim_malformed', { node: { name: 'a', uid: 'u\n' } }],
    ['a uid outside ASCII', 'claim_malformed', { serviceaccount: { name: 'spirl-agent', uid: 'é' } }],
  ])('reads %s: %s', async (_what, code, change) => {
    expect(await refusalCode(await world.mint({ 'kubernetes.io': { ...binding, ...change } }))).toBe(code)
  })

  it.each([
    [63, 'admitted'],
    [64, 'claim_malformed'],
  ])('holds a namespace to %d characters and says %s', async (length, code) => {
    const namespace = 'n'.repeat(length)
    const claims = {
      sub: `system:serviceaccount:${namespace}:spirl-agent`,
      'kubernetes.io': { ...binding, namespace },
    }
    expect(await refusalCode(await world.mint(claims))).toBe(code)
    // A namespace is one label, and no name with dots.
    const dotted = { sub: 'system:serviceaccount:a.b:spirl-agent', 'kubernetes.io': { ...binding, namespace: 'a.b' } }
    expect(await refusalCode(await world.mint(dotted))).toBe('claim_malformed')
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
    ['nodes, one of two', 'admitted', { allowedNodes: ['ip-11-*', 'ip-10-*'] }, {}],
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

  it.each([
    ['issuerURL', { issuerURL: 'https://kubernetes.default.svc.cluster.local' }],
    ['jwksURI', { jwksURI: 'https://kubernetes.default.svc.cluster.local/openid/v1/jwks' }],
  ])('names the setting that lets %s be private', (_field, change) => {
    const [issue] = compileConfig({ ...good, ...change }).issues
    expect(issue?.message).toContain('list "https://kubernetes.default.svc.cluster.local" in PRIVATE_ISSUERS')
  })

  it('does not fetch from the issuer, and so lets it be private, when keys come from elsewhere', () => {
    const config = {
      issuerURL: 'https://kubernetes.default.svc.cluster.local',
      jwksURI: 'https://keys.example.com/c-1',
    }
    expect(compileConfig(config)).toMatchObject({
      requirement: { selector: config.issuerURL, anchor: { fetchedFrom: { kind: 'jwks_uri' } } },
      issues: [],
    })
  })

  it('takes so many keys inline, and refuses a set of more rather than to read a part of it', () => {
    const keys = (count: number): readonly unknown[] =>
      Array.from({ length: count }, (_, n) => ({ ...world.key.publicJwk, kid: `k${n}` }))
    const compiled = (count: number) => compileConfig({ ...good, jwks: { keys: keys(count) } })
    expect(compiled(KEY_SET_INLINE_MAX_KEYS)).toMatchObject({ requirement: expect.anything(), issues: [] })
    expect(compiled(KEY_SET_INLINE_MAX_KEYS + 1)).toMatchObject({
      requirement: undefined,
      issues: [{ code: 'value_out_of_range', path: ['jwks', 'keys'] }],
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

  it.each<[string, readonly string[], readonly number[]]>([
    ['our own', ['spiffe://example.org'], []],
    ['the API server', ['https://kubernetes.default.svc'], [0]],
    ['the API server, by its whole name', ['https://kubernetes.default.svc.cluster.local'], [0]],
    ['the API server of a cluster with another domain', ['https://kubernetes.default.svc.corp.example'], [0]],
    ['the API server, by a short name', ['https://kubernetes.default'], [0]],
    ['the API server, by its shortest name', ['https://kubernetes'], [0]],
    ['the API server, with a port', ['https://kubernetes.default.svc:443'], [0]],
    ['the API server, with a slash', ['https://kubernetes.default.svc/'], [0]],
    ['the API server, in capitals', ['HTTPS://Kubernetes.Default.SVC'], [0]],
    ['the API server, without a scheme', ['kubernetes.default.svc'], [0]],
    [
      'the API server, as distributions call it',
      ['kubernetes.svc.default', 'k3s', 'RKE2', 'kubernetes', 'api'],
      [0, 1, 2, 3, 4],
    ],
    ['the API server after our own', ['spiffe://example.org', 'https://kubernetes.default.svc'], [1]],
    // kube-apiserver takes its issuer for its audience unless it is given another (--api-audiences).
    ['the issuer', [ISSUER], [0]],
    ['a host that merely begins alike', ['https://kubernetes.default.svcs.example', 'https://kubernetes.example'], []],
    ['a path of another host', ['https://example.org/kubernetes.default.svc'], []],
  ])('warns of an audience that every pod’s own token has: %s', (_what, audiences, indexes) => {
    const { requirement, issues } = compileConfig({ ...good, audiences })
    expect(requirement).toBeDefined()
    expect(issues.map(({ code, path }) => [code, path])).toEqual(
      indexes.map((index) => ['audience_shared', ['audiences', index]]),
    )
  })

  it.each<[string, readonly string[]]>([
    ['1h', []],
    ['24h', []],
    ['24h0m1s', ['token_lifetime_long']],
    ['87600h', ['token_lifetime_long']],
  ])('warns of tokens that live longer than a day: %s', (maxTokenLifetime, expected) => {
    const { requirement, issues } = compileConfig({ ...good, maxTokenLifetime })
    expect(requirement).toBeDefined()
    expect(issues.map(({ code }) => code)).toEqual(expected)
  })

  it.each<[Record<string, unknown>, boolean]>([
    [{}, false],
    [{ serviceAccountNamespace: 'spirl-system' }, false],
    [{ requireBoundPod: true }, false],
    [{ allowedServiceAccounts: ['*:*'] }, false],
    [{ allowedServiceAccounts: ['spirl-system:*', '*:*'] }, false],
    [{ serviceAccountName: 'spirl-agent' }, false],
    [{ serviceAccountNamespace: 'spirl-system', serviceAccountName: 'spirl-agent' }, true],
    [{ allowedServiceAccounts: ['spirl-system:*'] }, false],
    [{ allowedServiceAccounts: ['spirl-system:a*'] }, false],
    [{ allowedServiceAccounts: ['*:spirl-agent'] }, false],
    [{ allowedServiceAccounts: ['spirl-*:spirl-agent'] }, false],
    [{ allowedServiceAccounts: ['*:*a*'] }, false],
    [{ allowedServiceAccounts: ['spirl-system:spirl-agent'] }, true],
    [{ allowedServiceAccounts: ['spirl-system:spirl-agent', 'spirl-eu:agent'] }, true],
    [{ allowedServiceAccounts: ['spirl-system:spirl-agent', '*:agent'] }, false],
    // What one field leaves open the other one may fix: both are asked of a token.
    [{ serviceAccountNamespace: 'spirl-system', allowedServiceAccounts: ['*:spirl-agent'] }, true],
    [{ serviceAccountName: 'spirl-agent', allowedServiceAccounts: ['spirl-system:*'] }, true],
    [{ serviceAccountName: 'spirl-agent', allowedServiceAccounts: ['*:spirl-*'] }, false],
    [{ allowedNodes: ['ip-10-*'] }, false],
    [{ allowedNodes: ['ip-10-0-0-1'] }, false],
    [{ allowedNodes: ['*'] }, false],
    [{ allowedNodes: ['*'], serviceAccountNamespace: 'spirl-system', serviceAccountName: 'spirl-agent' }, true],
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
    [{ serviceAccountName: 'server', allowedServiceAccounts: ['spirl:*'] }, false],
    [{ serviceAccountName: 'server', allowedServiceAccounts: ['*:*'] }, false],
  ])('in the trust domain, %j compiles: %s', (change, compiles) => {
    const { requirement, issues } = compileConfig({ ...good, ...change }, { exactPins: true })
    expect(requirement !== undefined).toBe(compiles)
    if (!compiles) expect(issues.map(({ code }) => code)).toEqual(['pin_missing'])
  })
})
