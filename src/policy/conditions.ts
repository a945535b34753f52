// Conditions of policies and overrides. All must hold. A fault is a refusal of its own and never "false": through `||` or
// through another policy it could otherwise become "true".
import type { Attributes } from '../attribute/attribute.ts'
import type { Condition } from '../condition/compile.ts'
import { computeStartFuel } from '../condition/start-fuel.ts'
import type { ConditionEngine, Evaluation, EvaluationFault, FaultCode } from '../condition/vm/engine.ts'
import { CONDITION_FUEL } from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import { pass, refuse } from '../core/result.ts'
import type { Decide } from './mapping/select-issuance.ts'
import type { PolicyCondition } from './policy.ts'

/** The fuel that all conditions of one request share. One unit is one step of the policy VM. */
export interface FuelTank {
  left: number
}

export function createFuelTank(fuel: number): FuelTank {
  return { left: fuel }
}

/** Takes fuel before the work is done. Returns false and takes nothing if too little is left. */
export function takeFuel(tank: FuelTank, fuel: number): boolean {
  if (fuel > tank.left) return false
  tank.left -= fuel
  return true
}

/**
 * Evaluates a condition within the budget of one expression and of the request. The request also pays for copying the
 * attributes, before they are copied.
 */
export function evaluateWithin(
  condition: Condition,
  attributes: Attributes,
  engine: ConditionEngine,
  tank: FuelTank,
): Evaluation {
  if (!takeFuel(tank, computeStartFuel(condition.program, attributes))) return EXHAUSTED
  const evaluation = engine.evaluate(condition, attributes, Math.min(CONDITION_FUEL, tank.left))
  tank.left -= evaluation.fuelUsed
  return evaluation
}

const EXHAUSTED: Evaluation = { kind: 'fault', fault: 'fuel_exhausted', offset: 0, fuelUsed: 0 }

/**
 * Checks conditions in document order.
 *
 * @returns `condition_failed` or `condition_fault` for the first one that does not hold; `undefined` if all hold
 */
export function checkConditions(
  conditions: readonly PolicyCondition[],
  attributes: Attributes,
  engine: ConditionEngine,
  tank: FuelTank,
): Refusal | undefined {
  for (const { condition, message } of conditions) {
    const evaluation = evaluateWithin(condition, attributes, engine, tank)
    if (evaluation.kind === 'false')
      return { code: 'condition_failed', detail: message, audit: { expression: condition.text } }
    if (evaluation.kind === 'fault') return describeFault(evaluation, condition, 'expression')
  }
  return undefined
}

/** The condition of an override, as `selectIssuance` asks for it. */
export function decideWithin(engine: ConditionEngine, tank: FuelTank): Decide {
  return (condition, attributes) => {
    const evaluation = evaluateWithin(condition, attributes, engine, tank)
    return evaluation.kind === 'fault'
      ? refuse(describeFault(evaluation, condition, 'condition'))
      : pass(evaluation.kind === 'true')
  }
}

/**
 * Describes a fault. The caller reads its kind; the expression and the place are for operators. `field`: in the audit
 * record.
 */
export function describeFault(
  { fault, offset }: EvaluationFault,
  condition: Condition,
  field: 'expression' | 'condition',
): Refusal {
  return {
    code: 'condition_fault',
    detail: `a condition could not be evaluated: ${FAULTS[fault]}`,
    audit: { [field]: condition.text, fault, offset, attributes: condition.attributes },
  }
}

const FAULTS: Readonly<Record<FaultCode, string>> = {
  no_such_key: 'it reads an attribute that is absent',
  overflow: 'an integer does not fit in 64 bits',
  fuel_exhausted: 'it exceeds its evaluation budget',
  memory_exhausted: 'its strings and lists exceed its memory limit',
  type_mismatch: 'an attribute has the wrong type',
  ill_formed: 'an attribute contains an unpaired surrogate',
  input_too_large: 'its attributes are too large',
  program_invalid: 'its compiled program is invalid',
  vm_trap: 'the policy VM failed',
}
