import { describe, expect, it } from 'vitest'
import type { Attributes } from '../../../src/attribute/attribute.ts'
import { CLAIMS_WORKLOADS_MAX, WORKLOAD_ATTRIBUTES_MAX, WORKLOAD_WARNINGS_MAX } from '../../../src/core/limits.ts'
import { pass } from '../../../src/core/result.ts'
import { parseTrustDomain } from '../../../src/identity/trust-domain.ts'
import { findDefaultPath } from '../../../src/policy/mapping/default-path.ts'
import { DEFAULT_ISSUANCE } from '../../../src/policy/mapping/issuance.ts'
import type { MappingContext } from '../../../src/policy/mapping/mapping.ts'
import { createWorkloadMapper, readAgent, type WorkloadDescription } from '../../../src/policy/mapping/workload.ts'
import { FREE } from '../meters.ts'

const parsed = parseTrustDomain('example.org')
if (!parsed.ok) throw new Error(parsed.reason)

const context: MappingContext = {
  trustDomain: parsed.value,
  policy: DEFAULT_ISSUANCE,
  isDefault: true,
  gates: { undecidable: undefined, refusalFor: () => undefined },
  meter: FREE,
  defaultPath: findDefaultPath('k8s'),
  pathBounds: undefined,
  builtIns: new Map([['cluster.name', 'c-1']]),
  agent: undefined,
}
const nothing = { includeContainerAttributes: false, includeAnnotationPrefixes: [] }
const lax = { requireAgentSession: false, requireNode: false }
const proof = (name: string, value: string | readonly string[]) => ({ origin: 'k8s_token', name, value })

const checkRevoked = () => undefined

const workload: WorkloadDescription = {
  id: 'w1',
  attributes: {
    'kubernetes.pod.namespace': 'default',
    'kubernetes.pod.service_account': 'web',
    'kubernetes.pod.node.name': 'node-1',
  },
}

describe('warnings of attributes that were dropped', () => {
  it.each([
    [WORKLOAD_WARNINGS_MAX, undefined],
    [WORKLOAD_WARNINGS_MAX + 1, '2 more'],
    [WORKLOAD_ATTRIBUTES_MAX, `${WORKLOAD_ATTRIBUTES_MAX - WORKLOAD_WARNINGS_MAX + 1} more`],
  ])('are at most so many, and the last one counts the rest: %i', (count, rest) => {
    const attributes = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`kubernetes.pod.annotation[a${index}]`, '']),
    )
    const agent = { attributes: undefined, node: undefined }
    const { warnings = [] } = createWorkloadMapper(
      { ...context, checkRevoked },
      agent,
      nothing,
    )({ id: 'w1', attributes })
    expect(warnings).toHaveLength(Math.min(count, WORKLOAD_WARNINGS_MAX))
    expect(new Set(warnings.map(({ code }) => code))).toEqual(new Set(['attribute_dropped']))
    expect(warnings.at(-1)?.detail).toContain(rest ?? `annotation[a${count - 1}]`)
  })
})

describe('readAgent()', () => {
  it('is nobody without a session', () => {
    expect(readAgent(undefined, lax)).toEqual(pass({ attributes: undefined, node: undefined }))
  })

  it('takes what an agent may vouch for alone, by canonical names', () => {
    const session = [
      proof('k8s_token.node.name', 'node-1'),
      proof('aws_iid.ec2.instance.tag[Name]', 'x'),
      proof('kubernetes.pod.namespace', 'kube-system'),
      proof('cluster.name', 'other'),
      proof('no.such.attribute', 'x'),
      proof('__proto__', 'x'),
    ]
    const agent = readAgent(session, lax)
    expect(agent).toEqual(
      pass({
        attributes: new Map([
          ['k8s_token.node.name', 'node-1'],
          ['aws_iid.ec2.instance.tag.Name', 'x'],
        ]),
        node: 'node-1',
      }),
    )
  })

  it.each([
    ['a session', { requireAgentSession: true, requireNode: false }, undefined, 'agent_session_required'],
    ['a node, and there is no session', { requireAgentSession: false, requireNode: true }, undefined, 'node_required'],
    ['a node, and the session proves none', { requireAgentSession: true, requireNode: true }, [], 'node_required'],
  ])('refuses where the cluster requires %s', (_what, cluster, session, code) => {
    expect(readAgent(session, cluster)).toMatchObject({ ok: false, refusal: { code } })
  })
})

describe('createWorkloadMapper()', () => {
  const mapped = (agent: { attributes: Attributes | undefined; node: string | undefined }, change: object = {}) =>
    createWorkloadMapper(
      { ...context, checkRevoked, agent: agent.attributes },
      agent,
      nothing,
    )({ ...workload, ...change })
  const nobody = { attributes: undefined, node: undefined }
  const onNode = { attributes: new Map([['k8s_token.node.name', 'node-1']]), node: 'node-1' }

  it('maps without an agent, and warns of nothing', () => {
    expect(mapped(nobody)).toMatchObject({ id: 'w1', spiffeId: 'spiffe://example.org/c-1/ns/default/sa/web' })
    expect(mapped(nobody)).not.toHaveProperty('warnings')
  })

  it('maps what is on the node of the agent', () => {
    expect(mapped(onNode)).toHaveProperty('spiffeId')
    expect(mapped(onNode)).not.toHaveProperty('warnings')
  })

  it.each([
    ['on another node', 'node-2', 'node_mismatch'],
    ['on a node whose name is longer', 'node-10', 'node_mismatch'],
    ['on a node of another case', 'NODE-1', 'node_mismatch'],
    ['on no node', undefined, 'node_missing'],
  ])('refuses what is %s', (_what, node, code) => {
    const { 'kubernetes.pod.node.name': _own, ...others } = workload.attributes ?? {}
    const attributes = node === undefined ? others : { ...others, 'kubernetes.pod.node.name': node }
    expect(mapped(onNode, { attributes })).toMatchObject({ error: { code, attribute: 'kubernetes.pod.node.name' } })
  })

  it('warns of an agent that proves no node, also beside an error', () => {
    const unproven = { attributes: new Map(), node: undefined }
    expect(mapped(unproven)).toMatchObject({ spiffeId: expect.any(String), warnings: [{ code: 'node_unproven' }] })
    expect(mapped(unproven, { attributes: {} })).toMatchObject({
      error: { code: 'attribute_missing' },
      warnings: [{ code: 'node_unproven' }],
    })
  })

  it('keeps the code, the place and the surface of an error, and nothing that is the operator’s', () => {
    const { attributes = {} } = workload
    expect(mapped(nobody, { attributes: { ...attributes, 'kubernetes.pod.namespace': '..' } })).toEqual({
      id: 'w1',
      error: {
        code: 'attribute_invalid',
        attribute: 'kubernetes.pod.namespace',
        surface: 'pathTemplate',
        detail: expect.any(String),
      },
    })
  })

  it('suggests the right name to every workload of a request', () => {
    const map = createWorkloadMapper({ ...context, checkRevoked }, nobody, nothing)
    const details = Array.from({ length: CLAIMS_WORKLOADS_MAX }, (_, index) => {
      const result = map({ id: `w${index}`, attributes: { 'kubernetes.pod.nmae': 'x' } })
      return 'error' in result ? result.error.detail : ''
    })
    expect(details.filter((detail) => detail.includes('kubernetes.pod.name'))).toHaveLength(CLAIMS_WORKLOADS_MAX)
  })
})
