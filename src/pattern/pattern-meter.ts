// Bounds the work of building all patterns of one document. Each is bounded, but a thousand of the worst take seconds.
import { PATTERN_STEPS_PER_DOCUMENT_MAX } from '../core/limits.ts'
import { type CompiledPattern, compilePattern } from './pattern.ts'

export interface PatternMeter {
  /**
   * `over`: this pattern exceeds the bound, which is reported once. `spent`: an earlier one did, so nothing was built.
   */
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
