// An issue with its place: what an author sees.
import { type Issue, isError } from '../core/issue.ts'
import { ISSUES_MAX } from '../core/limits.ts'
import { createPositions, offsetInScalar, type Position, type Positions, placeOf } from './position.ts'
import { readYaml } from './yaml.ts'
import type { YamlNode } from './yaml-node.ts'

export type LocatedIssue = Issue & Position

/**
 * The place of an issue: the value at its path, its name if the issue says so, or the unit inside its text. A field
 * that is missing is reported where the map that lacks it is named.
 */
export function locateIssue(issue: Issue, root: YamlNode, text: string, positions: Positions): LocatedIssue {
  return { ...issue, ...positions.at(offsetOf(issue, root, text)) }
}

/** The places of issues that were found after `text` had compiled, in document order: findings across sections. */
export function locateIssues(issues: readonly Issue[], text: string): readonly LocatedIssue[] {
  const positions = createPositions(text)
  const { root } = readYaml(text, positions)
  if (root === undefined) return issues.map((issue) => ({ ...issue, line: 1, column: 1 }))
  return inDocumentOrder(issues.map((issue) => locateIssue(issue, root, text, positions)))
}

function offsetOf(issue: Issue, root: YamlNode, text: string): number {
  const { node, entry, exact } = placeOf(root, issue.path)
  if ((issue.atKey === true || !exact) && entry !== undefined) return entry.keyStart
  // A collection in block style begins with its first element: its name says better which one is meant.
  if (entry !== undefined && isBlock(node, text)) return entry.keyStart
  if (issue.offset === undefined || !exact || !('source' in node)) return node.start
  return offsetInScalar(text, node, issue.offset)
}

function isBlock(node: YamlNode, text: string): boolean {
  return (node.kind === 'map' || node.kind === 'list') && text[node.start] !== '{' && text[node.start] !== '['
}

/** In document order. */
export function inDocumentOrder(issues: readonly LocatedIssue[]): readonly LocatedIssue[] {
  return issues.toSorted((a, b) => a.line - b.line || a.column - b.column)
}

/** The first issues up to {@link ISSUES_MAX}, errors before warnings when they do not all fit; the last one counts the rest. */
export function capIssues(issues: readonly LocatedIssue[]): readonly LocatedIssue[] {
  if (issues.length <= ISSUES_MAX) return issues
  const kept = [...issues.filter(isError), ...issues.filter((issue) => !isError(issue))].slice(0, ISSUES_MAX - 1)
  const last = kept[kept.length - 1]
  if (last === undefined) return kept
  const rest = issues.length - kept.length
  return [
    ...inDocumentOrder(kept),
    { ...last, message: `${rest} more issues are not listed: mend these first`, path: [] },
  ]
}
