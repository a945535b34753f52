// Completion of documents that are being written: where the cursor is, and what may be written there.
import { CompletionContext } from '@codemirror/autocomplete'
import { EditorState } from '@codemirror/state'
import { describe, expect, it } from 'vitest'
import { completeYaml, type DocumentKind } from '../../playground/page/editor/complete-yaml.ts'
import { findYamlPlace } from '../../playground/page/editor/yaml-place.ts'
import { makeEngine } from './situation.ts'

const { vocabulary } = makeEngine()
const HEAD = 'section: AgentAttestation\nschema: v1\nspec:\n'
const POLICY = `${HEAD}  policies:\n    - name: a\n      requiredAttestors:\n`

/** What is offered at `|`. */
function complete(text: string, section: DocumentKind = 'AgentAttestation'): readonly string[] {
  const pos = text.indexOf('|')
  const state = EditorState.create({ doc: text.replace('|', '') })
  const found = completeYaml(vocabulary, section, new CompletionContext(state, pos, true))
  return (found?.options ?? []).map(({ label }) => label)
}

describe('completeYaml()', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['the envelope', 'sec|', ['section', 'schema', 'spec'], []],
    ['what is missing of it', 'section: AgentAttestation\n|', ['schema', 'spec'], ['section']],
    ['the section', 'section: |', ['AgentAttestation'], ['Cluster']],
    ['the fields of spec', `${HEAD}  |`, ['policies'], ['section']],
    ['the fields of a policy', `${HEAD}  policies:\n    - |`, ['name', 'requiredAttestors'], ['policies']],
    [
      'those that are missing',
      `${HEAD}  policies:\n    - name: a\n      |`,
      ['requiredAttestors', 'conditions'],
      ['name'],
    ],
    ['those above one that is there', `${HEAD}  policies:\n    - |\n      conditions: x`, ['name'], ['conditions']],
    ['the types of attestors', `${POLICY}        - type: |`, ['k8s_token', 'github'], ['name']],
    ['the members of an attestor', `${POLICY}        - type: github\n          |`, ['config'], ['type']],
    [
      'the fields of its configuration',
      `${POLICY}        - type: github\n          config:\n            |`,
      ['repositoryIDs'],
      ['issuerUrl', 'serviceAccountName'],
    ],
    [
      'those of another type',
      `${POLICY}        - type: k8s_token\n          config:\n            |`,
      ['serviceAccountName'],
      ['repositoryIDs'],
    ],
    [
      'those of a type that comes after',
      `${POLICY}        - config:\n            |\n          type: github`,
      ['repositoryIDs'],
      [],
    ],
    ['a list as deep as its key', `${HEAD}  policies:\n  - name: a\n    |`, ['requiredAttestors'], ['name']],
    [
      'a flag',
      `${POLICY}        - type: k8s_token\n          config:\n            requireBoundPod: |`,
      ['true', 'false'],
      [],
    ],
    ['nothing for a type that is not known', `${POLICY}        - type: nope\n          config:\n            |`, [], []],
    ['nothing under a name like a property of objects', `${HEAD}  constructor:\n    |`, [], []],
    [
      'attributes in a condition',
      `${HEAD}  policies:\n    - conditions:\n        - expression: k8s_token.n|`,
      ['k8s_token.node.name'],
      [],
    ],
  ])('%s', (_name, text, offered, withheld) => {
    const found = complete(text)
    expect(found).toEqual(expect.arrayContaining([...offered]))
    for (const label of withheld) expect(found).not.toContain(label)
    if (offered.length === 0) expect(found).toEqual([])
  })

  it('offers attributes in a template', () => {
    const text = 'section: SVIDIssuancePolicy\nschema: v1\nspec:\n  policy:\n    pathTemplate: "/{{kube|}}"'
    expect(complete(text, 'SVIDIssuancePolicy')).toContain('kubernetes.pod.namespace')
  })

  it.each<[string, string, readonly string[], readonly string[]]>([
    ['the head of a file', 'trustDomain: x\n|', ['now', 'cases'], ['trustDomain', 'section']],
    ['a case', 'cases:\n  - |', ['name', 'login', 'serverless'], ['cases']],
    ['what is expected', 'cases:\n  - name: x\n    expect:\n      |', ['admit', 'spiffeId'], ['login']],
    ['who logs in', 'cases:\n  - as: |', ['agent', 'issuer'], ['name']],
  ])('offers %s of policy tests', (_name, text, offered, not) => {
    const found = complete(text, 'tests')
    expect(found).toEqual(expect.arrayContaining([...offered]))
    for (const label of not) expect(found).not.toContain(label)
  })
})

describe('findYamlPlace()', () => {
  it('reads comments, quotes and blank lines as YAML does', () => {
    const before = '# a: b\n"spec": # here\n\n  policies:\n    # - x\n    - name: "a # b"\n      '
    const { frames, key } = findYamlPlace(before, '')
    expect(frames.map(({ name, isItem }) => (isItem ? '-' : name))).toEqual([undefined, 'spec', 'policies', '-'])
    expect(frames.at(-1)?.values.get('name')).toBe('a # b')
    expect(key).toBeUndefined()
  })
})
