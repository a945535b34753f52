import { beforeAll, describe, expect, it } from 'vitest'
import type { Io } from '../../../src/cli/command.ts'
import { EXPLAINED_OTHERS_MAX } from '../../../src/core/limits.ts'
import { createGateway } from '../../../src/gateway/gateway.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { readSettings } from '../../../src/runtime/settings.ts'
import { makeSessionSigningKeys } from '../../../src/token/session/make-session-keys.ts'
import { createMemoryStore } from '../../config/memory-source.ts'
import { createSigningKey, type SigningKey, serviceAccountClaims, signClaims } from '../../token/issuer.ts'
import { bench as anyBench, clusterDocument, START_MILLIS } from '../call.ts'

const NOW = START_MILLIS / 1000
const ISSUER = 'https://oidc.example.com/id/1'

let key: SigningKey
let token: string
beforeAll(async () => {
  key = await createSigningKey('key-1')
  token = await mint()
})

function mint(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return signClaims(key, serviceAccountClaims(NOW, { iss: ISSUER, ...claims }))
}

const bench = (change: Partial<Io> = {}) => anyBench({ environment: { TRUST_DOMAIN: 'example.org' }, ...change })

interface PolicyText {
  readonly name: string
  readonly config?: Readonly<Record<string, unknown>>
  readonly conditions?: readonly Readonly<Record<string, string>>[]
}

/** JSON is YAML. Keys are inline unless `jwks` is set to `undefined`. */
function documentOf(...policies: readonly PolicyText[]): string {
  return JSON.stringify({
    section: 'AgentAttestation',
    schema: 'v1',
    spec: {
      policies: policies.map(({ name, config = {}, conditions }) => ({
        name,
        requiredAttestors: [
          {
            type: 'k8s_token',
            config: {
              issuerURL: ISSUER,
              serviceAccountName: 'spirl-agent',
              ...('issuerURL' in config ? {} : { jwks: { keys: [key.publicJwk] } }),
              ...config,
            },
          },
        ],
        ...(conditions === undefined ? {} : { conditions }),
      })),
    },
  })
}

const bodyOf = (text: string): string =>
  JSON.stringify({ attestations: [{ type: 'k8s_token', evidence: { token: text } }] })

const RACK = {
  expression: 'k8s_token.namespace == "spirl-system" &&\n  k8s_token.node.name.startsWith("ip-11-")',
  message: 'agents run in rack 11',
}

describe('explain', () => {
  it('draws every policy, attestor, check, condition and part of it, and says what the gateway would answer', async () => {
    const { file, call } = bench()
    const document = file(
      'd.yaml',
      documentOf(
        { name: 'strict', config: { serviceAccountNamespace: 'kube-system' } },
        { name: 'rack', conditions: [RACK] },
        { name: 'right' },
        { name: 'late' },
        { name: 'slash', config: { issuerURL: `${ISSUER}/` } },
      ),
    )
    const { exitCode, out, err } = await call('explain', document, '--evidence', file('e.json', bodyOf(token)))
    expect(err).toBe('')
    expect(exitCode).toBe(0)
    expect(out).toBe(`d.yaml  AgentAttestation, 5 policies
at 2026-01-01T00:00:01Z, audience spiffe://example.org

✗ strict  not satisfied
  k8s_token
    ✓ form              system:serviceaccount:spirl-system:spirl-agent
    ✓ issuer            https://oidc.example.com/id/1
    ✓ times             2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
    ✓ audience          spiffe://example.org
    ✓ key               ES256, kid "key-1"
    ✓ signature         by that key
    ✓ lifetime          60 min
    ✗ namespace         spirl-system; expected kube-system (namespace_not_allowed)
    ✓ service account   spirl-agent

✗ rack  not satisfied
  k8s_token
    ✓ form              system:serviceaccount:spirl-system:spirl-agent
    ✓ issuer            https://oidc.example.com/id/1
    ✓ times             2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
    ✓ audience          spiffe://example.org
    ✓ key               ES256, kid "key-1"
    ✓ signature         by that key
    ✓ lifetime          60 min
    ✓ service account   spirl-agent
  conditions
    ✗ k8s_token.namespace == "spirl-system" && k8s_token.node.name.startsWith("ip-11-")  false
      ├ k8s_token.namespace == "spirl-system"     true
      │ └ k8s_token.namespace                     "spirl-system"
      └ k8s_token.node.name.startsWith("ip-11-")  false
        └ k8s_token.node.name                     "ip-10-0-1-1.ec2.internal"
      the caller reads: agents run in rack 11

✓ right  satisfied
  k8s_token
    ✓ form              system:serviceaccount:spirl-system:spirl-agent
    ✓ issuer            https://oidc.example.com/id/1
    ✓ times             2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
    ✓ audience          spiffe://example.org
    ✓ key               ES256, kid "key-1"
    ✓ signature         by that key
    ✓ lifetime          60 min
    ✓ service account   spirl-agent

✓ late  satisfied, but not reached: right admits first
  k8s_token
    ✓ form              system:serviceaccount:spirl-system:spirl-agent
    ✓ issuer            https://oidc.example.com/id/1
    ✓ times             2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z
    ✓ audience          spiffe://example.org
    ✓ key               ES256, kid "key-1"
    ✓ signature         by that key
    ✓ lifetime          60 min
    ✓ service account   spirl-agent

– slash  it requires a k8s_token of https://oidc.example.com/id/1/, but the evidence is of https://oidc.example.com/id/1: only the policy has a slash at the end

admitted: 200, by policy right
  k8s_token.issuer                "https://oidc.example.com/id/1"
  k8s_token.namespace             "spirl-system"
  k8s_token.service_account.name  "spirl-agent"
  k8s_token.service_account.uid   "a087d5a0-e1dd-43ec-93ac-f13d89cd13af"
  k8s_token.pod.name              "spirl-agent-jv9gn"
  k8s_token.pod.uid               "778a530c-b3f4-47c0-9cd5-ab018fb64f33"
  k8s_token.node.name             "ip-10-0-1-1.ec2.internal"
  k8s_token.node.uid              "58456cb0-dd00-45ed-b797-5578fdceaced"
`)
  })

  it('prints the same as JSON', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', documentOf({ name: 'rack', conditions: [RACK] }))
    const { exitCode, out } = await call('explain', document, '--json', '--evidence', file('t', `${token}\n`))
    expect(exitCode).toBe(1)
    const report = JSON.parse(out)
    expect(report).toMatchObject({
      document: { file: 'd.yaml', section: 'AgentAttestation' },
      at: '2026-01-01T00:00:01Z',
      policies: [{ name: 'rack', state: 'not_satisfied', conditions: [{ holds: false, value: false }] }],
      verdict: { kind: 'refused', answer: { status: 403, code: 'login_refused', reason: 'no_policy_satisfied' } },
    })
    expect(report.policies[0].conditions[0].parts[0].parts[0]).toMatchObject({
      text: 'k8s_token.namespace',
      value: 'spirl-system',
    })
    expect(report.policies[0].attestors[0].checks.map((check: { name: string }) => check.name)).toContain('signature')
  })

  it('prints no part of the token, whatever becomes of it', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', documentOf({ name: 'p', conditions: [RACK] }))
    for (const text of [token, `${token}x`, token.replace('.', '..'), token.slice(0, -2)]) {
      for (const flags of [[], ['--json']]) {
        const { out, err } = await call('explain', document, ...flags, '--evidence', file('t', text))
        for (const part of token.split('.')) expect(out + err).not.toContain(part.slice(0, 40))
      }
    }
  })

  it('decides nothing over a record that leaves attributes out', async () => {
    const { file, call } = bench()
    const record = JSON.stringify({ event: 'login', attributes: [], attributesOmitted: 2 })
    const { exitCode, err } = await call(
      'explain',
      file('d.yaml', documentOf({ name: 'p' })),
      '--attributes',
      file('r', record),
    )
    expect(exitCode).toBe(2)
    expect(err).toContain('attributesOmitted')
  })

  it('reads the standard input', async () => {
    const { file, call } = bench({ input: () => Promise.resolve(new TextEncoder().encode(bodyOf(token))) })
    const { exitCode } = await call('explain', '--evidence', '-', file('d.yaml', documentOf({ name: 'p' })))
    expect(exitCode).toBe(0)
  })

  it('refuses a standard input that goes on as the gateway refuses a body', async () => {
    const { file, call } = bench({ input: () => Promise.resolve(undefined) })
    const { err, out } = await call('explain', '--evidence', '-', file('d.yaml', documentOf({ name: 'p' })))
    expect(out + err).toContain('body_too_large')
  })

  it.each([
    [EXPLAINED_OTHERS_MAX, 0],
    [EXPLAINED_OTHERS_MAX + 1, 1],
  ])('lists of %i policies that a login does not look at all but %i', async (count, omitted) => {
    const others = Array.from({ length: count }, (_, n) => ({
      name: `p${n}`,
      config: { issuerURL: `https://${n}.example.com` },
    }))
    const { file, call } = bench()
    const { out } = await call('explain', file('d.yaml', documentOf(...others)), '--evidence', file('t', token))
    expect(out.match(/^\S p[0-9]+ /gm)).toHaveLength(EXPLAINED_OTHERS_MAX)
    expect(/and [0-9]+ more/.exec(out)?.[0]).toBe(omitted === 0 ? undefined : `and ${omitted} more`)
  })

  it('lets no name of a token steer the terminal', async () => {
    const hostile = await mint({ aud: ['a\u001b[2Jb'] })
    const { file, call } = bench()
    const { out } = await call('explain', file('d.yaml', documentOf({ name: 'p' })), '--evidence', file('t', hostile))
    expect(out).toContain('a\\u001b[2Jb')
    expect(out).not.toContain('\u001b')
  })

  it('colours only where colour is wanted', async () => {
    const { file, call } = bench({ colour: true })
    const { out } = await call('explain', file('d.yaml', documentOf({ name: 'p' })), '--evidence', file('t', token))
    expect(out).toContain('\u001b[32m✓\u001b[39m')
  })
})

describe('the time of an explanation', () => {
  it.each([
    ['an hour and a half later', ['--at', '2026-01-01T01:30:00Z'], 1],
    ['the same, in another zone', ['--at', '2026-01-01T02:30:00+01:00'], 1],
    ['the same, in seconds', ['--at', String(NOW + 5400)], 1],
    ['when the token was issued', ['--at', 'iat'], 0],
    ['now', [], 1],
  ])('is %s', async (_what, flags, expected) => {
    const { file, call } = bench({ clock: () => START_MILLIS + 5_400_000 })
    const document = file('d.yaml', documentOf({ name: 'p' }))
    const { exitCode, out } = await call('explain', document, '--evidence', file('t', token), ...flags)
    expect(exitCode).toBe(expected)
    expect(out.includes('token_expired')).toBe(expected === 1)
  })
})

describe('keys that the gateway would fetch', () => {
  const discovered = (change: Readonly<Record<string, unknown>> = {}): string =>
    documentOf({ name: 'p', config: { issuerURL: ISSUER, ...change } })

  it('leave the login undecided, and the rest is told', async () => {
    const { file, call } = bench()
    const { exitCode, out } = await call('explain', file('d.yaml', discovered()), '--evidence', file('t', token))
    expect(exitCode).toBe(3)
    expect(out).toContain('? key ')
    expect(out).toContain('✓ service account   spirl-agent')
    expect(out).toContain(
      'undecided: 200, by policy p, if the signature is valid; otherwise 401 login_refused (nothing_verified)',
    )
    expect(out).toContain('--jwks FILE')
  })

  it('change nothing if a pin does not match', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', discovered({ serviceAccountName: 'other' }))
    const { exitCode, out } = await call('explain', document, '--evidence', file('t', token))
    expect(exitCode).toBe(1)
    expect(out).toContain(
      'refused regardless of the key: 403 login_refused (no_policy_satisfied) if the signature is valid, 401 login_refused (nothing_verified) otherwise',
    )
  })

  it('may be given', async () => {
    const { file, call } = bench()
    const keys = file('jwks.json', JSON.stringify({ keys: [key.publicJwk] }))
    const args = ['explain', file('d.yaml', discovered()), '--evidence', file('t', token), '--jwks']
    expect(await call(...args, keys)).toMatchObject({ exitCode: 0 })
    const others = file('others.json', JSON.stringify({ keys: [(await createSigningKey('key-1')).publicJwk] }))
    const forged = await call(...args, others)
    expect(forged.exitCode).toBe(1)
    expect(forged.out).toContain('✗ signature')
    expect(await call(...args, file('none.json', '{}'))).toMatchObject({ exitCode: 2 })
  })
})

describe('recorded attributes', () => {
  const recorded = (change: Readonly<Record<string, string>> = {}) =>
    Object.entries({
      issuer: ISSUER,
      namespace: 'spirl-system',
      'service_account.name': 'spirl-agent',
      'node.name': 'ip-11-0-0-1',
      ...change,
    }).map(([name, value]) => ({ origin: 'k8s_token', name: `k8s_token.${name}`, value }))

  it.each([
    ['a list', (attributes: unknown) => attributes],
    ['an answer', (attributes: unknown) => ({ session: {}, policy: 'p', attributes })],
    ['an audit record', (attributes: unknown) => ({ v: 1, event: 'login', outcome: 'admitted', attributes })],
  ])('decide by pins and conditions: %s', async (_what, shape) => {
    const { file, call } = bench({ environment: {} })
    const document = file(
      'd.yaml',
      documentOf({ name: 'p', config: { issuerURL: ISSUER, allowedNodes: ['ip-11-*'] }, conditions: [RACK] }),
    )
    const good = file('a.json', JSON.stringify(shape(recorded())))
    expect(await call('explain', document, '--attributes', good)).toMatchObject({ exitCode: 0 })
    const bad = file('b.json', JSON.stringify(shape(recorded({ 'node.name': 'ip-10-0-0-1' }))))
    const { exitCode, out } = await call('explain', document, '--attributes', bad)
    expect(exitCode).toBe(1)
    expect(out).toContain('✗ node              ip-10-0-0-1; expected ip-11-* (node_not_allowed)')
    expect(out).toContain('agents run in rack 11')
  })

  it('count for the issuer that they are of, as in a login', async () => {
    const { file, call } = bench({ environment: {} })
    const document = file('d.yaml', documentOf({ name: 'p', config: { issuerURL: 'https://elsewhere.example' } }))
    const attributes = file('a.json', JSON.stringify(recorded()))
    const { exitCode, out } = await call('explain', document, '--attributes', attributes, '--json')
    expect(exitCode).toBe(1)
    expect(JSON.parse(out).verdict).toMatchObject({
      kind: 'refused',
      answer: { status: 401, code: 'login_refused', reason: 'nothing_verified' },
      refusals: [{ type: 'k8s_token', refusal: { code: 'issuer_mismatch' } }],
    })
  })

  it('leave undecided what they do not hold', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', documentOf({ name: 'p', config: { audiences: ['x'] } }))
    const attributes = file('a.json', JSON.stringify(recorded()))
    const { exitCode, out } = await call('explain', document, '--attributes', attributes)
    expect(exitCode).toBe(3)
    expect(out).toContain('? audience          expected x')
    expect(out).toContain('undecided: 200, by policy p, if the checks that are not on record pass')
  })

  it('are admitted by a later policy that needs nothing else', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', documentOf({ name: 'p', config: { audiences: ['x'] } }, { name: 'q' }))
    const { exitCode, out } = await call('explain', document, '--attributes', file('a', JSON.stringify(recorded())))
    expect(exitCode).toBe(0)
    expect(out).toContain('admitted: 200, by policy q, unless p admits first')
  })

  it('must be all that a login records', async () => {
    const { file, call } = bench()
    const part = file('a.json', JSON.stringify(recorded().slice(1)))
    const { exitCode, err } = await call('explain', file('d.yaml', documentOf({ name: 'p' })), '--attributes', part)
    expect(exitCode).toBe(2)
    expect(err).toContain('k8s_token')
  })
})

describe('a document of many policies', () => {
  it('shows the candidates, the near misses, and counts the rest', async () => {
    const others = Array.from({ length: 3000 }, (_, index) => ({
      name: `o${index}`,
      config: { issuerURL: `https://elsewhere.example/${index}` },
    }))
    const document = documentOf(
      ...others,
      { name: 'case', config: { issuerURL: ISSUER.replace('id', 'ID') } },
      { name: 'p' },
    )
    const { file, call } = bench()
    const { exitCode, out } = await call('explain', file('d.yaml', document), '--evidence', file('t', token))
    expect(exitCode).toBe(0)
    expect(out.match(/^✓ /gm)).toHaveLength(1)
    expect(out.match(/^– /gm)).toHaveLength(20)
    expect(out).toContain('they differ in upper and lower case')
    expect(out).toContain('and 2981 more policies')
  })
})

describe('what cannot be explained', () => {
  it('is a document that does not compile: its issues are printed', async () => {
    const { file, call } = bench()
    const document = file('d.yaml', documentOf({ name: 'p', config: { serviceAcountName: 'x' } }))
    const { exitCode, out } = await call('explain', document, '--evidence', file('t', token))
    expect(exitCode).toBe(1)
    expect(out).toMatch(/^d\.yaml:1:\d+: error field_unknown: /)
    const asJson = await call('explain', document, '--json', '--evidence', file('t', token))
    expect(JSON.parse(asJson.out).issues).toMatchObject([{ code: 'field_unknown' }])
  })

  it.each<[string, readonly string[]]>([
    ['no document', ['--evidence', 't']],
    ['two documents', ['d.yaml', 'd.yaml', '--evidence', 't']],
    ['no evidence', ['d.yaml']],
    ['evidence and attributes', ['d.yaml', '--evidence', 't', '--attributes', 't']],
    ['a time for attributes', ['d.yaml', '--attributes', 't', '--at', 'iat']],
    ['a time that is none', ['d.yaml', '--evidence', 't', '--at', 'noon']],
    ['evidence that is not there', ['d.yaml', '--evidence', 'nowhere']],
    ['evidence that is empty', ['d.yaml', '--evidence', 'empty']],
    ['a section without policies', ['c.yaml', '--evidence', 't']],
  ])('is wrong usage: %s', async (_what, args) => {
    const { file, call } = bench()
    file('d.yaml', documentOf({ name: 'p' }))
    file('c.yaml', clusterDocument(true))
    file('t', token)
    file('empty', '\n')
    expect(await call('explain', ...args)).toMatchObject({ exitCode: 2, out: '' })
  })

  it('is evidence without an audience to hold it against', async () => {
    const { file, call } = bench({ environment: {} })
    const args = ['explain', file('d.yaml', documentOf({ name: 'p' })), '--evidence', file('t', token)]
    expect(await call(...args)).toMatchObject({ exitCode: 2 })
    expect(await call(...args, '--audience', 'spiffe://example.org')).toMatchObject({ exitCode: 0 })
    expect(await call(...args, '--audience', 'spiffe://example.com')).toMatchObject({ exitCode: 1 })
  })
})

describe('an explanation and the gateway', () => {
  it.each<[string, () => Promise<string> | string, readonly PolicyText[]]>([
    ['admitted', () => bodyOf(token), [{ name: 'a', config: { serviceAccountName: 'x' } }, { name: 'b' }]],
    ['a pin', () => bodyOf(token), [{ name: 'p', config: { serviceAccountName: 'x' } }]],
    ['a condition', () => bodyOf(token), [{ name: 'p', conditions: [RACK] }]],
    ['nothing verified', async () => bodyOf(await mint({ aud: ['x'] })), [{ name: 'p' }]],
    ['another issuer', () => bodyOf(token), [{ name: 'p', config: { issuerURL: `${ISSUER}/` } }]],
    ['malformed evidence', () => bodyOf('a.b.c'), [{ name: 'p' }]],
    ['no policy', () => bodyOf(token), []],
    ['an unknown field', () => '{"attestations":[],"x":1}', [{ name: 'p' }]],
    ['a body too large', () => `${bodyOf(token)}${' '.repeat(70_000)}`, [{ name: 'p' }]],
    ['a body that is no JSON', () => '{"attestations"', [{ name: 'p' }]],
    [
      'evidence of one type twice',
      () =>
        JSON.stringify({
          attestations: [token, token].map((text) => ({ type: 'k8s_token', evidence: { token: text } })),
        }),
      [{ name: 'p' }],
    ],
  ])('answer alike: %s', async (_what, bodyText, policies) => {
    const document = documentOf(...policies)
    const body = await bodyText()
    const { file, call } = bench()
    const { out, exitCode } = await call('explain', file('d.yaml', document), '--json', '--evidence', file('e', body))
    const { verdict } = JSON.parse(out)

    const response = await login(document, body)
    const answer = (await response.json()) as Readonly<Record<string, unknown>>
    expect(exitCode).toBe(response.status === 200 ? 0 : 1)
    if (response.status === 200) expect(verdict).toMatchObject({ kind: 'admitted', policy: answer['policy'] })
    else {
      expect(verdict.answer.status).toBe(response.status)
      expect(verdict.answer.code).toBe(answer['code'])
      expect(verdict.answer.reason).toBe(answer['reason'])
    }
  })

  async function login(document: string, body: string): Promise<Response> {
    const settings = readSettings(
      {
        TRUST_DOMAIN: 'example.org',
        ISSUER_URL: 'https://login.example.org',
        SESSION_SIGNING_KEYS: await makeSessionSigningKeys(),
      },
      { canResolve: true },
    )
    if (!settings.ok) throw new Error(settings.problems.join())
    const app = createGateway({
      settings: settings.value,
      source: createMemoryStore({ 'clusters/c-1/AgentAttestation': document }),
      module: loadPolicyVm(),
      fetch: () => Promise.reject(new Error('no test asks the network')),
      clock: () => START_MILLIS + 1000,
      sleep: (millis) => new Promise((resolve) => setTimeout(resolve, millis)),
      audit: () => true,
    })
    const headers = { 'Content-Type': 'application/json' }
    return app.request('/v1/clusters/c-1/login', { method: 'POST', headers, body })
  }
})
