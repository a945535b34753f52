// Issues as a person reads them, and as a program does. The JSON shape is that of the status endpoint.
import { formatIssue } from '../config/format-issue.ts'
import type { LocatedIssue } from '../config/located-issue.ts'
import { type IssueStatus, statusOf } from '../config/status.ts'
import { isError, severityOf } from '../core/issue.ts'
import { count, paint } from './terminal.ts'

interface Source {
  readonly name: string
  readonly text: string
}

/** Each issue with its line and a caret, in order, ending in a line end. */
export function issuesText(
  issues: readonly LocatedIssue[],
  { name, text }: Source,
  io: { readonly colour: boolean },
): string {
  return issues
    .map((issue) => {
      const formatted = formatIssue(issue, text, name)
      const severity = severityOf(issue)
      const head = `:${issue.line}:${issue.column}: ${severity}`
      const coloured = `:${issue.line}:${issue.column}: ${paint(severity, severity === 'error' ? 'red' : 'yellow', io)}`
      return `${formatted.replace(head, () => coloured)}\n`
    })
    .join('')
}

/** `2 errors and 1 warning`. */
export function tally(issues: readonly LocatedIssue[]): string {
  const errors = issues.filter(isError).length
  const warnings = issues.length - errors
  if (warnings === 0) return count(errors, 'error')
  return errors === 0 ? count(warnings, 'warning') : `${count(errors, 'error')} and ${count(warnings, 'warning')}`
}

export interface IssuesJson {
  readonly issues: readonly IssueStatus[]
  readonly warnings: readonly IssueStatus[]
}

export function issuesJson(section: string, digest: string, found: readonly LocatedIssue[]): IssuesJson {
  const read = { kind: 'invalid', digest, issues: found, stale: false, attemptedAtMillis: 0, contested: false } as const
  const { issues, warnings } = statusOf(section, read)
  return { issues, warnings }
}
