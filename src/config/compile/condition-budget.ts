// What all conditions of one document may cost to compile. One is bounded by itself; ten thousand of the worst would take
// minutes, and an author of documents could stop a gateway with them.
import { type Condition, compileCondition } from '../../condition/compile.ts'
import type { ConditionScope } from '../../condition/scope.ts'
import type { Issue, Path } from '../../core/issue.ts'
import { CONDITIONS_PER_DOCUMENT_MAX, PATTERNS_PER_DOCUMENT_MAX } from '../../core/limits.ts'
import { createPatternMeter } from '../../pattern/pattern-meter.ts'

export interface ConditionCompiler {
  /**
   * Like `compileCondition`. Reports once that the document exceeds its budget, and compiles no more conditions then.
   */
  compile(text: string, scope: ConditionScope, path: Path, report: (issue: Issue) => void): Condition | undefined
}

/** One for each document. */
export function createConditionCompiler(): ConditionCompiler {
  let conditions = 0
  let patterns = 0
  const meter = createPatternMeter()
  let isSpent = false
  return {
    compile(text, scope, path, report) {
      if (isSpent) return undefined
      conditions++
      isSpent = conditions > CONDITIONS_PER_DOCUMENT_MAX || patterns > PATTERNS_PER_DOCUMENT_MAX
      if (isSpent) {
        const message = `The document has too many conditions: at most ${CONDITIONS_PER_DOCUMENT_MAX} are allowed, with at most ${PATTERNS_PER_DOCUMENT_MAX} patterns of matches() in total`
        report({ code: 'condition_too_large', path, message })
        return undefined
      }
      const { condition, issues } = compileCondition(text, scope, path, meter)
      for (const issue of issues) report(issue)
      patterns += condition?.patternCount ?? 0
      // Its last issue reports it.
      isSpent = meter.isSpent
      return condition
    },
  }
}
