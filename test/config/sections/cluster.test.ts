import { describe, expect, it } from 'vitest'
import { changed, compile, found } from '../document.ts'

const valid = `section: Cluster
schema: v1
spec:
  name: prod-eu
  platform: eks
  includeContainerAttributes: true
  serverVersion: 0.36.1
  requireAgentSession: true
  requireNode: true
  sessionsNotBefore: 2026-01-31T12:00:00Z
`

describe('section Cluster', () => {
  it('compiles every field', () => {
    expect(compile('Cluster', valid)).toEqual({
      ok: true,
      warnings: [],
      value: {
        name: 'prod-eu',
        platform: 'eks',
        includeContainerAttributes: true,
        serverVersion: '0.36.1',
        requireAgentSession: true,
        requireNode: true,
        sessionsNotBeforeSeconds: Date.UTC(2026, 0, 31, 12) / 1000,
      },
    })
  })

  it('has a default for every field, and warns that nothing proves a node then', () => {
    const result = compile('Cluster', 'section: Cluster\nschema: v1\nspec: {}\n')
    expect(result).toMatchObject({
      value: { platform: 'k8s', includeContainerAttributes: false, requireAgentSession: false, requireNode: false },
    })
    expect(found(result)).toEqual(['3:7 node_unproven spec'])
    expect(result.ok && Object.keys(result.value)).not.toContain('name')
  })

  it.each([
    ['another platform', 'eks', 'eks-istio'],
    ['a leap day', '2026-01-31', '2028-02-29'],
    ['quotes', '0.36.1', '"0.36.1"'],
    ['a long name', 'prod-eu', 'n'.repeat(253)],
    ['a name in another script', 'prod-eu', 'прод'],
  ])('compiles %s', (_what, from, to) => {
    expect(compile('Cluster', changed(valid, from, to)).ok).toBe(true)
  })

  it.each<[string, string, string, readonly string[]]>([
    ['a misspelt field', 'requireNode', 'requireNodes', ['9:3 field_unknown spec.requireNodes']],
    ['a field named __proto__', 'requireNode', '__proto__', ['9:3 field_unknown spec.__proto__']],
    ['an unknown platform', 'eks', 'gke', ['5:13 value_invalid spec.platform']],
    ['a platform in capitals', 'eks', 'EKS', ['5:13 value_invalid spec.platform']],
    ['a version of two numbers', '0.36.1', '0.36', ['7:18 text_unquoted spec.serverVersion']],
    ['a quoted version of two numbers', '0.36.1', '"0.36"', ['7:18 value_invalid spec.serverVersion']],
    ['a version with a letter', '0.36.1', 'v0.36.1', ['7:18 value_invalid spec.serverVersion']],
    ['a version with a leading zero', '0.36.1', '0.036.1', ['7:18 value_invalid spec.serverVersion']],
    ['a time with an offset', 'T12:00:00Z', 'T12:00:00+01:00', ['10:22 value_invalid spec.sessionsNotBefore']],
    ['a time with a fraction', '12:00:00Z', '12:00:00.5Z', ['10:22 value_invalid spec.sessionsNotBefore']],
    ['a date alone', '2026-01-31T12:00:00Z', '2026-01-31', ['10:22 value_invalid spec.sessionsNotBefore']],
    ['a day that does not exist', '2026-01-31', '2026-02-30', ['10:22 value_invalid spec.sessionsNotBefore']],
    ['seconds since the epoch', '2026-01-31T12:00:00Z', '1769860800', ['10:22 text_unquoted spec.sessionsNotBefore']],
    ['an empty name', 'prod-eu', '""', ['4:9 value_empty spec.name']],
    ['a name left blank', 'prod-eu', '', ['4:3 value_empty spec.name']],
    ['a name that is too long', 'prod-eu', 'n'.repeat(254), ['4:9 value_out_of_range spec.name']],
    ['a number for a name', 'prod-eu', '42', ['4:9 text_unquoted spec.name']],
    ['yes for true', 'requireNode: true', 'requireNode: yes', ['9:16 type_mismatch spec.requireNode']],
    ['text for true', 'requireNode: true', 'requireNode: "true"', ['9:16 type_mismatch spec.requireNode']],
    ['a list for spec', valid.slice(valid.indexOf('  name')), '  - name: x\n', ['3:1 type_mismatch spec']],
  ])('refuses %s', (_what, from, to, expected) => {
    const result = compile('Cluster', changed(valid, from, to))
    expect(result.ok).toBe(false)
    expect(found(result)).toEqual(expected)
  })

  it.each([
    ['requireNode: true', 'requireNode: false'],
    ['requireAgentSession: true', 'requireAgentSession: false'],
  ])('warns when %s is missing', (from, to) => {
    expect(found(compile('Cluster', changed(valid, from, to)))).toEqual(['3:1 node_unproven spec'])
  })
})
