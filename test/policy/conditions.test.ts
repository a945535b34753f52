import { describe, expect, it } from 'vitest'
import { compileCondition } from '../../src/condition/compile.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { computeStartFuel } from '../../src/condition/start-fuel.ts'
import { type ConditionEngine, createConditionEngine } from '../../src/condition/vm/engine.ts'
import { CLAIMS_FUEL_PER_REQUEST, CLAIMS_WORKLOADS_MAX, CONDITION_FUEL } from '../../src/core/limits.ts'
import { createFuelTank, decideWithin } from '../../src/policy/conditions.ts'
import { loadPolicyVm } from '../../src/runtime/load-policy-vm.ts'

const engine = createConditionEngine(loadPolicyVm())
const { condition } = compileCondition('kubernetes.pod.namespace.startsWith("prod-")', createCatalogueScope(), [])
if (condition === undefined) throw new Error('it compiles')
const attributes = new Map([['kubernetes.pod.namespace', 'prod-eu']])
/** Of one evaluation: its start and its instructions. */
const fuel =
  computeStartFuel(condition.program, attributes) + engine.evaluate(condition, attributes, CONDITION_FUEL).fuelUsed

describe('decideWithin()', () => {
  it('decides while there is fuel, and refuses in the evaluation that has too little', () => {
    const decide = decideWithin(engine, createFuelTank(3 * fuel))
    for (let round = 0; round < 3; round++) expect(decide(condition, attributes)).toEqual({ ok: true, value: true })
    expect(decide(condition, attributes)).toMatchObject({
      refusal: { code: 'condition_fault', audit: { fault: 'fuel_exhausted' } },
    })
  })

  it('pays for copying what a condition names, and copies nothing that it cannot pay for', () => {
    const { condition: unread } = compileCondition(
      'false && kubernetes.pod.namespace == "x"',
      createCatalogueScope(),
      [],
    )
    if (unread === undefined) throw new Error('it compiles')
    let evaluations = 0
    const counting: ConditionEngine = {
      ...engine,
      evaluate(...asked) {
        evaluations++
        return engine.evaluate(...asked)
      },
    }
    const huge = new Map([['kubernetes.pod.namespace', 'x'.repeat(16_000)]])
    const tank = createFuelTank(10_000)
    const decide = decideWithin(counting, tank)
    expect(decide(unread, huge)).toEqual({ ok: true, value: false })
    expect(tank.left).toBeLessThan(6000)
    expect(decide(unread, huge)).toEqual({ ok: true, value: false })
    for (let round = 0; round < 100; round++) {
      expect(decide(unread, huge)).toMatchObject({ refusal: { audit: { fault: 'fuel_exhausted' } } })
    }
    expect(evaluations).toBe(2)
    // What costs less than is left goes on, so that one workload does not refuse the others.
    expect(decide(unread, new Map())).toEqual({ ok: true, value: false })
  })

  it('never calls a fault false', () => {
    const decide = decideWithin(engine, createFuelTank(1000))
    expect(decide(condition, new Map())).toMatchObject({
      ok: false,
      refusal: { code: 'condition_fault', audit: { fault: 'no_such_key' } },
    })
  })

  it('has fuel for a hundred such conditions of each workload in the largest request', () => {
    expect(CLAIMS_FUEL_PER_REQUEST).toBeGreaterThan(100 * CLAIMS_WORKLOADS_MAX * fuel)
  })
})
