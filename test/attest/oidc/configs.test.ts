// What authors may write for the rows of tokens: issues and lints, each at its place and by its code.
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PEM_KEYS_MAX } from '../../../src/core/limits.ts'
import { COMPILE_CONTEXT } from '../../config/compile-context.ts'
import { compile, found } from '../../config/document.ts'

const TENANT = '11111111-2222-3333-4444-555555555555'
const BASE = {
  github: { repositoryIDs: ['74'], events: ['push'] },
  gcp_iit: { allowedProjectIDs: ['my-project-1'], allowedServiceAccounts: ['a@my-project-1.iam.gserviceaccount.com'] },
  aws_token: { issuerURLs: ['https://a.example'], allowedRoleARNs: ['arn:aws:iam::123456789012:role/agent'] },
  azure_msi: { tenants: [{ tenantID: TENANT, principalID: TENANT }] },
  custom_jwt: { oidcURI: 'https://a.example', audiences: ['https://postern.example'], requiredClaims: { sub: 'a' } },
} as const
type Type = keyof typeof BASE

function issuesOf(
  type: Type,
  config: object,
  section: 'AgentAttestation' | 'TrustDomainServerAttestation' = 'AgentAttestation',
): readonly string[] {
  const policies = [{ name: 'p', requiredAttestors: [{ type, config }] }]
  const text = JSON.stringify({ section, schema: 'v1', spec: { policies } })
  const prefix = 'spec.policies.0.requiredAttestors.0.config'
  return found(compile(section, text)).map((line) =>
    line
      .replace(/^\d+:\d+ /, '')
      .replace(prefix, '')
      .replace(/^(\S+) \.?/, '$1 ')
      .trim(),
  )
}

const pem = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' }).toString()
const many = Array.from({ length: PEM_KEYS_MAX + 1 }, pem)

describe('a configuration', () => {
  it.each(Object.entries(BASE))('of %s compiles without an issue', (type, config) => {
    expect(issuesOf(type as Type, config)).toEqual([])
  })

  it.each<[Type, string, object, readonly string[]]>([
    ['github', 'without an id or a name', { events: ['push'] }, ['pin_missing']],
    [
      'github',
      'with a name alone',
      { repositories: ['o/r'], events: ['push'] },
      ['identity_mutable repositories', 'trust_unscoped spec.policies.0.requiredAttestors.0'],
    ],
    ['github', 'with a name that is none', { ...BASE.github, repositories: ['r'] }, ['value_invalid repositories.0']],
    [
      'github',
      'with an id that is a name',
      { repositoryIDs: ['r'], events: ['push'] },
      ['value_invalid repositoryIDs.0'],
    ],
    ['github', 'with a branch without its type', { ...BASE.github, refs: ['main'] }, ['ref_ambiguous refs.0']],
    ['github', 'with any event', { repositoryIDs: ['74'] }, ['event_unguarded']],
    [
      'github',
      'with pull_request_target',
      { repositoryIDs: ['74'], events: ['push', 'pull_request_target'] },
      ['event_unguarded events.1'],
    ],
    [
      'github',
      'with a workflow without a ref',
      { ...BASE.github, jobWorkflowRefs: ['o/r/.github/workflows/a.yml'] },
      ['value_invalid jobWorkflowRefs.0'],
    ],
    [
      'github',
      'with the default audience of GitHub',
      { ...BASE.github, allowedAudiences: ['https://github.com/octo-org'] },
      ['audience_shared allowedAudiences.0'],
    ],
    ['github', 'with an empty list', { ...BASE.github, environments: [] }, ['value_empty environments']],
    ['github', 'with an unknown field', { ...BASE.github, repository: 'o/r' }, ['field_unknown repository']],
    [
      'github',
      'with an issuer over http',
      { ...BASE.github, issuerURL: 'http://ghes.example/_services/token' },
      ['url_forbidden issuerURL'],
    ],
    ['gcp_iit', 'with an audience alone', { allowedAudiences: ['https://a.example'] }, ['pin_missing']],
    [
      'gcp_iit',
      'with a project number',
      { allowedProjectIDs: ['123456789012'] },
      ['value_invalid allowedProjectIDs.0', 'trust_unscoped spec.policies.0.requiredAttestors.0'],
    ],
    [
      'gcp_iit',
      'with labels',
      { ...BASE.gcp_iit, useInstanceMetadata: true, attributeLabelKeys: ['a'] },
      ['field_without_effect useInstanceMetadata', 'field_without_effect attributeLabelKeys'],
    ],
    [
      'gcp_iit',
      'with an audience of Google',
      { ...BASE.gcp_iit, allowedAudiences: ['https://storage.googleapis.com/'] },
      ['audience_shared allowedAudiences.0'],
    ],
    [
      'aws_token',
      'without a role',
      { issuerURLs: ['https://a.example'] },
      ['trust_unscoped spec.policies.0.requiredAttestors.0'],
    ],
    [
      'aws_token',
      'with an issuer twice',
      { ...BASE.aws_token, issuerURLs: ['https://a.example', 'https://a.example'] },
      ['value_invalid issuerURLs.1'],
    ],
    [
      'aws_token',
      'with a short account',
      { ...BASE.aws_token, allowedAccountIDs: ['12345'] },
      ['value_invalid allowedAccountIDs.0'],
    ],
    [
      'aws_token',
      'with a role that is no ARN',
      { ...BASE.aws_token, allowedRoleARNs: ['agent'] },
      ['value_invalid allowedRoleARNs.0'],
    ],
    [
      'aws_token',
      'with the audience of STS',
      { ...BASE.aws_token, allowedAudiences: ['sts.amazonaws.com'] },
      ['audience_shared allowedAudiences.0'],
    ],
    ['azure_msi', 'without an identity', { tenants: [{ tenantID: TENANT }] }, ['pin_missing tenants.0']],
    [
      'azure_msi',
      'with a tenant by name',
      { tenants: [{ tenantID: 'contoso', principalID: TENANT }] },
      ['value_invalid tenants.0.tenantID'],
    ],
    [
      'azure_msi',
      'with one entry twice',
      { tenants: [BASE.azure_msi.tenants[0], BASE.azure_msi.tenants[0]] },
      ['value_invalid tenants.1'],
    ],
    [
      'azure_msi',
      'with the audience of an API',
      { tenants: [{ ...BASE.azure_msi.tenants[0], audience: 'https://management.azure.com/' }] },
      ['audience_shared tenants.0.audience'],
    ],
    [
      'custom_jwt',
      'without keys',
      { issuer: 'https://a.example', audiences: ['x'], requiredClaims: { sub: 'a' } },
      ['field_missing'],
    ],
    [
      'custom_jwt',
      'with keys from two places',
      { ...BASE.custom_jwt, jwksURI: 'https://a.example/keys' },
      ['field_conflict jwksURI'],
    ],
    [
      'custom_jwt',
      'with a key set of nobody',
      { jwksURI: 'https://a.example/k', audiences: ['x'], requiredClaims: { sub: 'a' } },
      ['field_missing issuer'],
    ],
    [
      'custom_jwt',
      'with an issuer that is not the one discovered',
      { ...BASE.custom_jwt, issuer: 'https://a.example/' },
      ['field_conflict issuer'],
    ],
    ['custom_jwt', 'with the same issuer twice', { ...BASE.custom_jwt, issuer: 'https://a.example' }, []],
    [
      'custom_jwt',
      'without an audience',
      { oidcURI: 'https://a.example', requiredClaims: { sub: 'a' } },
      ['field_missing audiences'],
    ],
    [
      'custom_jwt',
      'with an audience alone',
      { oidcURI: 'https://a.example', audiences: ['x'] },
      ['pin_missing requiredClaims'],
    ],
    [
      'custom_jwt',
      'with a claim that is an object',
      { ...BASE.custom_jwt, requiredClaims: { sub: { a: 1 } } },
      ['type_mismatch requiredClaims.sub', 'pin_missing requiredClaims'],
    ],
    [
      'custom_jwt',
      'with a claim of no value',
      { ...BASE.custom_jwt, requiredClaims: { sub: [] } },
      ['value_out_of_range requiredClaims.sub', 'pin_missing requiredClaims'],
    ],
    [
      'custom_jwt',
      'with a key that is none',
      { issuer: 'a', publicKeys: ['x'], audiences: ['x'], requiredClaims: { sub: 'a' } },
      ['key_unusable publicKeys.0'],
    ],
    [
      'custom_jwt',
      'with as many keys as may be',
      { issuer: 'a', publicKeys: many.slice(1), audiences: ['x'], requiredClaims: { sub: 'a' } },
      [],
    ],
    [
      'custom_jwt',
      'with one key more',
      { issuer: 'a', publicKeys: many, audiences: ['x'], requiredClaims: { sub: 'a' } },
      ['value_out_of_range publicKeys'],
    ],
    [
      'custom_jwt',
      'with the gateway as the issuer',
      { ...BASE.custom_jwt, oidcURI: COMPILE_CONTEXT.issuerUrl },
      ['issuer_forbidden oidcURI'],
    ],
  ])('of %s %s', (type, _what, config, expected) => {
    expect([...issuesOf(type, config)].sort()).toEqual([...expected].sort())
  })

  it.each<[Type, object, readonly string[]]>([
    ['github', BASE.github, []],
    ['github', { repositoryOwnerIDs: ['65'], events: ['push'] }, ['pin_missing']],
    ['gcp_iit', BASE.gcp_iit, []],
    ['gcp_iit', { allowedProjectIDs: ['my-project-1'] }, ['pin_missing']],
    ['aws_token', BASE.aws_token, []],
    ['aws_token', { ...BASE.aws_token, allowedRoleARNs: ['arn:aws:iam::123456789012:role/*'] }, ['pin_missing']],
    ['azure_msi', BASE.azure_msi, []],
    ['custom_jwt', BASE.custom_jwt, []],
    ['custom_jwt', { ...BASE.custom_jwt, requiredClaims: { role: 'issuer' } }, ['pin_missing requiredClaims']],
  ])('of %s for issuers is pinned exactly: %j', (type, config, expected) => {
    const errors = issuesOf(type, config, 'TrustDomainServerAttestation').filter(
      (line) => !line.startsWith('trust_unscoped'),
    )
    expect(errors).toEqual(expected)
  })

  it.each<[string, readonly string[]]>([
    ['has(aws_token.request_tags.env) && aws_token.request_tags.env == "prod"', ['attribute_self_declared']],
    ['"env" in aws_token.request_tags', ['attribute_self_declared']],
    ['has(aws_token.principal_tags.env) && aws_token.principal_tags.env == "prod"', []],
  ])('warns of a condition over what the caller chooses: %s', (expression, codes) => {
    const policy = {
      name: 'p',
      requiredAttestors: [{ type: 'aws_token', config: BASE.aws_token }],
      conditions: [{ expression }],
    }
    const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies: [policy] } })
    const result = compile('AgentAttestation', text)
    expect(result.ok && result.warnings.map(({ code }) => code)).toEqual(codes)
  })

  it.each(Object.entries(BASE))(
    'of %s says of an unknown field that upstream may call it otherwise',
    (type, config) => {
      const policies = [{ name: 'p', requiredAttestors: [{ type, config: { ...config, foo: [] } }] }]
      const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec: { policies } })
      const result = compile('AgentAttestation', text)
      const issues = result.ok
        ? []
        : result.issues.map(({ code, message }) => [code, /upstream may differ$/.test(message)])
      expect(issues).toEqual([['field_unknown', true]])
    },
  )
})
