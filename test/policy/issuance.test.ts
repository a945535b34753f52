import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { pass } from '../../src/core/result.ts'
import { type Issuance, type IssuancePolicy, type Match, selectIssuance } from '../../src/policy/issuance.ts'

function issuance(ttlSeconds: number): Issuance {
  return { x509: { ttlSeconds, dnsNames: [] }, jwt: { ttlSeconds, claims: new Map() } }
}

function match(attribute: string, ...values: string[]): Match {
  return { attribute, values: new Set(values) }
}

const policy: IssuancePolicy = {
  base: issuance(1),
  overrides: [
    { when: [match('ns', 'prod'), match('app', 'web', 'api')], issuance: issuance(2) },
    { when: [match('ns', 'prod')], issuance: issuance(3) },
    { when: [match('count', '2')], issuance: issuance(4) },
    { when: [], issuance: issuance(5) },
  ],
  uses: [],
  additionalClaims: [],
}

describe('selectIssuance()', () => {
  it.each<[string, Record<string, AttributeValue>, number | undefined]>([
    ['all matches of the first override hold', { ns: 'prod', app: 'api' }, 0],
    ['one of its matches fails', { ns: 'prod', app: 'db' }, 1],
    ['one of its attributes is absent', { ns: 'prod' }, 1],
    ['one of several values matches', { ns: ['dev', 'prod'] }, 1],
    ['a count matches as text', { count: 2 }, 2],
    ['nothing matches', { ns: 'dev' }, undefined],
    ['the value is longer', { ns: 'production' }, undefined],
    ['the value differs in case', { ns: 'Prod' }, undefined],
    ['the list is empty', { ns: [] }, undefined],
    ['there are no attributes, and an override without matches', {}, undefined],
  ])('takes the first override that holds: %s', (_what, attributes, index) => {
    const found = selectIssuance(policy, new Map(Object.entries(attributes)), () => pass(true))
    if (!found.ok) throw new Error(found.refusal.code)
    const selected = found.value
    expect(selected.index).toBe(index)
    expect(selected.source).toBe(index === undefined ? 'policy' : 'override')
    expect(selected.issuance).toBe(index === undefined ? policy.base : policy.overrides[index]?.issuance)
  })
})
