// Whether changes may be made: each new document compiles, and the cluster that they make has no findings across its
// sections that these changes bring. What was wrong elsewhere before holds nobody back.

import type { DocumentKey } from '../../config/document-key.ts'
import { parseDocumentKey } from '../../config/document-key.ts'
import { isSectionName, type SectionName } from '../../config/sections/table.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import { isError } from '../../core/issue.ts'
import type { Io } from '../command.ts'
import { type CompiledDocument, compileAs } from '../document.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import { collectFindings, findAcrossSections } from './cross-section-findings.ts'

/** What one key shall hold; `bytes` of `undefined` delete it. `name` is how messages call the new text. */
export interface Change {
  readonly key: DocumentKey<SectionName>
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer> | undefined
}

export interface ChangeReview {
  readonly reports: readonly { readonly document: CompiledDocument; readonly issues: readonly LocatedIssue[] }[]
  readonly refused: boolean
}

type Stored = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

export async function reviewChanges(
  changes: readonly Change[],
  stored: Stored,
  settings: OperatorSettings,
  io: Io,
): Promise<ChangeReview> {
  const before = await compileStored(stored, settings)
  const changed: CompiledDocument[] = []
  for (const { key, name, bytes } of changes) {
    if (bytes !== undefined) changed.push(await compileAs(key, name, bytes, settings))
  }
  const others = before.filter(({ key }) => changes.every((change) => change.key.text !== key.text))
  for (const { key } of others.filter(({ result }) => !result.ok)) {
    io.err(`${key.text} does not compile as it is stored: sections were not checked against each other\n`)
  }

  // With defaults in the place of a section that cannot be read, findings across sections would be made up.
  const isWhole = others.every(({ result }) => result.ok)
  const now = isWhole ? findAcrossSections([...others, ...changed]) : new Map<CompiledDocument, LocatedIssue[]>()
  const known = new Set(
    [...findAcrossSections(before)].flatMap(([{ key }, issues]) => issues.map((i) => makeIssueId(key, i))),
  )

  const reports = [
    ...changed.map((document) => ({
      document,
      issues: collectFindings(document, now.get(document), io.clock()),
    })),
    ...others.map((document) => ({
      document,
      issues: (now.get(document) ?? []).filter((issue) => !known.has(makeIssueId(document.key, issue))),
    })),
  ]
  // Taking a document away must be possible in an emergency: then findings are told, and stop nothing.
  const isDeletion = changes.every(({ bytes }) => bytes === undefined)
  return { reports, refused: !isDeletion && reports.some(isRefused) }
}

/** What a document that compiles says of itself keeps it out of no store: it comes into force, and is unhealthy. */
function isRefused({ document, issues }: ChangeReview['reports'][number]): boolean {
  const own = document.result.ok ? document.issues : []
  return issues.some((issue) => isError(issue) && !own.includes(issue))
}

async function compileStored(stored: Stored, settings: OperatorSettings): Promise<readonly CompiledDocument[]> {
  const documents: CompiledDocument[] = []
  for (const [text, bytes] of stored) {
    const key = parseDocumentKey(text)
    // Other keys are nobody's documents: no gateway reads them.
    if (key === undefined || !isSectionName(key.section)) continue
    documents.push(await compileAs(key as DocumentKey<SectionName>, text, bytes, settings))
  }
  return documents
}

function makeIssueId(key: DocumentKey, { code, path, message }: LocatedIssue): string {
  return JSON.stringify([key.text, code, path, message])
}
