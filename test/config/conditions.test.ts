// Conditions as they stand in a document: where each complaint lies, and what a policy may read.
import { describe, expect, it } from 'vitest'
import { compileDocument } from '../../src/config/compile/compile.ts'
import {
  CONDITION_MESSAGE_MAX_LENGTH,
  CONDITIONS_PER_DOCUMENT_MAX,
  CONDITIONS_PER_POLICY_MAX,
  PATTERNS_PER_DOCUMENT_MAX,
} from '../../src/core/limits.ts'
import { encodeUtf8 } from '../../src/core/utf8.ts'
import { COMPILE_CONTEXT } from './compile-context.ts'

const head = `section: AgentAttestation
schema: v1
spec:
  policies:
    - name: p
      requiredAttestors:
        - type: k8s_token
          config:
            {issuerURL: https://oidc.example.com/id/1, allowedServiceAccounts: ["a:b"]}
      conditions:
`

function found(conditions: string): readonly string[] {
  const result = compileDocument('AgentAttestation', encodeUtf8(head + conditions), COMPILE_CONTEXT)
  return (result.ok ? result.warnings : result.issues).map(({ line, column, code }) => `${line}:${column} ${code}`)
}

describe('conditions in a document', () => {
  it.each([
    ['one', '        - expression: k8s_token.namespace == "spirl-system"\n', []],
    ['one with a message', '        - { expression: \'k8s_token.namespace == "a"\', message: agents run in a }\n', []],
    [
      'a block text',
      '        - expression: |-\n            k8s_token.namespace == "a" &&\n            k8s_token.issuer != ""\n',
      [],
    ],
    [
      'a guarded optional attribute',
      '        - expression: has(k8s_token.node.name) && k8s_token.node.name == "n"\n',
      [],
    ],
    ['an unguarded one', '        - expression: k8s_token.node.name == "n"\n', ['11:23 attribute_may_be_absent']],
    ['a misspelt attribute', '        - expression: k8s_token.namespce == "a"\n', ['11:23 attribute_unknown']],
    [
      'an attribute of another attestor',
      '        - expression: aws_iid.account.id == "1"\n',
      ['11:23 attribute_surface_forbidden'],
    ],
    [
      'an attribute of the workload',
      '        - expression: kubernetes.pod.namespace == "a"\n',
      ['11:23 attribute_surface_forbidden'],
    ],
    ['a syntax error', '        - expression: k8s_token.namespace = "a"\n', ['11:43 condition_syntax']],
    ['a type error', '        - expression: k8s_token.namespace == 1\n', ['11:43 condition_type']],
    ['no bool', '        - expression: k8s_token.namespace\n', ['11:23 condition_type']],
    [
      'what CEL has and we do not',
      '        - expression: duration("1s") == k8s_token.namespace\n',
      ['11:23 condition_unsupported'],
    ],
    ['a bad pattern', '        - expression: k8s_token.namespace.matches("(")\n', ['11:52 pattern_invalid']],
    [
      'two faults',
      '        - expression: k8s_token.a == "a"\n        - expression: "1"\n',
      ['11:23 attribute_unknown', '12:24 condition_type'],
    ],
    ['a fault in a quoted text', '        - expression: "k8s_token.namespace == 1"\n', ['11:44 condition_type']],
    [
      'a second line of a block',
      '        - expression: |-\n            k8s_token.issuer != "" &&\n            k8s_token.nam == ""\n',
      ['13:13 attribute_unknown'],
    ],
    ['no expression', '        - message: x\n', ['11:11 field_missing']],
    ['an unknown field', '        - expression: "true"\n          reason: x\n', ['12:11 field_unknown']],
    ['a bool for an expression', '        - expression: true\n', ['11:23 text_unquoted']],
  ])('%s', (_what, text, expected) => {
    expect(found(text)).toEqual(expected)
  })

  it('are bounded over the whole document, in patterns and in number', () => {
    const document = (policies: number, expression: string): readonly string[] => {
      const config = { issuerURL: 'https://oidc.example.com/id/1', allowedServiceAccounts: ['a:b'] }
      const spec = {
        policies: Array.from({ length: policies }, (_, index) => ({
          name: `p${index}`,
          requiredAttestors: [{ type: 'k8s_token', config }],
          conditions: [{ expression }],
        })),
      }
      const text = JSON.stringify({ section: 'AgentAttestation', schema: 'v1', spec })
      const result = compileDocument('AgentAttestation', encodeUtf8(text), COMPILE_CONTEXT)
      return result.ok ? [] : result.issues.map(({ code }) => code)
    }
    const patterns = (count: number): string =>
      Array.from({ length: count }, (_, index) => `k8s_token.namespace.matches("a${index}")`).join(' || ')
    expect(document(PATTERNS_PER_DOCUMENT_MAX / 10, patterns(10))).toEqual([])
    expect(document(PATTERNS_PER_DOCUMENT_MAX / 10 + 2, patterns(10))).toEqual(['condition_too_large'])
    // The names of a document end before its conditions do: six of each policy are 60,000 for ten thousand.
    expect(document(CONDITIONS_PER_DOCUMENT_MAX / 2, 'true')).toEqual([])
  })

  it('are bounded in number and in what they say', () => {
    const many = (count: number): string => '        - expression: "true"\n'.repeat(count)
    expect(found(many(CONDITIONS_PER_POLICY_MAX))).toEqual([])
    expect(found(many(CONDITIONS_PER_POLICY_MAX + 1))).toHaveLength(1)
    const message = (length: number): string =>
      `        - expression: "true"\n          message: ${'m'.repeat(length)}\n`
    expect(found(message(CONDITION_MESSAGE_MAX_LENGTH))).toEqual([])
    expect(found(message(CONDITION_MESSAGE_MAX_LENGTH + 1))).toHaveLength(1)
  })
})

describe('the condition of an override', () => {
  const policyHead = `section: SVIDIssuancePolicy
schema: v1
spec:
  policyOverrides:
`
  function foundIn(override: string): readonly string[] {
    const text = `${policyHead}${override}      policy:\n        pathTemplate: /a/{{kubernetes.pod.namespace}}\n`
    const result = compileDocument('SVIDIssuancePolicy', encodeUtf8(text), COMPILE_CONTEXT)
    return (result.ok ? result.warnings : result.issues).map(({ line, column, code }) => `${line}:${column} ${code}`)
  }

  it.each([
    ['alone', '    - condition: kubernetes.pod.namespace == "a"\n', []],
    ['beside when', '    - condition: kubernetes.pod.namespace == "a"\n      when: { kubernetes.pod.name: b }\n', []],
    ['over what the agent proves', '    - condition: k8s_token.namespace == cluster.name\n', []],
    ['over a label', '    - condition: \'"app" in kubernetes.pod.label && kubernetes.pod.label["app"] == "a"\'\n', []],
    ['a misspelt one', '    - condition: kubernetes.pod.namespce == "a"\n', ['5:18 attribute_unknown']],
    ['an empty one', '    - condition: ""\n', ['5:18 value_empty']],
  ])('%s', (_what, text, expected) => {
    expect(foundIn(text)).toEqual(expected)
  })

  it('cannot be left out together with when', () => {
    expect(foundIn('    - \n').map((issue) => issue.split(' ')[1])).toContain('field_missing')
  })
})

describe('conditions for issuers', () => {
  it('stand in the policies of the trust domain as well', () => {
    const config = {
      issuerURL: 'https://oidc.example.com/id/1',
      serviceAccountNamespace: 'tds',
      serviceAccountName: 'server',
    }
    const policy = { name: 'p', requiredAttestors: [{ type: 'k8s_token', config }] }
    const compileWith = (expression: string) => {
      const spec = { policies: [{ ...policy, conditions: [{ expression }] }] }
      const text = JSON.stringify({ section: 'TrustDomainServerAttestation', schema: 'v1', spec })
      return compileDocument('TrustDomainServerAttestation', encodeUtf8(text), { ...COMPILE_CONTEXT, exactPins: true })
    }
    const good = compileWith('k8s_token.namespace == "tds"')
    expect(good.ok && good.value.policies[0]?.conditions).toHaveLength(1)
    expect(compileWith('k8s_token.namespce == "tds"').ok).toBe(false)
  })
})
