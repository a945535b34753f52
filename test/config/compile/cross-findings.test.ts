import { describe, expect, it } from 'vitest'
import type { SectionValues } from '../../../src/config/compile/compile.ts'
import { findAcross } from '../../../src/config/compile/cross-findings.ts'
import { locateIssues } from '../../../src/config/compile/issue-list.ts'
import type { SectionName } from '../../../src/config/sections/table.ts'
import { brief, compile } from '../document.ts'

function section<Name extends SectionName>(name: Name, spec: string): SectionValues[Name] {
  const result = compile(name, `section: ${name}\nschema: v1\nspec: ${spec}\n`)
  if (!result.ok) throw new Error(result.issues.map(({ message }) => message).join('\n'))
  return result.value
}

/** Findings of a policy of one claim, in a cluster with these sections. */
function findings(
  claim: string,
  cluster?: string,
  workloadAttestation?: string,
  agentAttestation?: string,
): readonly string[] {
  const text = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    jwt:
      additionalClaims:
        claim: "{{${claim}}}"
`
  const compiled = compile('SVIDIssuancePolicy', text)
  if (!compiled.ok) throw new Error(compiled.issues.map(({ message }) => message).join('\n'))
  const found = findAcross({
    SVIDIssuancePolicy: compiled.value,
    ...(cluster === undefined ? {} : { Cluster: section('Cluster', cluster) }),
    ...(workloadAttestation === undefined
      ? {}
      : { WorkloadAttestation: section('WorkloadAttestation', workloadAttestation) }),
    ...(agentAttestation === undefined ? {} : { AgentAttestation: section('AgentAttestation', agentAttestation) }),
  })
  expect([...found.keys()].every((name) => name === 'SVIDIssuancePolicy')).toBe(true)
  return locateIssues(found.get('SVIDIssuancePolicy') ?? [], text).map(brief)
}

const at = 'spec.policy.jwt.additionalClaims'
const disabled = [`7:17 attribute_not_enabled ${at}.claim`]
const label = 'kubernetes.pod.label[app.kubernetes.io/name]'

describe('findAcross()', () => {
  it.each([
    ['aws_iid.ec2.instance.tag.team', 'aws_iid'],
    ['aws_iid.iam.role', 'aws_iid'],
    ['azure_imds.vm.name', 'azure_imds'],
  ])('%s is never there, although %s is required', (attribute, type) => {
    const policies = `{policies: [{name: p, requiredAttestors: [{type: ${type}}]}]}`
    expect(findings(attribute, undefined, undefined, policies)).toContain(disabled[0])
    expect(findings('aws_iid.ec2.instance.id', undefined, undefined, policies.replace(type, 'aws_iid'))).not.toContain(
      disabled[0],
    )
  })

  it.each<[string, string, string | undefined, string | undefined, readonly string[]]>([
    ['an attribute that is always there', 'kubernetes.pod.namespace', undefined, undefined, []],
    ['a key with a slash, and no version known', label, undefined, undefined, []],
    [
      'a key with a slash on an old server',
      label,
      '{serverVersion: 0.27.9}',
      undefined,
      [`6:7 version_required ${at}`, `7:17 version_required ${at}.claim`],
    ],
    [
      'a key with a slash on a server before additionalClaims',
      label,
      '{serverVersion: 0.28.0}',
      undefined,
      [`6:7 version_required ${at}`],
    ],
    ['a key with a slash on a new server', label, '{serverVersion: 0.36.0}', undefined, []],
    [
      'a plain key just before additionalClaims',
      'kubernetes.pod.label[app]',
      '{serverVersion: 0.35.99}',
      undefined,
      [`6:7 version_required ${at}`],
    ],
    ['a version that is greater in its first number', label, '{serverVersion: 1.0.0}', undefined, []],
    ['a container attribute', 'kubernetes.container.name', undefined, undefined, disabled],
    [
      'a container attribute that is off',
      'kubernetes.container.name',
      '{includeContainerAttributes: false}',
      undefined,
      disabled,
    ],
    [
      'a container attribute that is on',
      'kubernetes.container.name',
      '{includeContainerAttributes: true}',
      undefined,
      [],
    ],
    ['an annotation', 'kubernetes.pod.annotation[example.com/team]', undefined, undefined, disabled],
    [
      'an annotation under a prefix',
      'kubernetes.pod.annotation[example.com/team]',
      undefined,
      '{kubernetes: {includeAnnotationPrefixes: [a.example/, example.com/]}}',
      [],
    ],
    [
      'an annotation under another prefix',
      'kubernetes.pod.annotation[example.com/team]',
      undefined,
      '{kubernetes: {includeAnnotationPrefixes: [example.com/x]}}',
      disabled,
    ],
    [
      'an attribute of Kubernetes when that is off',
      'kubernetes.pod.namespace',
      undefined,
      '{kubernetes: {enabled: false}}',
      disabled,
    ],
    ['an attribute of Docker', 'docker.container.label[app]', undefined, undefined, disabled],
    [
      'an attribute of Docker when that is on',
      'docker.container.label[app]',
      undefined,
      '{docker: {enabled: true}}',
      [],
    ],
    ['an environment variable', 'docker.container.env[APP_NAME]', undefined, '{docker: {enabled: true}}', disabled],
    [
      'an environment variable under a prefix',
      'docker.container.env[APP_NAME]',
      undefined,
      '{docker: {enabled: true, includeEnvVars: [APP_]}}',
      [],
    ],
    [
      'an environment variable in other letters',
      'docker.container.env[app_name]',
      undefined,
      '{docker: {enabled: true, includeEnvVars: [APP_]}}',
      disabled,
    ],
    ['an attribute of systemd', 'systemd.id', undefined, undefined, disabled],
    ['an attribute of systemd when that is on', 'systemd.id', undefined, '{systemd: {enabled: true}}', []],
    ['an attribute of Linux', 'linux.user.id', undefined, undefined, []],
    ['an attribute of Linux when that is off', 'linux.user.id', undefined, '{linux: {enabled: false}}', disabled],
    ['the path of a program', 'linux.binary.path', undefined, undefined, disabled],
    [
      'the path of a program when it is looked for',
      'linux.binary.path',
      undefined,
      '{linux: {discoverWorkloadPath: true}}',
      [],
    ],
    ['a claim of a token', 'jwt.claim.ref', undefined, undefined, disabled],
    [
      'a claim of a token when tokens are read',
      'jwt.claim.ref',
      undefined,
      '{jwt: {enabled: true, allowedIssuers: [{issuer: "https://a.example"}]}}',
      [],
    ],
    ['an attribute of the agent', 'k8s_token.namespace', undefined, undefined, []],
    ['an attribute of the cluster', 'cluster.name', undefined, undefined, []],
  ])('%s', (_what, claim, cluster, workloadAttestation, expected) => {
    expect(findings(claim, cluster, workloadAttestation)).toEqual(expected)
  })

  const K8S = `{policies: [{name: a, requiredAttestors: [{type: k8s_token, config: {issuerURL: "https://a.example"}}]}]}`

  it.each<[string, string, string | undefined, readonly string[]]>([
    ['what the required attestor proves', 'k8s_token.node.name', K8S, []],
    ['what no required attestor proves', 'aws_iid.account.id', K8S, disabled],
    ['a tag that no required attestor proves', 'aws_iid.ec2.instance.tag[Name]', K8S, disabled],
    ['what an extension of workloads may send as well', 'custom.team', K8S, []],
    ['what the configuration says', 'cluster.name', K8S, []],
    ['what workloads send', 'kubernetes.pod.namespace', K8S, []],
    ['an attribute of agents where no AgentAttestation is given', 'aws_iid.account.id', undefined, []],
    ['an attribute of agents where nobody is let in', 'aws_iid.account.id', '{policies: []}', []],
  ])('of the attributes of agents: %s', (_what, claim, agents, expected) => {
    expect(findings(claim, undefined, undefined, agents)).toEqual(expected)
  })

  it('finds attributes of agents wherever a policy names them', () => {
    const text = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy: {pathTemplate: "/x/{{k8s_token.namespace}}"}
  policyOverrides:
    - when: {aws_iid.account.id: "1"}
      policy: {}
    - condition: has(gcp_iit.zone) && k8s_token.namespace == "a"
      policy: {}
`
    const compiled = compile('SVIDIssuancePolicy', text)
    if (!compiled.ok) throw new Error(compiled.issues.map(({ message }) => message).join('\n'))
    const values = { SVIDIssuancePolicy: compiled.value, AgentAttestation: section('AgentAttestation', K8S) }
    const found = findAcross(values).get('SVIDIssuancePolicy') ?? []
    expect(locateIssues(found, text).map(brief)).toEqual([
      '6:14 attribute_not_enabled spec.policyOverrides.0.when.aws_iid.account.id',
      '8:18 attribute_not_enabled spec.policyOverrides.1.condition',
    ])
  })

  it('finds attributes wherever a policy names them', () => {
    const text = `section: SVIDIssuancePolicy
schema: v1
spec:
  policy:
    pathTemplate: "/{{kubernetes.container.name}}"
    x509:
      subject: "CN={{kubernetes.container.name}}"
      dnsNames: ["{{kubernetes.container.name}}.example.org"]
  policyOverrides:
    - when: {kubernetes.container.name: a}
      policy: {pathTemplate: "/x/{{systemd.id | replace(\\"/\\", \\"-\\")}}", x509: {subject: "O=x", dnsNames: []}}
  legacy:
    jwtCustomizationTemplate: "c={{kubernetes.container.name}}"
`
    const compiled = compile('SVIDIssuancePolicy', text)
    if (!compiled.ok) throw new Error(compiled.issues.map(({ message }) => message).join('\n'))
    const found = findAcross({ SVIDIssuancePolicy: compiled.value }).get('SVIDIssuancePolicy') ?? []
    expect(locateIssues(found, text).map(brief)).toEqual([
      '5:21 attribute_not_enabled spec.policy.pathTemplate',
      '7:20 attribute_not_enabled spec.policy.x509.subject',
      '8:19 attribute_not_enabled spec.policy.x509.dnsNames.0',
      '10:14 attribute_not_enabled spec.policyOverrides.0.when.kubernetes.container.name',
      '11:34 attribute_not_enabled spec.policyOverrides.0.policy.pathTemplate',
      '13:34 attribute_not_enabled spec.legacy.jwtCustomizationTemplate',
    ])
  })

  it('finds nothing where there is no policy', () => {
    expect(findAcross({}).size).toBe(0)
    expect(findAcross({ Cluster: section('Cluster', '{serverVersion: 0.1.0}') }).size).toBe(0)
  })
})
