// Decides whether changes may be written: each new document must compile, and the changes must not add a finding across
// the sections of the cluster. Findings that existed before do not block a change.

import type { DocumentKey } from '../../config/document-key.ts'
import { parseDocumentKey } from '../../config/document-key.ts'
import { isSectionName, type SectionName } from '../../config/sections/table.ts'
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import { isError } from '../../core/issue.ts'
import type { Io } from '../command.ts'
import { type CompiledDocument, compileAs } from '../document.ts'
import type { OperatorSettings } from '../operator-settings.ts'
import { collectFindings, findAcrossSections } from './cross-section-findings.ts'

/** The new value of one key; `bytes: undefined` deletes it. `name` is how messages name the new document. */
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

/**
 * Compiles the changed documents beside the stored ones and lists the findings that the changes add.
 * @param stored - the documents of the scope as they are stored now, by key
 */
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
    io.err(`${key.text} is stored but does not compile: the sections were not checked against each other\n`)
  }

  // Without a section that does not compile, its defaults would be used and produce false findings.
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
  // In an emergency a document must be deletable: findings of a deletion are reported and do not refuse it.
  const isDeletion = changes.every(({ bytes }) => bytes === undefined)
  return { reports, refused: !isDeletion && reports.some(isRefused) }
}

/** A document that compiles may be stored despite its own errors: it comes into force and is reported as unhealthy. */
function isRefused({ document, issues }: ChangeReview['reports'][number]): boolean {
  const own = document.result.ok ? document.issues : []
  return issues.some((issue) => isError(issue) && !own.includes(issue))
}

async function compileStored(stored: Stored, settings: OperatorSettings): Promise<readonly CompiledDocument[]> {
  const documents: CompiledDocument[] = []
  for (const [text, bytes] of stored) {
    const key = parseDocumentKey(text)
    // No gateway reads other keys.
    if (key === undefined || !isSectionName(key.section)) continue
    documents.push(await compileAs(key as DocumentKey<SectionName>, text, bytes, settings))
  }
  return documents
}

function makeIssueId(key: DocumentKey, { code, path, message }: LocatedIssue): string {
  return JSON.stringify([key.text, code, path, message])
}
