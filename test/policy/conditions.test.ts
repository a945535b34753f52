import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createConditionEngine } from '../../src/condition/engine.ts'
import { catalogueScope } from '../../src/condition/scope.ts'
import { CLAIMS_FUEL_PER_REQUEST, CLAIMS_WORKLOADS_MAX, CONDITION_FUEL } from '../../src/core/limits.ts'
import { createFuelTank, decideWithin } from '../../src/policy/conditions.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'

const engine = createConditionEngine(loadPolicyVm())
const { condition } = compileCondition('kubernetes.pod.namespace.startsWith("prod-")', catalogueScope(), [])
if (condition === undefined) throw new Error('it compiles')
const attributes = new Map([['kubernetes.pod.namespace', 'prod-eu']])
const { fuelUsed } = engine.evaluate(condition, attributes, CONDITION_FUEL)

describe('decideWithin()', () => {
  it('decides while there is fuel, and refuses in the evaluation that has too little', () => {
    const decide = decideWithin(engine, createFuelTank(3 * fuelUsed))
    for (let round = 0; round < 3; round++) expect(decide(condition, attributes)).toEqual({ ok: true, value: true })
    expect(decide(condition, attributes)).toMatchObject({
      refusal: { code: 'condition_fault', audit: { fault: 'fuel_exhausted' } },
    })
  })

  it('never calls a fault false', () => {
    const decide = decideWithin(engine, createFuelTank(1000))
    expect(decide(condition, new Map())).toMatchObject({
      ok: false,
      refusal: { code: 'condition_fault', audit: { fault: 'no_such_key' } },
    })
  })

  it('has fuel for a hundred such conditions of each workload in the largest request', () => {
    expect(CLAIMS_FUEL_PER_REQUEST).toBeGreaterThan(100 * CLAIMS_WORKLOADS_MAX * fuelUsed)
  })
})
