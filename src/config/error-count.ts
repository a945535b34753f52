// Counts the errors of a document while it compiles, so that work which could only find more of them can stop.
import type { Report } from '../attest/attestor.ts'
import { stopsCompiling } from '../core/issue.ts'
import { ISSUES_MAX } from '../core/limits.ts'

export interface ErrorCount {
  /** Passes every issue on. */
  readonly report: Report
  /** An error was reported: what compiles from here on is thrown away. */
  readonly isFailing: () => boolean
  /** More errors were reported than can be listed. To find the nearest right name for each would take seconds. */
  readonly isEnough: () => boolean
}

export function countErrors(report: Report): ErrorCount {
  let errors = 0
  return {
    report(issue) {
      if (stopsCompiling(issue)) errors++
      report(issue)
    },
    isFailing: () => errors > 0,
    isEnough: () => errors > ISSUES_MAX,
  }
}
