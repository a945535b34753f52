// A hint that says what to write is worth following: the edit that it describes is made, and the document read again.
import { describe, expect, it } from 'vitest'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { LocatedIssue } from '../../src/config/yaml/located-issue.ts'
import { isError } from '../../src/core/issue.ts'
import { compile } from './document.ts'

function issues(section: SectionName, text: string): readonly LocatedIssue[] {
  const result = compile(section, text)
  return result.ok ? result.warnings : result.issues
}

const errors = (section: SectionName, text: string): readonly LocatedIssue[] => issues(section, text).filter(isError)

function follow(text: string, { fix }: LocatedIssue): string {
  if (fix === undefined) throw new Error('no hint')
  return text.slice(0, fix.start) + fix.text + text.slice(fix.end)
}

function conditions(expression: string): string {
  return `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: p
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://oidc.example.com
            serviceAccountNamespace: a
            serviceAccountName: b
      conditions:
        - expression: ${expression}
          message: no
`
}

describe('a value that YAML takes for something else', () => {
  it.each([
    '!has(k8s_token.node.name)',
    '!has(k8s_token.node.name) && k8s_token.namespace == "a"',
    "!has(k8s_token.node.name) || k8s_token.node.name == 'b'",
    '!(k8s_token.namespace == "a")',
    '!k8s_token.namespace.startsWith("x") # why',
    '"a" == k8s_token.namespace',
    "'a' == k8s_token.namespace",
    '"a" in ["a", k8s_token.namespace] && true',
  ])('is right once its hint is followed: %s', (expression) => {
    const text = conditions(expression)
    const [issue, ...more] = errors('AgentAttestation', text)
    if (issue === undefined) throw new Error('compiles')
    expect(more).toEqual([])
    expect(issue.message).toContain(issue.fix?.text)
    expect([issue.line, issue.column]).toEqual([13, expect.any(Number)])
    expect(errors('AgentAttestation', follow(text, issue))).toEqual([])
  })

  it.each<[SectionName, string]>([
    ['SVIDIssuancePolicy', 'policy:\n    pathTemplate: {{kubernetes.pod.name}}/x\n'],
    ['SVIDIssuancePolicy', 'policy:\n    jwt:\n      additionalClaims:\n        a: {{kubernetes.pod.name}}\n'],
    ['SVIDIssuancePolicy', 'policy:\n    jwt:\n      additionalClaims:\n        1: "{{kubernetes.pod.name}}"\n'],
    ['SVIDIssuancePolicy', 'policy:\n    jwt:\n      additionalClaims:\n        true: "{{kubernetes.pod.name}}"\n'],
    ['SVIDIssuancePolicy', 'policyOverrides:\n    - when:\n        kubernetes.pod.name: *x\n      policy: {}\n'],
    ['SVIDIssuancePolicy', 'policyOverrides:\n    - when:\n        kubernetes.pod.name: @x\n      policy: {}\n'],
    ['SVIDIssuancePolicy', 'policyOverrides:\n    - when:\n        kubernetes.pod.name: 12\n      policy: {}\n'],
  ])('is right once its hint is followed: %s %s', (section, spec) => {
    const text = `section: ${section}\nschema: v1\nspec:\n  ${spec}`
    const [issue] = errors(section, text)
    if (issue === undefined) throw new Error('compiles')
    const followed = follow(text, issue)
    const still = errors(section, followed).filter(({ line }) => line === issue.line)
    // A path that begins without a slash is another fault, and no hint of this one.
    expect(still.filter(({ code }) => code !== 'path_invalid')).toEqual([])
  })
})

const K8S = (field: string): string => `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: p
      requiredAttestors:
        - type: k8s_token
          config:
            issuerURL: https://oidc.example.com
            ${field}
`
const CLUSTER = (field: string): string => `section: Cluster\nschema: v1\nspec:\n  ${field}\n`
const ISSUANCE = (field: string): string => `section: SVIDIssuancePolicy\nschema: v1\nspec:\n  policy:\n    ${field}\n`

const FIELDS: readonly (readonly [SectionName, string, (value: string) => string])[] = [
  ['AgentAttestation', 'maxTokenLifetime', (value) => K8S(`maxTokenLifetime: ${value}`)],
  ['AgentAttestation', 'audiences', (value) => K8S(`audiences: [${value}]`)],
  ['AgentAttestation', 'serviceAccountNamespace', (value) => K8S(`serviceAccountNamespace: ${value}`)],
  ['AgentAttestation', 'allowedServiceAccounts', (value) => K8S(`allowedServiceAccounts: [${value}]`)],
  ['AgentAttestation', 'allowedNodes', (value) => K8S(`allowedNodes: [${value}]`)],
  ['AgentAttestation', 'jwksURI', (value) => K8S(`jwksURI: ${value}`)],
  ['AgentAttestation', 'issuerURL', (value) => K8S('').replace('https://oidc.example.com', value)],
  ['AgentAttestation', 'type', (value) => K8S('').replace('type: k8s_token', `type: ${value}`)],
  ['AgentAttestation', 'name', (value) => K8S('').replace('name: p', `name: ${value}`)],
  ['AgentAttestation', 'schema', (value) => K8S('').replace('schema: v1', `schema: ${value}`)],
  ['AgentAttestation', 'section', (value) => K8S('').replace('section: AgentAttestation', `section: ${value}`)],
  ['AgentAttestation', 'expression', (value) => conditions(value)],
  ['AgentAttestation', 'message', (value) => conditions('"true"').replace('message: no', `message: ${value}`)],
  ['Cluster', 'name', (value) => CLUSTER(`name: ${value}`)],
  ['Cluster', 'platform', (value) => CLUSTER(`platform: ${value}`)],
  ['Cluster', 'serverVersion', (value) => CLUSTER(`serverVersion: ${value}`)],
  ['Cluster', 'sessionsNotBefore', (value) => CLUSTER(`sessionsNotBefore: ${value}`)],
  ['SVIDIssuancePolicy', 'x509.ttl', (value) => ISSUANCE(`x509: {ttl: ${value}}`)],
  ['SVIDIssuancePolicy', 'jwt.ttl', (value) => ISSUANCE(`jwt: {ttl: ${value}}`)],
  ['SVIDIssuancePolicy', 'pathTemplate', (value) => ISSUANCE(`pathTemplate: ${value}`)],
]
const VALUES = [
  '3600',
  '30',
  '7200',
  '1.5',
  '0.36',
  '0x1F',
  '-1',
  '+3',
  '1e3',
  'true',
  'null',
  '~',
  '12345678901234567890',
]

describe('a number, a boolean or null where a string is expected', () => {
  it.each(FIELDS)('has no hint that leads to another fault: %s %s', (section, _field, make) => {
    for (const value of VALUES) {
      const text = make(value)
      for (const issue of errors(section, text)) {
        if (issue.code !== 'text_unquoted' && issue.fix === undefined) continue
        if (issue.fix === undefined) {
          expect(`${value}: ${issue.message}`).not.toContain('quotes')
          continue
        }
        const where = JSON.stringify(issue.path)
        const still = errors(section, follow(text, issue)).filter(({ path }) => JSON.stringify(path) === where)
        expect([value, issue.message, still.map(({ code }) => code)]).toEqual([value, expect.any(String), []])
      }
    }
  })

  it.each([
    ['3600', '3600s'],
    ['7200', '7200s'],
    ['1.5', undefined],
    ['30', undefined],
  ])('says what duration %s may be: %s', (value, expected) => {
    const [issue] = errors('AgentAttestation', K8S(`maxTokenLifetime: ${value}`))
    expect([issue?.line, issue?.column, issue?.fix?.text]).toEqual([10, 31, expected])
  })
})

describe('hints of empty values and of misspelt names', () => {
  it.each([
    ['a list that must not be empty', 'AgentAttestation', K8S('audiences:')],
    ['a map with required fields', 'AgentAttestation', K8S('').replace(/config:[\s\S]*/, 'config:\n')],
  ] as const)('do not offer what is refused as well: %s', (_what, section, text) => {
    const [issue] = errors(section, text)
    expect(issue?.code).toBe('value_empty')
    expect(issue?.message).not.toMatch(/\[\]|\{\}/)
  })

  it('offer an empty list where there may be one', () => {
    const [issue] = errors('AgentAttestation', 'section: AgentAttestation\nschema: v1\nspec:\n  policies:\n')
    expect(issue?.message).toContain('[]')
  })

  it('do not offer a name that is taken', () => {
    const [issue] = errors('AgentAttestation', K8S('isuerURL: https://b.example.com'))
    expect([issue?.code, issue?.message]).toEqual(['field_unknown', expect.not.stringContaining('did you mean')])
  })
})
