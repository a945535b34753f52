// Runs conditions in the policy VM. An evaluation ends as true, as false, or as a fault with its place; a fault is never
// false. The instance holds the programs it has verified, and is replaced if it ever traps.
import type { Attributes } from '../../attribute/attribute.ts'
import type { Condition } from '../compile.ts'
import type { Program } from '../emit.ts'
import { readValue, type Value } from '../read-value.ts'
import { ANSWER, MEMORY, VM_FAULTS } from './abi.ts'
import { writeInput } from './input.ts'
import { instantiatePolicyVm, type PolicyVm } from './policy-vm.ts'

/**
 * Why an evaluation has no answer.
 * - `no_such_key`: an attribute or key that the expression reads is absent
 * - `overflow`: an integer does not fit in 64 bits
 * - `fuel_exhausted`: it exceeds its evaluation budget
 * - `memory_exhausted`: its strings and lists exceed the VM's scratch memory
 * - `ill_formed`, `type_mismatch`: an attribute contains an unpaired surrogate, or has the wrong type
 * - `input_too_large`: the attributes do not fit the VM
 * - `program_invalid`, `vm_trap`: the program or the VM is damaged
 */
export type FaultCode =
  | 'no_such_key'
  | 'overflow'
  | 'fuel_exhausted'
  | 'memory_exhausted'
  | 'type_mismatch'
  | 'ill_formed'
  | 'input_too_large'
  | 'program_invalid'
  | 'vm_trap'

export interface EvaluationFault {
  readonly kind: 'fault'
  readonly fault: FaultCode
  /** Where in the expression, in UTF-16 units. */
  readonly offset: number
  readonly fuelUsed: number
}

export type Evaluation = { readonly kind: 'true' | 'false'; readonly fuelUsed: number } | EvaluationFault

export type Computation = { readonly kind: 'value'; readonly value: Value; readonly fuelUsed: number } | EvaluationFault

export interface ConditionEngine {
  /** Evaluates a condition with at most `fuel`, an integer. */
  readonly evaluate: (condition: Condition, attributes: Attributes, fuel: number) => Evaluation
  /** The same for any program, with its value: for explanations. */
  readonly compute: (program: Program, attributes: Attributes, fuel: number) => Computation
}

const FAULT_CODES: ReadonlyMap<number, FaultCode> = new Map([
  [VM_FAULTS.NO_SUCH_KEY, 'no_such_key'],
  [VM_FAULTS.OVERFLOW, 'overflow'],
  [VM_FAULTS.FUEL_EXHAUSTED, 'fuel_exhausted'],
  [VM_FAULTS.MEMORY_EXHAUSTED, 'memory_exhausted'],
  [VM_FAULTS.TYPE_MISMATCH, 'type_mismatch'],
  [VM_FAULTS.PROGRAM_INVALID, 'program_invalid'],
])

const FUEL_MAX = 2 ** 31 - 1

/** Not negative, because -1 and so on are faults of the VM. */
const NOT_LOADED = 0

interface Loaded {
  readonly base: number
  readonly generation: number
}

/** An engine with its own instance of `module`; not for use by two threads, of which an isolate has one. */
export function createConditionEngine(module: WebAssembly.Module): ConditionEngine {
  let vm = instantiatePolicyVm(module)
  let loaded = new WeakMap<Program, Loaded>()
  let generation = 0
  let free: number = MEMORY.PROGRAMS_BASE

  /** The address of the verified program; programs that no longer fit give way all at once. */
  function load(program: Program): number {
    const known = loaded.get(program)
    if (known !== undefined && known.generation === generation) return known.base
    const { bytes } = program
    if (bytes.length > MEMORY.PROGRAMS_END - free) {
      generation++
      free = MEMORY.PROGRAMS_BASE
    }
    if (bytes.length > MEMORY.PROGRAMS_END - free) return NOT_LOADED
    const base = free
    vm.bytes.set(bytes, base)
    if (vm.verify(base, bytes.length) !== 0) return NOT_LOADED
    free = (base + bytes.length + 7) & ~7
    loaded.set(program, { base, generation })
    return base
  }

  /** The VM's answer: one of ANSWER, or a fault. */
  function run(program: Program, attributes: Attributes, fuel: number): number | EvaluationFault {
    const budget = fuel > 0 ? Math.min(Math.floor(fuel), FUEL_MAX) : 0
    try {
      const base = load(program)
      if (base === NOT_LOADED) return { kind: 'fault', fault: 'program_invalid', offset: 0, fuelUsed: 0 }
      const rejected = writeInput(vm, program.slots, attributes)
      if (rejected !== undefined) {
        return { kind: 'fault', fault: rejected.fault, offset: rejected.slot.offset, fuelUsed: 0 }
      }
      const answer = vm.evaluate(base, budget)
      if (answer >= 0) return answer
      const fault = FAULT_CODES.get(-answer) ?? 'vm_trap'
      const offset = program.offsets.get(vm.faultPlace()) ?? 0
      return { kind: 'fault', fault, offset, fuelUsed: budget - vm.fuelLeft() }
    } catch {
      // A trap leaves memory in an unknown state, so nothing of it is used again.
      vm = replaceVm(module)
      loaded = new WeakMap()
      free = MEMORY.PROGRAMS_BASE
      return { kind: 'fault', fault: 'vm_trap', offset: 0, fuelUsed: budget }
    }
  }

  return {
    evaluate(condition, attributes, fuel) {
      const answer = run(condition.program, attributes, fuel)
      if (typeof answer !== 'number') return answer
      const fuelUsed = Math.min(Math.floor(fuel), FUEL_MAX) - vm.fuelLeft()
      if (answer === ANSWER.TRUE) return { kind: 'true', fuelUsed }
      if (answer === ANSWER.FALSE) return { kind: 'false', fuelUsed }
      return { kind: 'fault', fault: 'type_mismatch', offset: 0, fuelUsed }
    },
    compute(program, attributes, fuel) {
      const answer = run(program, attributes, fuel)
      if (typeof answer !== 'number') return answer
      const fuelUsed = Math.min(Math.floor(fuel), FUEL_MAX) - vm.fuelLeft()
      return { kind: 'value', value: readValue(vm, vm.result()), fuelUsed }
    },
  }
}

function replaceVm(module: WebAssembly.Module): PolicyVm {
  return instantiatePolicyVm(module)
}
