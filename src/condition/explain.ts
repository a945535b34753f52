// Why a condition has the answer it has: the value, or the fault, of each of its parts. Each part runs as a program of
// its own in the same VM, so that what is explained is what happened.
import type { Attributes } from '../attribute/attribute.ts'
import type { Condition } from './compile.ts'
import { emitProgram } from './emit.ts'
import { type Expression, listParts } from './expression.ts'
import type { Value } from './read-value.ts'
import type { ConditionEngine, FaultCode } from './vm/engine.ts'

export interface Explanation {
  /** The source of the part, and its place in the condition. */
  readonly text: string
  readonly offset: number
  readonly outcome:
    | { readonly kind: 'value'; readonly value: Value }
    | { readonly kind: 'fault'; readonly fault: FaultCode }
  /** The parts of the part. Of a loop only the list: its body has as many values as the list. */
  readonly parts: readonly Explanation[]
}

/** Explains `condition` over `attributes`, each part with at most `fuel`. */
export function explainCondition(
  condition: Condition,
  attributes: Attributes,
  engine: ConditionEngine,
  fuel: number,
): Explanation {
  function explain(expression: Expression): Explanation {
    return {
      text: condition.text.slice(expression.start, expression.end),
      offset: expression.start,
      outcome: readOutcome(expression),
      parts: listExplainedParts(expression).map(explain),
    }
  }

  function readOutcome(expression: Expression): Explanation['outcome'] {
    const emitted = emitProgram(expression)
    // A part of an expression that fits has a program that fits.
    if (!emitted.ok) return { kind: 'fault', fault: 'program_invalid' }
    const computed = engine.compute(emitted.program, attributes, fuel)
    return computed.kind === 'value'
      ? { kind: 'value', value: computed.value }
      : { kind: 'fault', fault: computed.fault }
  }

  return explain(condition.expression)
}

function listExplainedParts(expression: Expression): readonly Expression[] {
  if (expression.kind === 'all' || expression.kind === 'exists' || expression.kind === 'exists_one') {
    return [expression.range]
  }
  return listParts(expression).filter((part) => !isLiteral(part))
}

function isLiteral(expression: Expression): boolean {
  return expression.kind === 'text' || expression.kind === 'int' || expression.kind === 'bool'
}
