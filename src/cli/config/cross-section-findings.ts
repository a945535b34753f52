// Findings across the sections of one cluster, each located in the document that has to change.
import { findByClock } from '../../config/compile/clock-findings.ts'
import type { SectionValues } from '../../config/compile/compile.ts'
import { findAcross } from '../../config/compile/cross-findings.ts'
import { locateIssues } from '../../config/compile/issue-list.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import type { CompiledDocument } from '../document.ts'

/**
 * Finds conflicts between sections, by document.
 * @param documents - of one cluster, each section at most once; documents that do not compile are skipped
 */
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

/** Merges the findings of a document itself, across sections, and by the clock, in document order. */
export function collectFindings(
  document: CompiledDocument,
  across: readonly LocatedIssue[] | undefined,
  nowMillis: number,
): readonly LocatedIssue[] {
  const byClock = findByClock(collectValues([document]), nowMillis).get(document.key.section) ?? []
  return [...document.issues, ...(across ?? []), ...locateIssues(byClock, document.text)].sort(
    (a, b) =>
      // The summary of issues that are not listed comes last.
      Number(a.omitted !== undefined) - Number(b.omitted !== undefined) || a.line - b.line || a.column - b.column,
  )
}

/** The compiled values by section. `compileDocument` gave each the type of its section, which a list cannot express. */
function collectValues(documents: readonly CompiledDocument[]): Partial<SectionValues> {
  return Object.fromEntries(
    documents.flatMap(({ key, result }) => (result.ok ? [[key.section, result.value] as const] : [])),
  ) as Partial<SectionValues>
}
