// Findings across the sections of one cluster, each with its place in the document that has to change.
import { findByClock } from '../../config/compile/clock-findings.ts'
import type { SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { locateIssues } from '../../config/compile/issue-list.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import type { CompiledDocument } from '../document.ts'

/** By document. All must be of one cluster, no section twice; those that do not compile are not looked at. */
export function findAcrossSections(
  documents: readonly CompiledDocument[],
): ReadonlyMap<CompiledDocument, readonly LocatedIssue[]> {
  const findings = findAcross(collectValues(documents))
  const found = new Map<CompiledDocument, readonly LocatedIssue[]>()
  for (const document of documents) {
    const issues = findings.get(document.key.section)
    if (document.result.ok && issues !== undefined) found.set(document, locateIssues(issues, document.text))
  }
  return found
}

/** What was found in a document, across it and at this moment, in document order. */
export function collectFindings(
  document: CompiledDocument,
  across: readonly LocatedIssue[] | undefined,
  nowMillis: number,
): readonly LocatedIssue[] {
  const byClock = findByClock(collectValues([document]), nowMillis).get(document.key.section) ?? []
  return [...document.issues, ...(across ?? []), ...locateIssues(byClock, document.text)].sort(
    (a, b) =>
      // What stands for the issues that are not listed comes last.
      Number(a.omitted !== undefined) - Number(b.omitted !== undefined) || a.line - b.line || a.column - b.column,
  )
}

/** `compileDocument` has given each section the type of its name, which a list of them cannot tell any more. */
function collectValues(documents: readonly CompiledDocument[]): Partial<SectionValues> {
  return Object.fromEntries(
    documents.flatMap(({ key, result }) => (result.ok ? [[key.section, result.value] as const] : [])),
  ) as Partial<SectionValues>
}
