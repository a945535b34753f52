// Compiles a condition when its document is compiled: parse, resolve names, check types, emit. Every fault is an issue
// with its place, so evaluation reports only faults of values.
import type { Issue, Path } from '../core/issue.ts'
import { createPatternMeter, type PatternMeter } from '../pattern/pattern-meter.ts'
import { checkExpression } from './check.ts'
import type { Report } from './check-report.ts'
import { emitProgram, type Program } from './emit.ts'
import { type Expression, listParts, TYPE_NAMES } from './expression.ts'
import { computeFuelBound } from './fuel.ts'
import { findUnguarded } from './guard.ts'
import { parseExpression } from './parse.ts'
import type { ConditionScope } from './scope.ts'

/** A compiled condition: data alone, so it may be shared between requests and engines. */
export interface Condition {
  readonly text: string
  readonly expression: Expression
  readonly program: Program
  /** The canonical names of the attributes that it reads. */
  readonly attributes: readonly string[]
  /** Uses of `matches`: to compile them is what costs. */
  readonly patternCount: number
  /** No evaluation takes more fuel than this; `undefined` if the number of an attribute's values decides. */
  readonly fuelBound: number | undefined
}

export interface CompiledCondition {
  /** Absent if any of the issues is an error. */
  readonly condition?: Condition
  readonly issues: readonly Issue[]
}

/**
 * Compiles a condition.
 *
 * @param text the source; offsets of issues are UTF-16 units into it
 * @param scope the attributes that it may read
 * @param path its place in the document, for the issues
 * @param meter the pattern budget of the document
 * @returns no condition if any issue is an error
 */
export function compileCondition(
  text: string,
  scope: ConditionScope,
  path: Path,
  meter: PatternMeter = createPatternMeter(),
): CompiledCondition {
  const issues: Issue[] = []
  const report: Report = (code, message, offset) => {
    issues.push({ code, path, message, offset })
    return undefined
  }

  const parsed = parseExpression(text)
  if (!parsed.ok) {
    report(parsed.fault.code, parsed.fault.message, parsed.fault.offset)
    return { issues }
  }
  const expression = checkExpression(parsed.node, text, scope, report, meter)
  if (expression === undefined) return { issues }
  if (expression.type !== 'bool') {
    report('condition_type', `The condition is of type ${TYPE_NAMES[expression.type]}: expected bool`, expression.start)
    return { issues }
  }
  const emitted = emitProgram(expression)
  if (!emitted.ok) {
    report('condition_too_large', `Cannot compile the expression: ${emitted.why}`, 0)
    return { issues }
  }
  for (const { attribute, offset, guarded } of findUnguarded(expression, text)) {
    const fix = guarded === undefined ? '' : `: write ${guarded}`
    const message = `"${attribute.name}" may be absent, and reading it then refuses the request${fix}`
    issues.push({ code: 'attribute_may_be_absent', path, message, offset })
  }
  for (const [name, { chosenBy, offset }] of listChosen(expression)) {
    const message = `"${name}" is chosen by ${chosenBy}, so that it proves nothing: compare an attribute that the platform vouches for`
    issues.push({ code: 'attribute_self_declared', path, message, offset })
  }
  const { program } = emitted
  const attributes = program.slots.map((slot) => slot.name)
  const patternCount = countPatterns(expression)
  return {
    condition: { text, expression, program, attributes, patternCount, fuelBound: computeFuelBound(expression) },
    issues,
  }
}

type Chosen = Map<string, { readonly chosenBy: string; readonly offset: number }>

/** The attributes whose values prove nothing, each where it is read first. */
function listChosen(expression: Expression, found: Chosen = new Map()): Chosen {
  if (expression.kind === 'attribute' || expression.kind === 'present') {
    const { name, chosenBy } = expression.attribute
    if (chosenBy !== undefined && !found.has(name)) found.set(name, { chosenBy, offset: expression.start })
  }
  for (const part of listParts(expression)) listChosen(part, found)
  return found
}

function countPatterns(expression: Expression): number {
  const own = expression.kind === 'matches' ? 1 : 0
  return listParts(expression).reduce((sum, part) => sum + countPatterns(part), own)
}
