// The words for the versions and the findings of one section.
import type { IssueStatus, SectionStatus } from '../../config/live/status.ts'
import { shortenDigest } from '../../core/digest.ts'
import { printable } from '../../core/printable.ts'

/** The words for a version in force: on a running gateway, or on one that would start now. */
export type Standing = 'in force' | 'would be in force'

export function describeVersions(
  { stored, stale, desiredDigest, appliedDigest, appliedAt }: Omit<SectionStatus, 'issues' | 'warnings'>,
  standing: Standing,
): string {
  const old = stale ? ', as it was last read' : ''
  if (stored === 'unknown') return 'the store cannot be read'
  if (stored === 'absent' || desiredDigest === undefined) return `absent${old}`
  const since = appliedAt === undefined ? '' : ` since ${printable(appliedAt)}`
  const desired = printable(shortenDigest(desiredDigest))
  if (appliedDigest === undefined)
    return `${desired}, and nothing ${standing === 'in force' ? 'is in force' : standing}${old}`
  if (appliedDigest === desiredDigest) return `${desired}, ${standing}${since}${old}`
  return `${desired}, but ${printable(shortenDigest(appliedDigest))} ${standing}${since}${old}`
}

/** One line, with its place. */
export function formatIssueLine({ code, path, line, column, message }: IssueStatus, severity: string): string {
  const place = line === undefined ? '' : `${line}:${column}: `
  return `    ${place}${severity} ${printable(`${code}: ${message}${path === '' ? '' : ` (${path})`}`)}\n`
}
