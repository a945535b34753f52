// Counts the errors of a document while it compiles, so that work which could only find more of them can stop.
import type { Report } from '../../attest/attest-context.ts'
import { stopsCompiling } from '../../core/issue.ts'
import { ISSUES_MAX } from '../../core/limits.ts'

export interface ErrorCount {
  /** Passes every issue on. */
  readonly report: Report
  /** An error was reported: what compiles from here on is thrown away. */
  readonly isFailing: () => boolean
  /**
   * More errors were reported than can be listed: stop. To find the nearest right name for each would take seconds. Ask
   * only where there is more to check, since it is then said that the count of issues is not the whole.
   */
  readonly isEnough: () => boolean
}

export function countErrors(report: Report): ErrorCount {
  let errors = 0
  let hasStopped = false
  return {
    report(issue) {
      if (stopsCompiling(issue)) errors++
      report(issue)
    },
    isFailing: () => errors > 0,
    isEnough() {
      const isEnough = errors > ISSUES_MAX
      if (isEnough && !hasStopped) {
        hasStopped = true
        report({ code: 'value_invalid', path: [], message: '', stopped: true })
      }
      return isEnough
    },
  }
}
