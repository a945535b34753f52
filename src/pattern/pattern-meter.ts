// What all patterns of one document may take to build. One is bounded by itself; a thousand of the worst take seconds.
import { PATTERN_STEPS_PER_DOCUMENT_MAX } from '../core/limits.ts'
import { type CompiledPattern, compilePattern } from './pattern.ts'

export interface PatternMeter {
  /** `over`: with this pattern they take too much, which is said once; `spent`: that was so before, and nothing was built. */
  compile(text: string): CompiledPattern | 'over' | 'spent'
  readonly isSpent: boolean
}

export function createPatternMeter(maxSteps = PATTERN_STEPS_PER_DOCUMENT_MAX): PatternMeter {
  let left = maxSteps
  return {
    compile(text) {
      if (left < 0) return 'spent'
      const compiled = compilePattern(text)
      left -= compiled.steps
      return left < 0 ? 'over' : compiled
    },
    get isSpent() {
      return left < 0
    },
  }
}
