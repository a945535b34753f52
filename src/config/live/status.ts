// The status of a section for its operator: which version is stored, which is in force, and the issues that make them
// differ. Findings across sections come from the caller; errors among them make a section unhealthy, but its version
// stays in force.
import { formatInstantMillis } from '../../core/instant.ts'
import { type Issue, isError, type Path } from '../../core/issue.ts'
import { CLAIM_NAME_MAX_LENGTH, ISSUE_MESSAGE_MAX_LENGTH, ISSUES_MAX } from '../../core/limits.ts'
import { printable, quoteText } from '../../core/printable.ts'
import { describeOmission } from '../compile/issue-list.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'
import type { ConfigRead } from './config-read.ts'
import type { ClusterSummary, IssueBody, SectionStatusBody } from './section-status.ts'

/** One finding in JSON. A finding across sections has no line and column. */
export type IssueStatus = IssueBody
/** Times are RFC 3339. */
export type SectionStatus = SectionStatusBody

/** Shortens the status of a cluster to what a list of many needs; `undefined` if nothing of it is stored. */
export function summarizeCluster(clusterId: string, statuses: readonly SectionStatus[]): ClusterSummary | undefined {
  if (statuses.every(({ stored }) => stored === 'absent')) return undefined
  const shown = statuses.filter(({ stored, health }) => stored !== 'absent' || health === 'UNHEALTHY')
  const sections = shown.map(({ issues, warnings, ...status }) => {
    const [issue] = issues
    return { ...status, errors: issues.length, warnings: warnings.length, ...(issue === undefined ? {} : { issue }) }
  })
  return { clusterId, health: combineHealth(statuses), sections }
}

export function combineHealth(statuses: readonly SectionStatus[]): SectionStatus['health'] {
  return statuses.every(({ health }) => health === 'HEALTHY') ? 'HEALTHY' : 'UNHEALTHY'
}

/**
 * Creates the status of one section.
 *
 * @param across findings about it that come from comparing it with other sections
 */
export function createSectionStatus(
  section: string,
  read: ConfigRead<unknown>,
  across: readonly (Issue | LocatedIssue)[] = [],
): SectionStatus {
  const found = [...listOwnFindings(read), ...across]
  const issues = listIssues(found.filter(isError))
  const isHealthy = issues.length === 0 && (read.kind === 'absent' || read.kind === 'in_force')
  return {
    section,
    health: isHealthy ? 'HEALTHY' : 'UNHEALTHY',
    ...describeVersions(read),
    stale: read.kind === 'unavailable' || read.stale,
    issues,
    warnings: listIssues(found.filter((issue) => !isError(issue))),
  }
}

function listOwnFindings(read: ConfigRead<unknown>): readonly LocatedIssue[] {
  switch (read.kind) {
    case 'in_force':
      // `warnings` are those of the version in force; `issues` of an invalid stored version include its warnings.
      return read.desiredDigest === read.digest ? read.warnings : read.issues
    case 'invalid':
      return read.issues
    case 'absent':
    case 'unavailable':
      return []
  }
}

/**
 * Limits the list to `ISSUES_MAX`, as for one document: findings across sections may be as many as a document has
 * names.
 */
function listIssues(found: readonly (Issue | LocatedIssue)[]): readonly IssueStatus[] {
  const omissions = found.filter(({ omitted }) => omitted !== undefined)
  if (found.length <= ISSUES_MAX && omissions.length <= 1)
    return [...listFindings(found), ...omissions].map(createIssueStatus)
  const all = listFindings(found)
  const listed = all.slice(0, ISSUES_MAX - 1)
  const like = all[ISSUES_MAX - 1] ?? all.at(-1)
  if (like === undefined) return []
  const omitted = omissions.map((issue) => issue.omitted).filter((one) => one !== undefined)
  const rest = {
    errors: all.length - listed.length + omitted.reduce((sum, { errors }) => sum + errors, 0),
    warnings: omitted.reduce((sum, { warnings }) => sum + warnings, 0),
  }
  return [
    ...listed.map(createIssueStatus),
    { code: like.code, path: '', message: describeOmission(listed.length, rest) },
  ]
}

function listFindings(found: readonly (Issue | LocatedIssue)[]): readonly (Issue | LocatedIssue)[] {
  return found.filter(({ omitted }) => omitted === undefined)
}

function describeVersions(read: ConfigRead<unknown>) {
  switch (read.kind) {
    case 'in_force':
      return {
        stored: 'present',
        desiredDigest: read.desiredDigest,
        attemptedAt: formatInstantMillis(read.attemptedAtMillis),
        appliedDigest: read.digest,
        appliedAt: formatInstantMillis(read.appliedAtMillis),
      } as const
    case 'invalid':
      return {
        stored: 'present',
        desiredDigest: read.digest,
        attemptedAt: formatInstantMillis(read.attemptedAtMillis),
      } as const
    case 'absent':
      return { stored: 'absent' } as const
    case 'unavailable':
      return { stored: 'unknown' } as const
  }
}

function createIssueStatus(issue: Issue | LocatedIssue): IssueStatus {
  const { code, path, message, omitted } = issue
  const place = 'line' in issue && omitted === undefined ? { line: issue.line, column: issue.column } : {}
  return { code, path: formatPath(path), ...place, message: printable(message, ISSUE_MESSAGE_MAX_LENGTH) }
}

/** Formats a path like a JavaScript expression: `spec.claims["a.b"][0]`. */
function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(step)) return `${text}[${quoteText(step, CLAIM_NAME_MAX_LENGTH)}]`
    return text === '' ? step : `${text}.${step}`
  }, '')
}
