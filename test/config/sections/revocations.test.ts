import { describe, expect, it } from 'vitest'
import { findByClock } from '../../../src/config/compile/clock-findings.ts'
import { compileDocument } from '../../../src/config/compile/compile.ts'
import {
  REVOCATION_FACT_MAX_BYTES,
  REVOCATION_REASON_MAX_LENGTH,
  REVOCATIONS_DOCUMENT_MAX_BYTES,
  REVOCATIONS_MAX,
} from '../../../src/core/limits.ts'
import { COMPILE_CONTEXT } from '../compile-context.ts'
import { changed, compile, found } from '../document.ts'

const valid = `section: Revocations
schema: v1
spec:
  lock:
    until: 2026-01-31T12:00:00Z
    reason: incident
  entries:
    - pod: {namespace: spirl-system, uid: 778a530c-b3f4-47c0-9cd5-ab018fb64f33}
      until: 2026-12-31T12:00:00Z
      reason: deleted
    - serviceAccount: {namespace: spirl-system, name: spirl-agent}
      until: 2026-12-31T12:00:00Z
      reason: leaked
    - node: ip-10-0-1-1.ec2.internal
      until: 2026-12-31T12:00:00Z
      reason: stolen
    - attribute: {name: "kubernetes.pod.label[app]", value: web}
      until: 2026-12-31T12:00:00Z
      reason: bad image
    - tokenId: {issuer: "https://oidc.example.com/id/1", jti: ea28ed49-2e11-4280-9ec5-bc3d1d84661a}
      until: 2026-12-31T12:00:00Z
      reason: logged by mistake
    - session: 0197b3a0-1111-7222-8333-444455556666
      until: 2026-12-31T12:00:00Z
      reason: copied
`

describe('section Revocations', () => {
  it('compiles an entry of each kind, and a lock', () => {
    const result = compile('Revocations', valid)
    expect(found(result)).toEqual([])
    if (!result.ok) throw new Error('does not compile')
    const { entries, lock } = result.value
    expect(entries.map(({ fact }) => fact.kind)).toEqual([
      'pod',
      'serviceAccount',
      'node',
      'attribute',
      'tokenId',
      'session',
    ])
    expect(entries.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5])
    expect(entries[0]).toMatchObject({ untilSeconds: Date.UTC(2026, 11, 31, 12) / 1000, reason: 'deleted' })
    expect(lock).toEqual({ untilSeconds: Date.UTC(2026, 0, 31, 12) / 1000, reason: 'incident' })
  })

  it('stands in cluster documents and in those of the trust domain', () => {
    const bytes = new TextEncoder().encode(valid)
    expect(compileDocument('Revocations', bytes, { ...COMPILE_CONTEXT, exactPins: true }).ok).toBe(true)
  })

  it('makes another spelling of an attribute the same attribute', () => {
    const result = compile('Revocations', changed(valid, '"kubernetes.pod.label[app]"', 'kubernetes.pod.label.app'))
    expect(result.ok && result.value.entries[3]?.fact).toMatchObject({ name: 'kubernetes.pod.label[app]' })
  })

  it.each([
    ['no entries', valid.slice(valid.indexOf('  entries')), ''],
    ['an empty list', valid.slice(valid.indexOf('  entries')), '  entries: []\n'],
    ['no lock', valid.slice(valid.indexOf('  lock'), valid.indexOf('  entries')), ''],
    ['a node with a dash', 'ip-10-0-1-1.ec2.internal', 'node-1'],
    ['a reason as long as may be', 'stolen', 'x'.repeat(REVOCATION_REASON_MAX_LENGTH)],
    ['an attribute as long as may be', 'value: web', `value: ${'x'.repeat(REVOCATION_FACT_MAX_BYTES - 25)}`],
  ])('compiles %s', (_what, from, to) => {
    expect(found(compile('Revocations', changed(valid, from, to)))).toEqual([])
  })

  it.each<[string, string, string, readonly string[]]>([
    ['a wildcard', 'node: ip-10-0-1-1.ec2.internal', 'node: ip-10-*', ['14:13 value_invalid spec.entries.2.node']],
    ['a node in capitals', 'node: ip-10', 'node: IP-10', ['14:13 value_invalid spec.entries.2.node']],
    [
      'a namespace with a dot',
      '{namespace: spirl-system, uid',
      '{namespace: a.b, uid',
      ['8:24 value_invalid spec.entries.0.pod.namespace'],
    ],
    ['a uid with a wildcard', 'uid: 778a530c', 'uid: "778*"  #', []],
    ['no fact', 'node: ip-10-0-1-1.ec2.internal\n      until', 'until', ['14:7 field_missing spec.entries.2']],
    [
      'two facts',
      'node: ip-10-0-1-1.ec2.internal',
      'node: a\n      session: 0197b3a0-1111-7222-8333-444455556666',
      ['15:7 field_conflict spec.entries.2.session'],
    ],
    [
      'no until',
      '\n      until: 2026-12-31T12:00:00Z\n      reason: stolen',
      '\n      reason: stolen',
      ['14:7 field_missing spec.entries.2.until'],
    ],
    ['no reason', '\n      reason: stolen', '', ['14:7 field_missing spec.entries.2.reason']],
    ['an empty reason', 'reason: stolen', 'reason: ""', ['16:15 value_empty spec.entries.2.reason']],
    [
      'a time without a zone',
      'until: 2026-12-31T12:00:00Z\n      reason: stolen',
      'until: 2026-12-31T12:00:00\n      reason: stolen',
      ['15:14 value_invalid spec.entries.2.until'],
    ],
    [
      'a session that is no UUID',
      '0197b3a0-1111-7222-8333-444455556666',
      'S1',
      ['23:16 value_invalid spec.entries.5.session'],
    ],
    [
      'a misspelt attribute',
      'kubernetes.pod.label[app]',
      'kubernetes.pod.lable[app]',
      ['17:25 attribute_unknown spec.entries.3.attribute.name'],
    ],
    [
      'a built-in attribute',
      'kubernetes.pod.label[app]',
      'cluster.id',
      ['17:25 attribute_origin_forbidden spec.entries.3.attribute.name'],
    ],
    [
      'an unknown field',
      'reason: stolen',
      'reason: stolen\n      nodes: x',
      ['17:7 field_unknown spec.entries.2.nodes'],
    ],
    ['a lock without an end', '    until: 2026-01-31T12:00:00Z\n', '', ['4:3 field_missing spec.lock.until']],
    [
      'a reason that is too long',
      'stolen',
      'x'.repeat(REVOCATION_REASON_MAX_LENGTH + 1),
      ['16:15 value_out_of_range spec.entries.2.reason'],
    ],
    [
      'an attribute that is too long',
      'value: web',
      `value: ${'x'.repeat(REVOCATION_FACT_MAX_BYTES - 24)}`,
      ['17:7 value_out_of_range spec.entries.3'],
    ],
    [
      'the same node twice',
      'session: 0197b3a0-1111-7222-8333-444455556666',
      'node: ip-10-0-1-1.ec2.internal',
      ['23:7 revocation_duplicate spec.entries.5'],
    ],
  ])('finds %s', (_what, from, to, expected) => {
    const issues = found(compile('Revocations', changed(valid, from, to)))
    if (expected.length === 0) expect(issues[0]).toMatch(/value_invalid|yaml/)
    else expect(issues).toEqual(expected)
  })

  it('tells by the clock which entries have expired', () => {
    const result = compile('Revocations', valid)
    if (!result.ok) throw new Error('does not compile')
    const at = Date.UTC(2026, 11, 31, 12)
    expect(findByClock({ Revocations: result.value }, at - 1).get('Revocations')).toBeUndefined()
    expect(findByClock({ Revocations: result.value }, at).get('Revocations')).toMatchObject([
      { code: 'revocation_expired', path: ['spec', 'entries', 0], message: expect.stringContaining('6 entries') },
    ])
  })
})

describe('the limits of the section', () => {
  /** Every string as long as it may be: a namespace and a name, the longest fact, the longest reason. */
  function longest(count: number): string {
    const entry = (index: number): string =>
      `  - attribute:\n      name: k8s_token.issuer\n      value: ${String(index).padStart(REVOCATION_FACT_MAX_BYTES - 16, 'v')}\n` +
      `    until: 2026-12-31T12:00:00Z\n    reason: ${'r'.repeat(REVOCATION_REASON_MAX_LENGTH)}\n`
    return `section: Revocations\nschema: v1\nspec:\n  entries:\n${Array.from({ length: count }, (_, index) => entry(index)).join('')}`
  }

  it(`are fit by ${REVOCATIONS_MAX} entries of the longest form`, { timeout: 60_000 }, () => {
    const text = longest(REVOCATIONS_MAX)
    expect(text.length).toBeLessThanOrEqual(REVOCATIONS_DOCUMENT_MAX_BYTES)
    const result = compile('Revocations', text)
    expect(found(result)).toEqual([])
    expect(result.ok && result.value.entries.length).toBe(REVOCATIONS_MAX)
  })

  it('are fit by as many pods, which have the most fields', { timeout: 60_000 }, () => {
    const entries = Array.from({ length: REVOCATIONS_MAX }, (_, index) => ({
      pod: { namespace: 'n'.repeat(63), uid: String(index).padStart(128, '0') },
      until: '2026-12-31T12:00:00Z',
      reason: 'r',
    }))
    const result = compile('Revocations', JSON.stringify({ section: 'Revocations', schema: 'v1', spec: { entries } }))
    expect(found(result)).toEqual([])
  })

  it('refuse one entry more', { timeout: 60_000 }, () => {
    const entries = Array.from({ length: REVOCATIONS_MAX + 1 }, (_, index) => ({
      node: `node-${index}`,
      until: '2026-12-31T12:00:00Z',
      reason: 'r',
    }))
    const result = compile('Revocations', JSON.stringify({ section: 'Revocations', schema: 'v1', spec: { entries } }))
    expect(found(result)[0]).toContain('revocations_too_many')
  })

  it('refuse a longer document', () => {
    const result = compile('Revocations', `${valid}# ${'x'.repeat(REVOCATIONS_DOCUMENT_MAX_BYTES)}`)
    expect(found(result)[0]).toContain('document_too_large')
  })
})
