import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ANCHORS_PER_NAME_MAX, FETCHED_ANCHORS_PER_SELECTOR_MAX } from '../../../src/core/limits.ts'
import { changed, compile, found } from '../document.ts'

const seed = readFileSync(new URL('../seed/agent-attestation.yaml', import.meta.url), 'utf8')

const valid = `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: eks_cluster_policy
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456
            serviceAccountNamespace: spirl-system
            serviceAccountName: spirl-agent
    - name: second
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://kubernetes.default.svc
            jwksURI: https://keys.example.org/jwks.json
            allowedServiceAccounts:
              - spirl-system:spirl-agent
`

const policy = 'spec.policies.0'
const attestor = `${policy}.requiredAttestors.0`
const config = `${attestor}.config`

describe('section AgentAttestation', () => {
  it("compiles the seed's document as it stands, and says that any pod could log in", () => {
    const result = compile('AgentAttestation', seed)
    expect(found(result)).toEqual(['7:11 trust_unscoped spec.policies.0.requiredAttestors.0'])
    expect(result.ok && [...result.value.byName.keys()]).toEqual(['k8s_policy'])
  })

  it.each([
    ['a policy that pins a service account', valid],
    ['JSON', JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies: [] } })],
    [
      'flow style',
      changed(
        valid,
        'allowedServiceAccounts:\n              - spirl-system:spirl-agent',
        'allowedServiceAccounts: ["spirl-system:spirl-agent"]',
      ),
    ],
    [
      'every field of k8s_token',
      changed(
        valid,
        'serviceAccountName: spirl-agent',
        'serviceAccountName: spirl-agent\n            audiences: [a, "1"]\n            allowedNodes: [ip-10-*]\n            requireBoundPod: true\n            maxTokenLifetime: 1h30m',
      ),
    ],
    ['a document marker, comments and Windows line ends', `# ours\n---\n${valid}`.replaceAll('\n', '\r\n')],
    ['a name as long as a name may be', changed(valid, 'second', 'n'.repeat(63))],
    ['a quoted name that would be a number', changed(valid, 'second', '"012345670123"')],
  ])('compiles %s', (_what, text) => {
    expect(compile('AgentAttestation', text)).toMatchObject({ ok: true })
  })

  it('compiles no policy at all as a denial of everybody, with a warning', () => {
    const result = compile('AgentAttestation', 'section: AgentAttestation\nschema: v1\nspec:\n  policies: []\n')
    expect(found(result)).toEqual(['4:13 deny_all spec.policies'])
    expect(result.ok && result.value.policies).toEqual([])
  })

  it('keeps policies in document order, and finds those that evidence could satisfy', () => {
    const result = compile('AgentAttestation', valid)
    if (!result.ok) throw new Error('does not compile')
    expect(result.value.policies.map(({ name, index }) => [name, index])).toEqual([
      ['eks_cluster_policy', 0],
      ['second', 1],
    ])
    const candidates = result.value.candidatesFor('k8s_token', 'https://kubernetes.default.svc')
    expect(candidates?.policies.map(({ name }) => name)).toEqual(['second'])
  })

  it.each<[string, string, string, readonly string[]]>([
    ['an unknown attestor', 'type: k8s_token', 'type: k8s_tokn', [`7:17 attestor_unknown ${attestor}.type`]],
    [
      'an attestor without a type',
      'type: k8s_token\n          config',
      'config',
      [`7:11 field_missing ${attestor}.type`],
    ],
    [
      'an attestor without its configuration',
      `\n          config:
            issuerURL: https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456
            serviceAccountNamespace: spirl-system
            serviceAccountName: spirl-agent`,
      '',
      [`7:11 field_missing ${config}`],
    ],
    [
      'an attestor twice',
      '    - name: second',
      '        - type: k8s_token\n          config: {issuerURL: "https://a.example"}\n    - name: second',
      [`12:17 attestor_duplicate ${policy}.requiredAttestors.1.type`],
    ],
    [
      'a misspelt field',
      'serviceAccountName:',
      'serviceAcountName:',
      [`11:13 field_unknown ${config}.serviceAcountName`],
    ],
    ['a field named __proto__', 'serviceAccountName:', '__proto__:', [`11:13 field_unknown ${config}.__proto__`]],
    ['a field named constructor', 'serviceAccountName:', 'constructor:', [`11:13 field_unknown ${config}.constructor`]],
    [
      'no issuer',
      'issuerURL: https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456\n            ',
      '',
      [`8:11 field_missing ${config}.issuerURL`],
    ],
    ['an issuer over http', 'https://oidc.eks', 'http://oidc.eks', [`9:24 url_forbidden ${config}.issuerURL`]],
    [
      'the gateway as an issuer',
      'https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456',
      'https://login.example.org',
      [`9:24 issuer_forbidden ${config}.issuerURL`],
    ],
    [
      'single use that is no boolean',
      'name: second',
      'name: second\n      singleUse: once',
      ['13:18 type_mismatch spec.policies.1.singleUse'],
    ],
    ['a name twice', 'second', 'eks_cluster_policy', ['12:13 name_duplicate spec.policies.1.name']],
    ['a name with a slash', 'second', 'a/b', ['12:13 name_invalid spec.policies.1.name']],
    ['a name that is no path segment', 'second', '".."', ['12:13 name_invalid spec.policies.1.name']],
    ['a name that is too long', 'second', 'n'.repeat(64), ['12:13 name_invalid spec.policies.1.name']],
    ['an empty name', 'second', '""', ['12:13 name_invalid spec.policies.1.name']],
    ['a number for a name', 'second', '012345670123', ['12:13 text_unquoted spec.policies.1.name']],
    ['a boolean for a name', 'second', 'true', ['12:13 text_unquoted spec.policies.1.name']],
    ['null for a name', 'second', 'null', ['12:13 text_unquoted spec.policies.1.name']],
    ['no name', 'name: second', 'name:', ['12:7 value_empty spec.policies.1.name']],
    [
      'a policy without attestors',
      `requiredAttestors:\n        - type: k8s_token
          config:
            issuerURL: https://kubernetes.default.svc
            jwksURI: https://keys.example.org/jwks.json
            allowedServiceAccounts:
              - spirl-system:spirl-agent`,
      'requiredAttestors: []',
      ['13:26 value_empty spec.policies.1.requiredAttestors'],
    ],
    [
      'an empty allow-list',
      'allowedServiceAccounts:\n              - spirl-system:spirl-agent',
      'allowedServiceAccounts: []',
      ['18:37 value_empty spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts'],
    ],
    [
      'an allow-list left blank',
      'allowedServiceAccounts:\n              - spirl-system:spirl-agent',
      'allowedServiceAccounts:',
      ['18:13 value_empty spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts'],
    ],
    [
      'a text for a list',
      'allowedServiceAccounts:\n              - spirl-system:spirl-agent',
      'allowedServiceAccounts: "spirl-system:spirl-agent"',
      ['18:37 type_mismatch spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts'],
    ],
    [
      'a blank list element',
      '- spirl-system:spirl-agent',
      '-',
      ['19:15 value_empty spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts.0'],
    ],
    [
      'two key sources in one attestor',
      'jwksURI: https://keys.example.org/jwks.json',
      'jwksURI: https://keys.example.org/jwks.json\n            jwks: {keys: []}',
      ['18:19 field_conflict spec.policies.1.requiredAttestors.0.config.jwks'],
    ],
    [
      'an inline key set without a usable key',
      'jwksURI: https://keys.example.org/jwks.json',
      'jwks: {keys: []}',
      ['17:26 key_unusable spec.policies.1.requiredAttestors.0.config.jwks.keys'],
    ],
    [
      'yes for true',
      'serviceAccountName: spirl-agent',
      'requireBoundPod: yes',
      [`11:30 type_mismatch ${config}.requireBoundPod`],
    ],
    [
      'a lifetime that is none',
      'serviceAccountName: spirl-agent',
      'maxTokenLifetime: 1 day',
      [`11:31 value_invalid ${config}.maxTokenLifetime`],
    ],
    [
      'a lifetime without a unit',
      'serviceAccountName: spirl-agent',
      'maxTokenLifetime: 3600',
      [`11:31 text_unquoted ${config}.maxTokenLifetime`],
    ],
    [
      'an account without a namespace',
      'spirl-system:spirl-agent',
      'spirl-agent',
      ['19:17 value_invalid spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts.0'],
    ],
    ['another section', 'section: AgentAttestation', 'section: SVIDIssuancePolicy', ['1:10 section_mismatch section']],
    ['a misspelt section', 'section: AgentAttestation', 'section: AgentAtestation', ['1:10 section_unknown section']],
    ['another schema', 'schema: v1', 'schema: v2', ['2:9 schema_unsupported schema']],
    ['a number for a schema', 'schema: v1', 'schema: 1', ['2:9 text_unquoted schema']],
    ['no schema', 'schema: v1\n', '', ['1:1 field_missing schema']],
    ['a misspelt spec', 'spec:', 'spek:', ['1:1 field_missing spec', '3:1 field_unknown spek']],
    [
      'policies outside spec',
      'spec:\n  policies',
      'spec: {}\npolicies',
      ['3:1 field_missing spec.policies', '4:1 field_unknown policies'],
    ],
    ['policies left blank', valid.slice(valid.indexOf('    - name')), '', ['4:3 value_empty spec.policies']],
    ['a blank spec', valid.slice(valid.indexOf('  policies')), '', ['3:1 value_empty spec']],
    [
      'a map for policies',
      valid.slice(valid.indexOf('    - name')),
      '    name: x\n',
      ['4:3 type_mismatch spec.policies'],
    ],
    [
      'a name given twice',
      'name: second',
      'name: second\n      name: third',
      ['13:7 key_duplicate spec.policies.1.name'],
    ],
    ['an anchor', 'name: second', 'name: &n second', ['12:13 yaml_feature_forbidden spec.policies.1.name']],
    ['a tag', 'name: second', 'name: !!str second', ['12:13 yaml_feature_forbidden spec.policies.1.name']],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('AgentAttestation', changed(valid, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it('lists everything that is wrong with a document at once, in document order', () => {
    const text = [
      ['type: k8s_token', 'type: k8s_tokn'],
      ['second', 'a/b'],
      ['spirl-system:spirl-agent', 'x'],
      ['schema: v1', 'schema: v3'],
    ].reduce((so_far, [from = '', to = '']) => changed(so_far, from, to), valid)
    expect(found(compile('AgentAttestation', text))).toEqual([
      '2:9 schema_unsupported schema',
      `7:17 attestor_unknown ${attestor}.type`,
      '12:13 name_invalid spec.policies.1.name',
      '19:17 value_invalid spec.policies.1.requiredAttestors.0.config.allowedServiceAccounts.0',
    ])
  })

  describe('with two policies for one issuer', () => {
    const issuer = 'https://oidc.eks.us-east-1.amazonaws.com/id/ABCDEF123456'
    const key = '{kty: OKP, crv: Ed25519, alg: EdDSA, kid: "1", x: 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo}'
    const other = '{kty: OKP, crv: Ed25519, alg: EdDSA, kid: "1", x: _6dV6rw4Nw9e1jRBpaXEMJ6kUFUxZD3YfCKd1A6lvxk}'

    function twice(first: string, second: string): readonly string[] {
      const policies = [first, second].map(
        (source, index) => `    - name: p${index}
      requiredAttestors:
        - {type: k8s_token, config: {issuerURL: "${issuer}", allowedServiceAccounts: ['s:a${index}']${source}}}
`,
      )
      return found(
        compile('AgentAttestation', `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${policies.join('')}`),
      )
    }

    /** So many policies of one issuer, each with a source of its own. */
    function many(count: number, source: (index: number) => string): readonly string[] {
      const policies = Array.from(
        { length: count },
        (_, index) =>
          `    - {name: p${index}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "${issuer}", allowedServiceAccounts: ['s:a']${source(index)}}}]}\n`,
      )
      return found(
        compile('AgentAttestation', `section: AgentAttestation\nschema: v1\nspec:\n  policies:\n${policies.join('')}`),
      ).map((line) => line.replace(/^\d+:\d+ /, ''))
    }
    const inline = (kid: string, seed: number): string =>
      `, jwks: {keys: [{kty: OKP, crv: Ed25519, kid: "${kid}", x: ${Buffer.alloc(32, seed + 1).toString('base64url')}}]}`

    it('has so many anchors that are fetched, and any number of inline ones that their names tell apart', () => {
      const fetched = (index: number): string => `, jwksURI: "https://a.example/${index}"`
      expect(many(FETCHED_ANCHORS_PER_SELECTOR_MAX, fetched)).toEqual([])
      expect(many(2 * FETCHED_ANCHORS_PER_SELECTOR_MAX, () => fetched(0))).toEqual([])
      expect(many(FETCHED_ANCHORS_PER_SELECTOR_MAX + 1, fetched)).toEqual([
        `anchors_too_many spec.policies.${FETCHED_ANCHORS_PER_SELECTOR_MAX}.requiredAttestors.0.config`,
      ])
      expect(many(200, (index) => inline(`k${index}`, index))).toEqual([])
      expect(many(ANCHORS_PER_NAME_MAX, (index) => inline('same', index))).toEqual([])
      expect(many(ANCHORS_PER_NAME_MAX + 1, (index) => inline('same', index))).toEqual([
        `anchors_too_many spec.policies.${ANCHORS_PER_NAME_MAX}.requiredAttestors.0.config`,
      ])
    })

    it.each<[string, string, string, readonly string[]]>([
      ['the same discovery', '', '', []],
      ['the same jwksURI', ', jwksURI: "https://a.example/k"', ', jwksURI: "https://a.example/k"', []],
      ['the same inline keys', `, jwks: {keys: [${key}]}`, `, jwks: {keys: [${key}]}`, []],
      ['discovery and a jwksURI', '', ', jwksURI: "https://a.example/k"', []],
      ['two jwksURIs', ', jwksURI: "https://a.example/k"', ', jwksURI: "https://a.example/l"', []],
      ['discovery and inline keys', '', `, jwks: {keys: [${key}]}`, []],
      ['two inline key sets', `, jwks: {keys: [${key}]}`, `, jwks: {keys: [${other}]}`, []],
    ])('takes the keys of each from where it says: %s', (_what, first, second, expected) => {
      expect(twice(first, second)).toEqual(expected)
    })
  })

  it('warns of a token that any pod could present, unless it is scoped', () => {
    const unscoped = changed(valid, '            serviceAccountName: spirl-agent\n', '')
    expect(found(compile('AgentAttestation', unscoped))).toEqual([`7:11 trust_unscoped ${attestor}`])
    expect(found(compile('AgentAttestation', valid))).toEqual([])
  })

  it.each<[string, readonly string[], boolean]>([
    ['is always true', ['true'], false],
    ['asks for the namespace alone', ['k8s_token.namespace == "a"'], false],
    ['asks for the account alone', ['k8s_token.service_account.name == "b"'], false],
    ['fixes both', ['k8s_token.namespace == "a" && k8s_token.service_account.name == "b"'], true],
    ['fixes both, the other way round', ['"b" == k8s_token.service_account.name && "a" == k8s_token.namespace'], true],
    ['fixes both in two conditions', ['k8s_token.namespace == "a"', 'k8s_token.service_account.name == "b"'], true],
    [
      'fixes both among other things',
      ['(k8s_token.namespace == "a" && size(k8s_token.issuer) > 0) && (k8s_token.service_account.name == "b" && true)'],
      true,
    ],
    ['may pass by another way', ['k8s_token.namespace == "a" && k8s_token.service_account.name == "b" || true'], false],
    ['excludes one account', ['k8s_token.namespace != "a" && k8s_token.service_account.name != "b"'], false],
    ['negates', ['!(k8s_token.namespace == "a" && k8s_token.service_account.name == "b")'], false],
    [
      'fixes both in one branch of two',
      ['size(k8s_token.issuer) > 9 ? k8s_token.namespace == "a" && k8s_token.service_account.name == "b" : true'],
      false,
    ],
    ['asks for a prefix', ['k8s_token.namespace == "a" && k8s_token.service_account.name.startsWith("b")'], false],
    [
      'compares with itself',
      ['k8s_token.namespace == k8s_token.namespace && k8s_token.service_account.name == "b"'],
      false,
    ],
    ['fixes the uid', ['k8s_token.namespace == "a" && k8s_token.service_account.uid == "b"'], false],
  ])(
    'counts a condition towards the scope where it fixes namespace and account: one that %s',
    (_what, expressions, scoped) => {
      const policy = {
        name: 'p',
        requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: 'https://a.example' } }],
        conditions: expressions.map((expression) => ({ expression })),
      }
      const result = compile(
        'AgentAttestation',
        JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies: [policy] } }),
      )
      expect(result.ok).toBe(true)
      expect(result.ok && result.warnings.some(({ code }) => code === 'trust_unscoped')).toBe(!scoped)
    },
  )

  it('adds up what the token’s own pins fix, and what a condition fixes', () => {
    const policy = (config: object) =>
      JSON.stringify({
        section: 'AgentAttestation',
        schema: 'v1',
        spec: {
          policies: [
            {
              name: 'p',
              requiredAttestors: [{ type: 'k8s_token', config: { issuerURL: 'https://a.example', ...config } }],
              conditions: [{ expression: 'k8s_token.service_account.name == "b"' }],
            },
          ],
        },
      })
    const codes = (config: object) =>
      found(compile('AgentAttestation', policy(config))).map((text) => text.split(' ')[1])
    expect(codes({ serviceAccountNamespace: 'a' })).toEqual([])
    expect(codes({ serviceAccountName: 'b' })).toEqual(['trust_unscoped'])
  })

  it('counts policies up to the limit and no further', () => {
    const head = 'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n'
    const line = (index: number): string =>
      `  - {name: p${index}, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://a.example"}}]}\n`
    const lines = Array.from({ length: 10_001 }, (_, index) => line(index))
    expect(compile('AgentAttestation', head + lines.slice(1).join('')).ok).toBe(true)
    expect(found(compile('AgentAttestation', head + lines.join('')))[0]).toBe('4:3 too_many_policies spec.policies')
  })
})
