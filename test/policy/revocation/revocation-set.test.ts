import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../../src/attribute/attribute.ts'
import type { Revocation, RevocationSubject, RevokedFact } from '../../../src/policy/revocation/revocation.ts'
import {
  createRevocationSet,
  findRevocation,
  type RevocationSet,
} from '../../../src/policy/revocation/revocation-set.ts'

const NOW = 1_000_000
const entry = (fact: RevokedFact, untilSeconds = NOW + 1, index = 0): Revocation => ({
  index,
  fact,
  untilSeconds,
  reason: 'test',
})
const setOf = (...entries: readonly Revocation[]): RevocationSet => createRevocationSet(entries, undefined)
const subjectOf = (
  attributes: Readonly<Record<string, AttributeValue | undefined>>,
  more: Partial<RevocationSubject> = {},
): RevocationSubject => ({
  attributes: new Map(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  ),
  ...more,
})

const AGENT = {
  'k8s_token.namespace': 'spirl-system',
  'k8s_token.service_account.name': 'spirl-agent',
  'k8s_token.pod.uid': 'p-1',
  'k8s_token.node.name': 'node-1',
}
const WORKLOAD = {
  'kubernetes.pod.namespace': 'default',
  'kubernetes.pod.service_account': 'web',
  'kubernetes.pod.uid': 'w-1',
  'kubernetes.pod.node.name': 'node-1',
  'linux.supp_group.name': ['wheel', 'docker'],
  'http_dns.port': 443,
}
const TOKEN = { issuer: 'https://a.example', jti: 'j-1' }

describe('an entry', () => {
  it.each<[string, RevokedFact, RevocationSubject, boolean]>([
    ['a pod of an agent', { kind: 'pod', namespace: 'spirl-system', uid: 'p-1' }, subjectOf(AGENT), true],
    ['a pod in another namespace', { kind: 'pod', namespace: 'default', uid: 'p-1' }, subjectOf(AGENT), false],
    ['another pod', { kind: 'pod', namespace: 'spirl-system', uid: 'p-2' }, subjectOf(AGENT), false],
    ['a pod of a workload', { kind: 'pod', namespace: 'default', uid: 'w-1' }, subjectOf(WORKLOAD), true],
    ['an account', { kind: 'serviceAccount', namespace: 'spirl-system', name: 'spirl-agent' }, subjectOf(AGENT), true],
    [
      'an account of a workload',
      { kind: 'serviceAccount', namespace: 'default', name: 'web' },
      subjectOf(WORKLOAD),
      true,
    ],
    ['an account elsewhere', { kind: 'serviceAccount', namespace: 'x', name: 'spirl-agent' }, subjectOf(AGENT), false],
    ['a node of an agent', { kind: 'node', name: 'node-1' }, subjectOf(AGENT), true],
    ['a node of a workload', { kind: 'node', name: 'node-1' }, subjectOf(WORKLOAD), true],
    ['another node', { kind: 'node', name: 'node-11' }, subjectOf(AGENT), false],
    ['a node of evidence without one', { kind: 'node', name: 'node-1' }, subjectOf({}), false],
    ['an attribute', { kind: 'attribute', name: 'k8s_token.namespace', value: 'spirl-system' }, subjectOf(AGENT), true],
    [
      'one of several values',
      { kind: 'attribute', name: 'linux.supp_group.name', value: 'docker' },
      subjectOf(WORKLOAD),
      true,
    ],
    [
      'none of several values',
      { kind: 'attribute', name: 'linux.supp_group.name', value: 'root' },
      subjectOf(WORKLOAD),
      false,
    ],
    ['an integer', { kind: 'attribute', name: 'http_dns.port', value: '443' }, subjectOf(WORKLOAD), true],
    ['a token', { kind: 'tokenId', ...TOKEN }, subjectOf({}, { tokenIds: [TOKEN] }), true],
    [
      'a token of another issuer',
      { kind: 'tokenId', ...TOKEN, issuer: 'https://b.example' },
      subjectOf({}, { tokenIds: [TOKEN] }),
      false,
    ],
    ['a session', { kind: 'session', id: 's-1' }, subjectOf({}, { sessionId: 's-1' }), true],
    ['another session', { kind: 'session', id: 's-1' }, subjectOf({}, { sessionId: 's-2' }), false],
    [
      'a name that objects have',
      { kind: 'attribute', name: '__proto__', value: 'x' },
      subjectOf({ constructor: 'x' }),
      false,
    ],
  ])('for %s', (_what, fact, subject, matches) => {
    expect(findRevocation(setOf(entry(fact)), subject, NOW) !== undefined).toBe(matches)
  })

  it('holds before its end, and not at it', () => {
    const set = setOf(entry({ kind: 'node', name: 'node-1' }, NOW))
    expect(findRevocation(set, subjectOf(AGENT), NOW - 1)).toBeDefined()
    expect(findRevocation(set, subjectOf(AGENT), NOW)).toBeUndefined()
  })

  describe.each<[RevokedFact['kind'], RevokedFact, RevocationSubject]>([
    ['node', { kind: 'node', name: 'node-1' }, subjectOf(AGENT)],
    ['pod', { kind: 'pod', namespace: 'spirl-system', uid: 'p-1' }, subjectOf(AGENT)],
    ['serviceAccount', { kind: 'serviceAccount', namespace: 'default', name: 'web' }, subjectOf(WORKLOAD)],
    ['attribute', { kind: 'attribute', name: 'linux.supp_group.name', value: 'docker' }, subjectOf(WORKLOAD)],
    ['tokenId', { kind: 'tokenId', ...TOKEN }, subjectOf({}, { tokenIds: [TOKEN] })],
    ['session', { kind: 'session', id: 's-1' }, subjectOf({}, { sessionId: 's-1' })],
  ])('of kind %s', (_kind, fact, subject) => {
    it.each([
      ['first', [NOW + 5, NOW - 5]],
      ['last', [NOW - 5, NOW + 5]],
    ])('that ends later counts, where it is the %s of two', (_which, ends) => {
      const entries = ends.map((end, index) => entry(fact, end, index))
      const told: (readonly number[])[] = []
      const set = createRevocationSet(entries, undefined, (later, earlier) => told.push([later.index, earlier.index]))
      expect(findRevocation(set, subject, NOW)?.untilSeconds).toBe(NOW + 5)
      expect(told).toEqual([[1, 0]])
    })
  })

  it('is no second one of another kind, where both name a node', () => {
    const entries = [
      entry({ kind: 'node', name: 'node-1' }),
      entry({ kind: 'attribute', name: 'k8s_token.node.name', value: 'node-1' }, NOW + 1, 1),
    ]
    createRevocationSet(entries, undefined, () => expect.unreachable())
  })

  it('for a namespaced name does not hide one for the name alone', () => {
    const set = setOf(
      entry({ kind: 'serviceAccount', namespace: 'other', name: 'spirl-agent' }),
      entry({ kind: 'attribute', name: 'k8s_token.service_account.name', value: 'spirl-agent' }, NOW + 1, 1),
    )
    expect(findRevocation(set, subjectOf(AGENT), NOW)?.index).toBe(1)
  })
})

describe('a lookup', () => {
  const names = ['a', 'b', 'c']
  const fact = fc.oneof(
    fc.record({ kind: fc.constant('node' as const), name: fc.constantFrom(...names) }),
    fc.record({
      kind: fc.constant('pod' as const),
      namespace: fc.constantFrom(...names),
      uid: fc.constantFrom(...names),
    }),
    fc.record({
      kind: fc.constant('serviceAccount' as const),
      namespace: fc.constantFrom(...names),
      name: fc.constantFrom(...names),
    }),
    fc.record({
      kind: fc.constant('attribute' as const),
      name: fc.constantFrom(...Object.keys(AGENT)),
      value: fc.constantFrom(...names),
    }),
  )
  const subject = fc.record(Object.fromEntries(Object.keys(AGENT).map((name) => [name, fc.constantFrom(...names)])), {
    requiredKeys: [],
  })

  it('finds an entry exactly if one of the list matches, looked at one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fact, fc.integer({ min: -2, max: 2 }))), subject, (facts, attributes) => {
        const entries = facts.map(([one, offset], index) => entry(one, NOW + offset, index))
        const found = findRevocation(setOf(...entries), subjectOf(attributes), NOW)
        const expected = entries.some((one) => one.untilSeconds > NOW && matches(one.fact, attributes))
        expect(found !== undefined).toBe(expected)
        if (found !== undefined) expect(matches(found.fact, attributes)).toBe(true)
      }),
    )
  })

  function matches(one: RevokedFact, attributes: Readonly<Record<string, string | undefined>>): boolean {
    const namespace = attributes['k8s_token.namespace']
    switch (one.kind) {
      case 'node':
        return attributes['k8s_token.node.name'] === one.name
      case 'pod':
        return attributes['k8s_token.pod.uid'] === one.uid && namespace === one.namespace
      case 'serviceAccount':
        return attributes['k8s_token.service_account.name'] === one.name && namespace === one.namespace
      case 'attribute':
        return attributes[one.name] === one.value
      default:
        return false
    }
  }

  it.each([1, 100, 10_000])('takes one step per attribute, with %i entries', (count) => {
    const entries = Array.from({ length: count }, (_, index) =>
      entry({ kind: 'serviceAccount', namespace: `n-${index}`, name: 'spirl-agent' }, NOW + 1, index),
    )
    const { byAttribute, ...set } = setOf(...entries)
    let steps = 0
    const counted = new Proxy(byAttribute, {
      get(target, name) {
        if (name === 'get') steps++
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    expect(findRevocation({ ...set, byAttribute: counted }, subjectOf(AGENT), NOW)).toBeUndefined()
    expect(steps).toBe(Object.keys(AGENT).length)
  })
})
