// Formats issues for a terminal and as JSON. The JSON has the shape of the status endpoint.
import { formatIssue } from '../config/compile/format-issue.ts'
import { createSectionStatus, type IssueStatus } from '../config/live/status.ts'
import type { LocatedIssue } from '../config/yaml/located-issue.ts'
import { findSeverity, isError } from '../core/issue.ts'
import { printable } from '../core/printable.ts'
import { formatCount, paint } from './terminal.ts'

interface Source {
  readonly name: string
  readonly text: string
}

/** Each issue in order, with its source line and a caret. */
export function formatIssues(
  issues: readonly LocatedIssue[],
  { name, text }: Source,
  io: { readonly colour: boolean },
): string {
  return issues
    .map((issue) => {
      if (issue.omitted !== undefined) return `${printable(name)}: ${issue.message}\n`
      const formatted = formatIssue(issue, text, name)
      const severity = findSeverity(issue)
      const head = `:${issue.line}:${issue.column}: ${severity}`
      const coloured = `:${issue.line}:${issue.column}: ${paint(severity, severity === 'error' ? 'red' : 'yellow', io)}`
      return `${formatted.replace(head, () => coloured)}\n`
    })
    .join('')
}

/** Counts issues, including those that are not listed: `2 errors and 1 warning`. */
export function countIssues(issues: readonly LocatedIssue[]): string {
  const listed = issues.filter(({ omitted }) => omitted === undefined)
  const omitted = issues.map((issue) => issue.omitted).filter((one) => one !== undefined)
  const listedErrors = listed.filter(isError).length
  const errors = listedErrors + omitted.reduce((sum, one) => sum + one.errors, 0)
  const warnings = listed.length - listedErrors + omitted.reduce((sum, one) => sum + one.warnings, 0)
  if (warnings === 0) return formatCount(errors, 'error')
  if (errors === 0) return formatCount(warnings, 'warning')
  return `${formatCount(errors, 'error')} and ${formatCount(warnings, 'warning')}`
}

export interface IssuesJson {
  readonly issues: readonly IssueStatus[]
  readonly warnings: readonly IssueStatus[]
}

export function makeIssuesJson(section: string, digest: string, found: readonly LocatedIssue[]): IssuesJson {
  const read = { kind: 'invalid', digest, issues: found, stale: false, attemptedAtMillis: 0, contested: false } as const
  const { issues, warnings } = createSectionStatus(section, read)
  return { issues, warnings }
}
