// What a request for claims may cost, on both sides of each budget, and what the worst documents take of it.
import { describe, expect, it } from 'vitest'
import type { AttributeValue } from '../../../src/attribute/attribute.ts'
import { createConditionEngine } from '../../../src/condition/vm/engine.ts'
import {
  CLAIMS_ANSWER_MAX_BYTES,
  CLAIMS_FUEL_PER_REQUEST,
  CLAIMS_PER_POLICY_MAX,
  CLAIMS_WORKLOADS_MAX,
  OVERRIDES_MAX,
  WORKLOAD_ANSWER_MAX_BYTES,
} from '../../../src/core/limits.ts'
import { type Mapped, mapOwned } from '../../../src/policy/mapping/mapping.ts'
import { createMappingMeter } from '../../../src/policy/mapping/mapping-meter.ts'
import { loadPolicyVm } from '../../../src/runtime/load-policy-vm.ts'
import { contextOf } from '../mapping-context.ts'

const engine = createConditionEngine(loadPolicyVm())
const A = 'kubernetes.pod.annotation[a]'
const claimsOf = (count: number, template: string): object => ({
  policy: {
    jwt: { additionalClaims: Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, template])) },
  },
})
const codeOf = (mapped: Mapped): string => (mapped.ok ? 'mapped' : mapped.refusal.code)

/** The attributes of a workload that count how often they are asked for. */
class Watched extends Map<string, AttributeValue> {
  static reads = 0
  override get(name: string): AttributeValue | undefined {
    Watched.reads++
    return super.get(name)
  }
}

const workload = (more: Readonly<Record<string, AttributeValue>> = {}): Map<string, AttributeValue> =>
  new Watched(
    Object.entries({ 'kubernetes.pod.namespace': 'default', 'kubernetes.pod.service_account': 'web', ...more }),
  )

describe('createMappingMeter()', () => {
  it('has fuel up to its budget, and refuses what is more without taking it', () => {
    const { spend } = createMappingMeter(engine)
    expect(spend(CLAIMS_FUEL_PER_REQUEST + 1)?.code).toBe('mapping_too_costly')
    expect(spend(CLAIMS_FUEL_PER_REQUEST)).toBeUndefined()
    expect(spend(1)?.code).toBe('mapping_too_costly')
  })

  it('has bytes for one workload up to its budget', () => {
    const { refuseBytes } = createMappingMeter(engine)
    expect(refuseBytes(WORKLOAD_ANSWER_MAX_BYTES)).toBeUndefined()
    expect(refuseBytes(WORKLOAD_ANSWER_MAX_BYTES + 1)?.code).toBe('answer_too_large')
  })

  it('has bytes for all workloads up to its budget', () => {
    const { refuseBytes, takeBytes } = createMappingMeter(engine)
    takeBytes(CLAIMS_ANSWER_MAX_BYTES - 100)
    expect(refuseBytes(100)).toBeUndefined()
    expect(refuseBytes(101)?.code).toBe('answer_too_large')
  })
})

describe('the budget of bytes', () => {
  // Some 8 bytes around each claim, and the path: what is left of the budget is for the values.
  const template = `{{${A}}}`
  const bytes = (count: number, each: number): string => {
    const context = contextOf(claimsOf(count, template), { meter: createMappingMeter(engine) })
    return codeOf(mapOwned(workload({ [A]: 'x'.repeat(each) }), context))
  }

  it('holds for one workload, whichever claim goes beyond it', () => {
    const count = 16
    const each = Math.floor(WORKLOAD_ANSWER_MAX_BYTES / count)
    expect(bytes(count, each - 20)).toBe('mapped')
    expect(bytes(count, each)).toBe('answer_too_large')
  })

  it('counts bytes as the answer has them: a control character has six', () => {
    const code = (character: string): string => {
      const context = contextOf(claimsOf(20, template), { meter: createMappingMeter(engine) })
      return codeOf(mapOwned(workload({ [A]: character.repeat(700) }), context))
    }
    expect(code('x')).toBe('mapped')
    expect(code('\u0001')).toBe('answer_too_large')
  })

  it('holds for all workloads: those beyond it are refused, those before it are not, and a small one still fits', () => {
    const context = contextOf(claimsOf(7, template), { meter: createMappingMeter(engine) })
    const codes = Array.from({ length: 400 }, () => codeOf(mapOwned(workload({ [A]: 'x'.repeat(8000) }), context)))
    const mapped = Math.floor(CLAIMS_ANSWER_MAX_BYTES / (7 * 8012))
    expect(codes.filter((code) => code === 'mapped').length).toBeGreaterThanOrEqual(mapped - 2)
    expect(codes.filter((code) => code === 'mapped').length).toBeLessThanOrEqual(mapped)
    expect(codes.lastIndexOf('mapped')).toBeLessThan(codes.indexOf('answer_too_large'))
    expect(codeOf(mapOwned(workload({ [A]: 'x' }), context))).toBe('mapped')
  })
})

describe('the worst documents', () => {
  const many = (make: (index: number) => object): object => ({
    policyOverrides: Array.from({ length: OVERRIDES_MAX }, (_, index) => make(index)),
  })
  const near = { 'kubernetes.pod.namespace': 'default', 'kubernetes.pod.label[a]': 'no' }
  const label = 'kubernetes.pod.label["a"]'

  it.each<[string, object, Readonly<Record<string, AttributeValue>>]>([
    ['overrides that nearly match', many(() => ({ when: near, policy: {} })), { 'kubernetes.pod.label[a]': 'x' }],
    ['conditions alone', many(() => ({ condition: 'false', policy: {} })), {}],
    [
      'conditions that never read what is copied for them',
      many(() => ({ condition: `false && ${label} == "x"`, policy: {} })),
      { 'kubernetes.pod.label[a]': 'x'.repeat(16_000) },
    ],
    [
      'claims that read much and render nothing',
      claimsOf(CLAIMS_PER_POLICY_MAX, `{{${A} | replace("a", "")}}`.repeat(80)),
      { [A]: 'a'.repeat(16_000) },
    ],
    ['claims of many references', claimsOf(CLAIMS_PER_POLICY_MAX, '{{kubernetes.pod.namespace}}'.repeat(128)), {}],
  ])('are refused within the budget of work: %s', (_what, spec, more) => {
    const meter = createMappingMeter(engine)
    let units = 0
    const counted = {
      ...meter,
      spend(fuel: number) {
        const refusal = meter.spend(fuel)
        if (refusal === undefined) units += fuel
        return refusal
      },
    }
    const context = contextOf(spec, { meter: counted })
    Watched.reads = 0
    const codes = new Set<string>()
    for (let index = 0; index < CLAIMS_WORKLOADS_MAX; index++) codes.add(codeOf(mapOwned(workload(more), context)))
    expect(codes).toContain('mapping_too_costly')
    expect(units).toBeLessThanOrEqual(CLAIMS_FUEL_PER_REQUEST)
    // Counted apart from the fuel: each look at an attribute has been paid for, but for those that ended in a refusal.
    expect(Watched.reads).toBeLessThan(CLAIMS_FUEL_PER_REQUEST + 200 * CLAIMS_WORKLOADS_MAX)
  })

  it('leave what a document of twenty claims and five DNS names takes of a thousand workloads far below the budget', () => {
    const meter = createMappingMeter(engine)
    let units = 0
    const spec = claimsOf(20, `{{kubernetes.pod.namespace | replace(":", "-")}}-{{${A} | default("none")}}`) as {
      policy: object
    }
    const x509 = { dnsNames: Array.from({ length: 5 }, (_, index) => `{{kubernetes.pod.service_account}}.n${index}`) }
    const context = contextOf(
      { policy: { ...spec.policy, x509 } },
      {
        meter: {
          ...meter,
          spend(fuel) {
            units += fuel
            return meter.spend(fuel)
          },
        },
      },
    )
    for (let index = 0; index < CLAIMS_WORKLOADS_MAX; index++)
      expect(codeOf(mapOwned(workload({ [A]: 'x'.repeat(60) }), context))).toBe('mapped')
    expect(units).toBeLessThan(CLAIMS_FUEL_PER_REQUEST / 4)
  })
})
