// What a ServerlessAttestation document may say, in a cluster and in the trust domain.
import { describe, expect, it } from 'vitest'
import { createAttestorTable } from '../../../src/attest/table.ts'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import { findAcross } from '../../../src/config/compile/cross-findings.ts'
import type { CompileContext } from '../../../src/config/compile/section-context.ts'
import { DEFAULT_CLUSTER } from '../../../src/config/sections/cluster.ts'
import { parseServerVersion } from '../../../src/config/sections/server-version.ts'
import { encodeUtf8 } from '../../../src/core/utf8.ts'
import { WITH_MADE_UP } from '../../attest/made-up/made-up.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'

const CONTEXT: CompileContext = { ...COMPILE_CONTEXT, attestors: createAttestorTable(WITH_MADE_UP) }
const OF_TRUST_DOMAIN: CompileContext = { ...CONTEXT, scope: 'trust-domain' }

const TOKEN = {
  type: 'k8s_token',
  config: { issuerURL: 'https://oidc.example.com', serviceAccountNamespace: 'fn', serviceAccountName: 'resize' },
}
const WEBHOOK = { type: 'webhook', config: { desk: 'changes', url: 'https://desk.example.com' } }
const POLICY = {
  name: 'functions',
  requiredAttestors: [TOKEN],
  svidPolicy: { pathTemplate: '/fn/{{k8s_token.namespace}}/{{k8s_token.service_account.name}}' },
}

function compile(policies: unknown, context = CONTEXT) {
  const text = JSON.stringify({ section: 'ServerlessAttestation', schema: 'v1', spec: { policies } })
  return compileDocument('ServerlessAttestation', encodeUtf8(text), context)
}
function codesOf(policies: unknown, context = CONTEXT): readonly string[] {
  const result = compile(policies, context)
  return (result.ok ? result.warnings : result.issues).map(({ code, path }) => `${code} ${path.slice(1).join('.')}`)
}
const change = (more: object): readonly object[] => [{ ...POLICY, ...more }]
const path = (pathTemplate: string): readonly object[] => change({ svidPolicy: { pathTemplate } })

describe('a document', () => {
  it('has for each policy what it takes, and what it gives', () => {
    const result = compile([POLICY, { ...POLICY, name: 'second', svidPolicy: { pathTemplate: '/second' } }])
    expect(codesOf([POLICY])).toEqual([])
    if (!result.ok) throw new Error('does not compile')
    const { policies, issuances } = result.value
    expect(policies.map(({ name }) => issuances.get(name)?.base.pathTemplate.text)).toEqual([
      POLICY.svidPolicy.pathTemplate,
      '/second',
    ])
  })

  it.each<[string, unknown, readonly string[]]>([
    ['no svidPolicy', change({ svidPolicy: undefined }), ['field_missing policies.0.svidPolicy']],
    ['no path template', change({ svidPolicy: {} }), ['field_missing policies.0.svidPolicy.pathTemplate']],
    ['a path template that is none', path('fn'), ['path_invalid policies.0.svidPolicy.pathTemplate']],
    ['a reserved path', path('/spire/x'), ['path_reserved policies.0.svidPolicy.pathTemplate']],
    [
      'overrides, which it has none of',
      change({ svidPolicy: { ...POLICY.svidPolicy, policyOverrides: [] } }),
      ['field_unknown policies.0.svidPolicy.policyOverrides'],
    ],
    [
      'a reserved claim',
      change({ svidPolicy: { ...POLICY.svidPolicy, jwt: { additionalClaims: { sub: '{{k8s_token.issuer}}' } } } }),
      ['claim_reserved policies.0.svidPolicy.jwt.additionalClaims.sub'],
    ],
    [
      'a lifetime out of bounds',
      change({ svidPolicy: { ...POLICY.svidPolicy, x509: { ttl: '1m' } } }),
      ['value_out_of_range policies.0.svidPolicy.x509.ttl'],
    ],
    ['no attestor', change({ requiredAttestors: [] }), ['value_empty policies.0.requiredAttestors']],
    ['a name twice', [POLICY, POLICY], ['name_duplicate policies.1.name']],
    [
      'an attribute that does not exist',
      path('/{{k8s_token.nmaespace}}'),
      ['attribute_unknown policies.0.svidPolicy.pathTemplate'],
    ],
  ])('with %s does not compile', (_what, policies, expected) => {
    expect([compile(policies).ok, codesOf(policies)]).toEqual([false, expected])
  })

  it('without policies refuses everything, and says so', () => {
    expect([compile([]).ok, codesOf([])]).toEqual([true, ['deny_all policies']])
  })
})

describe('a template', () => {
  const AT = 'policies.0.svidPolicy.pathTemplate'
  it.each<[string, string, readonly string[]]>([
    ['an attribute of another attestor', '/{{aws_iid.account.id}}', [`attribute_not_enabled ${AT}`]],
    ['the same with a default', '/{{aws_iid.account.id | default("x")}}', [`attribute_not_enabled ${AT}`]],
    ['an attribute that agents collect', '/{{kubernetes.pod.namespace}}', [`attribute_not_enabled ${AT}`]],
    ['an attribute of an extension', '/{{custom.device_id}}', [`attribute_not_enabled ${AT}`]],
    ['the name of the cluster', '/{{cluster.name}}', []],
  ])('may use %s', (_what, template, expected) => {
    const result = compile(path(template))
    expect([result.ok, codesOf(path(template)).filter((code) => code !== `attribute_may_be_absent ${AT}`)]).toEqual([
      true,
      expected,
    ])
    if (result.ok) expect(result.value.issuances.get('functions')?.fault?.code).toBe(expected[0]?.split(' ')[0])
  })

  it('may use what any attestor of its policy proves, and not what one of another policy does', () => {
    const github = {
      type: 'github',
      config: { repositories: ['acme/site'], repositoryIDs: ['1'], environments: ['prod'] },
    }
    const svidPolicy = { pathTemplate: '/{{k8s_token.namespace}}/{{github.repository_id}}' }
    const both = change({ requiredAttestors: [TOKEN, github], svidPolicy })
    expect(codesOf(both).filter((code) => code.startsWith('attribute_'))).toEqual([])
    const other = [
      { ...POLICY, svidPolicy },
      { ...POLICY, name: 'second', requiredAttestors: [github], svidPolicy: { pathTemplate: '/x' } },
    ]
    expect(codesOf(other).filter((code) => code.startsWith('attribute_'))).toEqual([`attribute_not_enabled ${AT}`])
  })

  it.each<[string, readonly string[]]>([
    ['/{{cluster.name}}', ['attribute_origin_forbidden']],
    ['/{{cluster.id}}', ['attribute_origin_forbidden']],
    ['/{{node_group.name}}', ['attribute_may_be_absent', 'attribute_origin_forbidden']],
  ])('of the trust domain has no cluster: %s', (template, expected) => {
    const result = compile(path(template), OF_TRUST_DOMAIN)
    const codes = codesOf(path(template), OF_TRUST_DOMAIN)
    expect([result.ok, codes]).toEqual([false, expected.map((code) => `${code} ${AT}`)])
  })
})

describe('a call-out', () => {
  it('alone is a warning here, and still an error where agents log in', () => {
    const alone = change({ requiredAttestors: [WEBHOOK], svidPolicy: { pathTemplate: '/x' } })
    const result = compile(alone)
    expect([result.ok, codesOf(alone)]).toEqual([true, ['call_out_trusted policies.0.requiredAttestors']])
    if (result.ok) expect(result.value.policies[0]?.restsOnCallOuts).toBe(true)
    const agents = {
      section: 'AgentAttestation',
      schema: 'v1',
      spec: { policies: [{ name: 'a', requiredAttestors: [WEBHOOK] }] },
    }
    const login = compileDocument('AgentAttestation', encodeUtf8(JSON.stringify(agents)), CONTEXT)
    expect(login.ok ? [] : login.issues.map(({ code }) => code)).toEqual(['call_out_alone'])
  })

  it('beside an attestor that verifies is neither', () => {
    const beside = change({ requiredAttestors: [TOKEN, WEBHOOK] })
    const result = compile(beside)
    expect(codesOf(beside)).toEqual([])
    if (result.ok) expect(result.value.policies[0]?.restsOnCallOuts).toBeUndefined()
  })

  it('alone cannot be of single use, for nothing would be claimed', () => {
    const once = change({ requiredAttestors: [WEBHOOK], svidPolicy: { pathTemplate: '/x' }, singleUse: true })
    expect([compile(once).ok, codesOf(once)]).toEqual([
      false,
      ['call_out_trusted policies.0.requiredAttestors', 'single_use_impossible policies.0.singleUse'],
    ])
  })
})

describe('with other sections of its cluster', () => {
  const claims = {
    ...POLICY,
    svidPolicy: { ...POLICY.svidPolicy, jwt: { additionalClaims: { a: 'b{{k8s_token.namespace}}' } } },
  }
  const across = (policies: unknown, cluster: object) => {
    const result = compile(policies)
    if (!result.ok) throw new Error('does not compile')
    const found = findAcross({ ServerlessAttestation: result.value, Cluster: { ...DEFAULT_CLUSTER, ...cluster } })
    return (found.get('ServerlessAttestation') ?? []).map(({ code, path: at }) => `${code} ${at.join('.')}`)
  }
  it.each<[string, unknown, object, readonly string[]]>([
    ['that say nothing', [POLICY], {}, []],
    [
      'of an old server, a claim',
      [claims],
      { serverVersion: parseServerVersion('0.35.9') },
      ['version_required spec.policies.0.svidPolicy.jwt.additionalClaims'],
    ],
    ['of a server that is new enough, a claim', [claims], { serverVersion: parseServerVersion('0.36.0') }, []],
    [
      'that require the session of an agent',
      [POLICY],
      { requireAgentSession: true },
      ['mapping_refused spec.policies'],
    ],
    ['that require a node', [POLICY], { requireNode: true }, ['mapping_refused spec.policies']],
  ])('%s', (_what, policies, cluster, expected) => {
    expect(across(policies, cluster)).toEqual(expected)
  })
})

describe('a platform without agents', () => {
  const issuance = (spec: unknown) => {
    const text = JSON.stringify({ section: 'SVIDIssuancePolicy', schema: 'v1', spec })
    const result = compileDocument('SVIDIssuancePolicy', encodeUtf8(text), CONTEXT)
    if (!result.ok) throw new Error('does not compile')
    const cluster = { ...DEFAULT_CLUSTER, platform: 'serverless' } as const
    const found = findAcross({ SVIDIssuancePolicy: result.value, Cluster: cluster }).get('SVIDIssuancePolicy') ?? []
    return found.map(({ code, path: at }) => `${code} ${at.join('.')}`)
  }
  it.each<[string, unknown, readonly string[]]>([
    ['has no default path', { policy: { jwt: { ttl: '1h' } } }, ['path_template_missing spec.policy']],
    [
      'has none for an override either',
      {
        policy: { pathTemplate: '/{{jwt.claim.a}}' },
        policyOverrides: [{ when: { 'jwt.claim.a': 'x' }, policy: {} }],
      },
      ['path_template_missing spec.policyOverrides.0.policy'],
    ],
  ])('%s', (_what, spec, expected) => {
    expect(issuance(spec).filter((code) => code.startsWith('path_'))).toEqual(expected)
  })

  it('is not asked to prove nodes', () => {
    const text = JSON.stringify({ section: 'Cluster', schema: 'v1', spec: { platform: 'serverless' } })
    const result = compileDocument('Cluster', encodeUtf8(text), CONTEXT)
    expect(result.ok && result.warnings).toEqual([])
  })
})
