// The issues of one document, each at its place, in document order and bounded in number: what an author sees.
import { type Issue, isError, type OmittedIssues, stopsCompiling } from '../../core/issue.ts'
import { ISSUES_MAX } from '../../core/limits.ts'
import { nameInvisible } from '../yaml/invisible.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'
import { createPositions, findOffsetInScalar, findPlace, type Positions } from '../yaml/position.ts'
import { readYaml } from '../yaml/yaml.ts'
import type { YamlNode, YamlScalar } from '../yaml/yaml-node.ts'

/**
 * An issue at the start of its value. If it lies inside a string, its exact place is computed only when it is listed.
 */
export interface PlacedIssue {
  readonly issue: LocatedIssue
  readonly text?: { readonly scalar: YamlScalar; readonly offset: number }
}

/**
 * The place of an issue: the value at its path, its name if the issue says so, or the unit inside its string. A field
 * that is missing is reported where the map that lacks it is named.
 */
export function placeIssue(issue: Issue, root: YamlNode, text: string, positions: Positions): PlacedIssue {
  const { node, entry, exact } = findPlace(root, issue.path)
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

/** The issues of one document. Only those that can be listed are kept, however many there are. */
export interface IssueList {
  readonly add: (issue: PlacedIssue) => void
  readonly hasErrors: () => boolean
  /**
   * In document order, at most {@link ISSUES_MAX}: errors are kept before warnings, and the last one counts the rest.
   */
  readonly list: () => readonly LocatedIssue[]
}

export function createIssueList(text: string, positions: Positions): IssueList {
  let kept: readonly PlacedIssue[] = []
  let added: PlacedIssue[] = []
  let count = 0
  let errors = 0
  let stopping = 0

  function prune(): void {
    kept = keepFirst([...kept, ...added].sort(compare), ISSUES_MAX)
    added = []
  }

  function locate({ issue, text: inside }: PlacedIssue): LocatedIssue {
    return inside === undefined
      ? issue
      : { ...issue, ...positions.at(findOffsetInScalar(text, inside.scalar, inside.offset)) }
  }

  return {
    add(issue) {
      count++
      if (isError(issue.issue)) errors++
      if (stopsCompiling(issue.issue)) stopping++
      added.push(issue)
      if (added.length >= 10 * ISSUES_MAX) prune()
    },
    hasErrors: () => stopping > 0,
    list() {
      prune()
      if (count <= ISSUES_MAX) return nameInvisible(kept.map(locate), text)
      const listed = nameInvisible(keepFirst(kept, ISSUES_MAX - 1).map(locate), text)
      const listedErrors = listed.filter(isError).length
      const omitted = { errors: errors - listedErrors, warnings: 0 }
      return [...listed, makeOmission(listed, { ...omitted, warnings: count - listed.length - omitted.errors })]
    },
  }
}

/** Stands for the issues that are not listed; its code and its place are those of one that is. */
function makeOmission(listed: readonly LocatedIssue[], omitted: OmittedIssues): LocatedIssue {
  const like = omitted.errors > 0 ? listed.findLast(isError) : listed.findLast((issue) => !isError(issue))
  const last = like ?? listed.at(-1)
  if (last === undefined) throw new Error('unreachable')
  const { code, line, column } = last
  return { code, path: [], line, column, message: describeOmission(listed.length, omitted), omitted }
}

/** `listed` are there, `omitted` are not. */
export function describeOmission(listed: number, { errors, warnings }: OmittedIssues): string {
  const rest = errors + warnings
  return `${listed} of ${listed + rest} issues are listed, ${rest} more issues are not: fix these first`
}

function compare(a: PlacedIssue, b: PlacedIssue): number {
  return a.issue.line - b.issue.line || a.issue.column - b.issue.column || (a.text?.offset ?? 0) - (b.text?.offset ?? 0)
}

/** The issues that can be listed, in order: those that stop the document before all others, and warnings last. */
function keepFirst(ordered: readonly PlacedIssue[], max: number): readonly PlacedIssue[] {
  if (ordered.length <= max) return ordered
  const byWeight = [
    ...ordered.filter(({ issue }) => stopsCompiling(issue)),
    ...ordered.filter(({ issue }) => isError(issue) && !stopsCompiling(issue)),
    ...ordered.filter(({ issue }) => !isError(issue)),
  ]
  return byWeight.slice(0, max).sort(compare)
}

/** The places of issues that were found after `text` had compiled: findings across sections. */
export function locateIssues(issues: readonly Issue[], text: string): readonly LocatedIssue[] {
  const positions = createPositions(text)
  const { root } = readYaml(text, positions)
  const list = createIssueList(text, positions)
  for (const issue of issues) {
    list.add(
      root === undefined ? { issue: { ...issue, line: 1, column: 1 } } : placeIssue(issue, root, text, positions),
    )
  }
  return list.list()
}
