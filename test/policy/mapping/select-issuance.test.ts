import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../../src/attribute/attribute.ts'
import { pass, refuse } from '../../../src/core/result.ts'
import type { Issuance, IssuanceOverride, IssuancePolicy, Match } from '../../../src/policy/mapping/issuance.ts'
import {
  type ChoiceMeter,
  type Decide,
  findUnmetMatch,
  selectIssuance,
} from '../../../src/policy/mapping/select-issuance.ts'

function issuance(ttlSeconds: number): Issuance {
  return { x509: { ttlSeconds, dnsNames: [] }, jwt: { ttlSeconds, claims: new Map() } }
}

/** With fuel for everything. */
function meter(decide: Decide): ChoiceMeter {
  return { decide, spend: () => undefined }
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
    const found = selectIssuance(
      policy,
      new Map(Object.entries(attributes)),
      meter(() => pass(true)),
    )
    if (!found.ok) throw new Error(found.refusal.code)
    const selected = found.value
    expect(selected.index).toBe(index)
    expect(selected.source).toBe(index === undefined ? 'policy' : 'override')
    expect(selected.issuance).toBe(index === undefined ? policy.base : policy.overrides[index]?.issuance)
  })
})

describe('selectIssuance() beside a plain search', () => {
  const name = fc.constantFrom('a', 'b', 'c', '__proto__')
  const value = fc.constantFrom('x', 'y', 'z', 'constructor', '1')
  const matches = fc
    .uniqueArray(fc.tuple(name, fc.uniqueArray(value, { minLength: 1, maxLength: 3 })), {
      minLength: 1,
      maxLength: 3,
      selector: ([attribute]) => attribute,
    })
    .map((list) => list.map(([attribute, values]) => match(attribute, ...values)))
  const overrides = fc
    .array(matches, { maxLength: 12 })
    .map((list): readonly IssuanceOverride[] => list.map((when, index) => ({ when, issuance: issuance(index) })))
  const attributes = fc
    .array(fc.tuple(name, fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.constant(1))), { maxLength: 4 })
    .map((entries): ReadonlyMap<string, AttributeValue> => new Map(entries))

  it('finds the same override', () => {
    fc.assert(
      fc.property(overrides, fc.array(attributes, { minLength: 1, maxLength: 4 }), (list, workloads) => {
        const indexed: IssuancePolicy = { ...policy, overrides: list }
        for (const workload of workloads) {
          const found = selectIssuance(
            indexed,
            workload,
            meter(() => pass(true)),
          )
          const plain = list.findIndex((override) => findUnmetMatch(override, workload) === undefined)
          expect(found.ok && found.value.index).toBe(plain === -1 ? undefined : plain)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the condition of an override', () => {
  const condition = { text: 'x' } as unknown as NonNullable<IssuanceOverride['condition']>
  const conditional: IssuancePolicy = {
    ...policy,
    overrides: [
      { when: [match('ns', 'prod')], condition, issuance: issuance(2) },
      { when: [], condition, issuance: issuance(3) },
      { when: [match('ns', 'prod')], issuance: issuance(4) },
    ],
  }
  const attributes = new Map([['ns', 'prod']])

  it.each<[string, readonly boolean[], number]>([
    ['both hold', [true], 0],
    ['it is false, and the next one has a condition alone', [false, true], 1],
    ['all are false', [false, false], 2],
  ])('has to hold as well as when: %s', (_what, answers, index) => {
    let asked = 0
    const found = selectIssuance(
      conditional,
      attributes,
      meter(() => pass(answers[asked++] ?? false)),
    )
    expect(found.ok && found.value.index).toBe(index)
    expect(asked).toBe(answers.length)
  })

  it('is not asked where when does not hold', () => {
    let asked = 0
    selectIssuance(
      conditional,
      new Map([['ns', 'dev']]),
      meter(() => pass(++asked > 9)),
    )
    expect(asked).toBe(1)
  })

  it('refuses the workload when it cannot be told, and passes nothing over', () => {
    const refused = selectIssuance(
      conditional,
      attributes,
      meter(() => refuse({ code: 'condition_fault', detail: 'x' })),
    )
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'condition_fault' } })
  })
})
