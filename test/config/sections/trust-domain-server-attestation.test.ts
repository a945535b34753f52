import { describe, expect, it } from 'vitest'
import { changed, compile, found } from '../document.ts'

const lone = `section: TrustDomainServerAttestation
schema: v1
spec:
  requiredAttestors:
    - type: k8s_token
      config:
        issuerURL: https://oidc.example.org
        serviceAccountNamespace: spirl-system
        serviceAccountName: spirl-server
`
const several = `section: TrustDomainServerAttestation
schema: v1
spec:
  policies:
    - name: eu
      allowedClusters: [c-123, c-456]
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://eu.example.org
            allowedServiceAccounts: ["spirl-system:spirl-server"]
    - name: all
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://all.example.org
            serviceAccountNamespace: spirl-system
            serviceAccountName: spirl-server
`

describe('section TrustDomainServerAttestation', () => {
  it('compiles a lone list of attestors to one policy', () => {
    const result = compile('TrustDomainServerAttestation', lone)
    expect(found(result)).toEqual([])
    expect(result.ok && [...result.value.byName.keys()]).toEqual(['default'])
    expect(result.ok && result.value.policies[0]?.allowedClusters).toBeUndefined()
  })

  it('compiles policies with the clusters that each is good for', () => {
    const result = compile('TrustDomainServerAttestation', several)
    expect(found(result)).toEqual([])
    expect(result.ok && result.value.policies.map(({ name, allowedClusters }) => [name, allowedClusters])).toEqual([
      ['eu', ['c-123', 'c-456']],
      ['all', undefined],
    ])
  })

  it.each([
    ['several exact accounts', changed(several, '"spirl-system:spirl-server"', '"a:b", "c:d"')],
    [
      'an inline key source',
      changed(
        lone,
        'serviceAccountName: spirl-server',
        'serviceAccountName: spirl-server\n        jwksURI: https://keys.example.org/k',
      ),
    ],
    [
      'pins of the node as well',
      changed(
        lone,
        'serviceAccountName: spirl-server',
        'serviceAccountName: spirl-server\n        allowedNodes: [node-*]',
      ),
    ],
  ])('compiles %s', (_what, text) => {
    expect(found(compile('TrustDomainServerAttestation', text))).toEqual([])
  })

  it('compiles no policy at all as a denial of everybody', () => {
    const result = compile(
      'TrustDomainServerAttestation',
      `${lone.slice(0, lone.indexOf('  required'))}  policies: []\n`,
    )
    expect(found(result)).toEqual(['4:13 deny_all spec.policies'])
    expect(result.ok).toBe(true)
  })

  const config = 'spec.requiredAttestors.0.config'
  it.each<[string, string, string, readonly string[]]>([
    [
      'a token of any pod',
      '        serviceAccountNamespace: spirl-system\n        serviceAccountName: spirl-server\n',
      '',
      [`6:7 pin_missing ${config}`],
    ],
    [
      'a token of any account of a namespace',
      '        serviceAccountName: spirl-server\n',
      '',
      [`6:7 pin_missing ${config}`],
    ],
    [
      'an account of any namespace',
      '        serviceAccountNamespace: spirl-system\n',
      '',
      [`6:7 pin_missing ${config}`],
    ],
    [
      'accounts by a wildcard',
      'serviceAccountName: spirl-server',
      'allowedServiceAccounts: ["spirl-system:*"]',
      [`6:7 pin_missing ${config}`],
    ],
    [
      'both kinds of list',
      '  requiredAttestors',
      '  policies: []\n  requiredAttestors',
      ['4:3 field_conflict spec.policies', '4:13 deny_all spec.policies'],
    ],
    ['no list', lone.slice(lone.indexOf('spec:')), 'spec: {}\n', ['3:1 field_missing spec.requiredAttestors']],
    ['an empty list', lone.slice(lone.indexOf('    - type')), '    []\n', ['5:5 value_empty spec.requiredAttestors']],
    ['attestors left blank', lone.slice(lone.indexOf('    - type')), '', ['4:3 value_empty spec.requiredAttestors']],
    [
      'an attestor twice',
      lone.slice(lone.indexOf('    - type')),
      lone.slice(lone.indexOf('    - type')).repeat(2),
      ['10:13 attestor_duplicate spec.requiredAttestors.1.type'],
    ],
    ['an unknown attestor', 'k8s_token', 'k8s-token', ['5:13 attestor_unknown spec.requiredAttestors.0.type']],
    ['an issuer over http', 'https://oidc', 'http://oidc', [`7:20 url_forbidden ${config}.issuerURL`]],
    [
      'an issuer inside a cluster',
      'oidc.example.org',
      'kubernetes.default.svc',
      [`7:20 url_forbidden ${config}.issuerURL`],
    ],
    ['a misspelt field', 'serviceAccountName:', 'serviceAccount:', [`9:9 field_unknown ${config}.serviceAccount`]],
    [
      'clusters of a lone list',
      '  requiredAttestors',
      '  allowedClusters: [c-123]\n  requiredAttestors',
      ['4:3 field_unknown spec.allowedClusters'],
    ],
    ['another section', 'TrustDomainServerAttestation', 'AgentAttestation', ['1:10 section_mismatch section']],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('TrustDomainServerAttestation', changed(lone, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it.each<[string, string, string, readonly string[]]>([
    ['an empty list of clusters', '[c-123, c-456]', '[]', ['6:24 value_empty spec.policies.0.allowedClusters']],
    ['clusters left blank', '[c-123, c-456]', '', ['6:7 value_empty spec.policies.0.allowedClusters']],
    ['an id that is none', '[c-123, c-456]', '[c-123, c/456]', ['6:32 name_invalid spec.policies.0.allowedClusters.1']],
    ['a wildcard for clusters', '[c-123, c-456]', '["*"]', ['6:25 name_invalid spec.policies.0.allowedClusters.0']],
    ['a text for clusters', '[c-123, c-456]', 'c-123', ['6:24 type_mismatch spec.policies.0.allowedClusters']],
    ['a name twice', 'name: all', 'name: eu', ['12:13 name_duplicate spec.policies.1.name']],
    [
      'a wildcard among exact accounts',
      '"spirl-system:spirl-server"',
      '"a:b", "c:*"',
      ['9:11 pin_missing spec.policies.0.requiredAttestors.0.config'],
    ],
  ])('refuses among policies %s', (_what, from, to, expected) => {
    const result = compile('TrustDomainServerAttestation', changed(several, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })
})
