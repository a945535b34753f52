// An issue with its place: what an author sees.
import { type Issue, isError } from '../core/issue.ts'
import { ISSUES_MAX } from '../core/limits.ts'
import { createPositions, offsetInScalar, type Position, type Positions, placeOf } from './position.ts'
import { readYaml } from './yaml.ts'
import type { YamlNode, YamlScalar } from './yaml-node.ts'

export type LocatedIssue = Issue & Position

/** An issue at the start of its value. If it lies inside a text, where exactly is looked for once it is to be listed. */
export interface PlacedIssue {
  readonly issue: LocatedIssue
  readonly text?: { readonly scalar: YamlScalar; readonly offset: number }
}

/**
 * The place of an issue: the value at its path, its name if the issue says so, or the unit inside its text. A field
 * that is missing is reported where the map that lacks it is named.
 */
export function placeIssue(issue: Issue, root: YamlNode, text: string, positions: Positions): PlacedIssue {
  const { node, entry, exact } = placeOf(root, issue.path)
  // A collection in block style begins with its first element: its name says better which one is meant.
  const isAtName = issue.atKey === true || !exact || isBlock(node, text)
  if (isAtName && entry !== undefined) return { issue: { ...issue, ...positions.at(entry.keyStart) } }
  const placed = { ...issue, ...positions.at(node.start) }
  if (issue.offset === undefined || !exact || !('source' in node)) return { issue: placed }
  return { issue: placed, text: { scalar: node, offset: issue.offset } }
}

function isBlock(node: YamlNode, text: string): boolean {
  return (node.kind === 'map' || node.kind === 'list') && text[node.start] !== '{' && text[node.start] !== '['
}

/**
 * In document order, up to {@link ISSUES_MAX}: errors before warnings when they do not all fit, and the last one counts
 * the rest.
 */
export function listIssues(
  issues: readonly PlacedIssue[],
  text: string,
  positions: Positions,
): readonly LocatedIssue[] {
  const ordered = issues.toSorted(compare)
  const kept = keepFirst(ordered)
  const located = kept.map(({ issue, text: inside }): LocatedIssue => {
    return inside === undefined
      ? issue
      : { ...issue, ...positions.at(offsetInScalar(text, inside.scalar, inside.offset)) }
  })
  const last = located.at(-1)
  const rest = issues.length - kept.length
  if (rest === 0 || last === undefined) return located
  return [...located, { ...last, message: `${rest} more issues are not listed: mend these first`, path: [] }]
}

function compare(a: PlacedIssue, b: PlacedIssue): number {
  return a.issue.line - b.issue.line || a.issue.column - b.issue.column || (a.text?.offset ?? 0) - (b.text?.offset ?? 0)
}

/** The issues to list, in order. */
function keepFirst(ordered: readonly PlacedIssue[]): readonly PlacedIssue[] {
  if (ordered.length <= ISSUES_MAX) return ordered
  const errors = ordered.filter(({ issue }) => isError(issue))
  const warnings = ordered.filter(({ issue }) => !isError(issue))
  return [...errors, ...warnings].slice(0, ISSUES_MAX - 1).toSorted(compare)
}

/** The places of issues that were found after `text` had compiled: findings across sections. */
export function locateIssues(issues: readonly Issue[], text: string): readonly LocatedIssue[] {
  const positions = createPositions(text)
  const { root } = readYaml(text, positions)
  const placed = issues.map((issue): PlacedIssue => {
    return root === undefined ? { issue: { ...issue, line: 1, column: 1 } } : placeIssue(issue, root, text, positions)
  })
  return listIssues(placed, text, positions)
}
