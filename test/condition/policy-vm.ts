// The committed module, and what the tests of this folder do with it.
import { readFileSync } from 'node:fs'
import type { AttributeValue } from '../../src/attribute/attribute.ts'
import { compileCondition } from '../../src/condition/compile.ts'
import { emitProgram } from '../../src/condition/emit.ts'
import { createCatalogueScope } from '../../src/condition/scope.ts'
import { type ConditionEngine, createConditionEngine, type Evaluation } from '../../src/condition/vm/engine.ts'
import type { Pattern } from '../../src/pattern/pattern.ts'

export const policyVm = new WebAssembly.Module(readFileSync(new URL('../../wasm/policy-vm.wasm', import.meta.url)))

const engine = createConditionEngine(policyVm)
const FUEL = 100_000

/** Compiles `text` over the catalogue and evaluates it; throws if it does not compile. */
export function evaluate(text: string, attributes: Readonly<Record<string, AttributeValue>>, fuel = FUEL): Evaluation {
  const { condition, issues } = compileCondition(text, createCatalogueScope(), [])
  if (condition === undefined) throw new Error(`${issues[0]?.code}: ${issues[0]?.message}`)
  return engine.evaluate(condition, new Map(Object.entries(attributes)), fuel)
}

/** `true`, `false`, or the fault. */
export function answer(text: string, attributes: Readonly<Record<string, AttributeValue>>): string {
  const evaluation = evaluate(text, attributes)
  return evaluation.kind === 'fault' ? evaluation.fault : evaluation.kind
}

/** The codes of the issues of `text`, and where they point. */
export function issuesOf(text: string): readonly string[] {
  return compileCondition(text, createCatalogueScope(), []).issues.map(({ code, offset }) => `${code}@${offset}`)
}

export interface Searcher {
  /** Whether the pattern matches in `text`; throws on a fault. */
  readonly search: (pattern: Pattern, text: string) => boolean
}

/** Runs a pattern as the VM does, whichever of its two forms it has. */
export function createSearcher(vm: ConditionEngine = engine): Searcher {
  const programs = new WeakMap<Pattern, ReturnType<typeof programOf>>()
  return {
    search(pattern, text) {
      const program = programs.get(pattern) ?? programOf(pattern)
      programs.set(pattern, program)
      const computed = vm.compute(program, new Map([['text', text]]), 2 ** 31 - 1)
      if (computed.kind === 'fault') throw new Error(computed.fault)
      return computed.value === true
    },
  }
}

function programOf(pattern: Pattern) {
  const span = { start: 0, end: 0, offset: 0 }
  const attribute = { name: 'text', type: 'text', isOptional: false, chosenBy: undefined, guard: undefined } as const
  const of = { kind: 'attribute', type: 'text', attribute, ...span } as const
  const emitted = emitProgram({ kind: 'matches', type: 'bool', of, pattern, ...span })
  if (!emitted.ok) throw new Error(emitted.why)
  return emitted.program
}
