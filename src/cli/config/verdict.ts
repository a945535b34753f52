// The verdict on one document, for `config validate`: valid or not, with every finding.
import type { LocatedIssue } from '../../config/yaml/located-issue.ts'
import { shortenDigest } from '../../core/digest.ts'
import { isError } from '../../core/issue.ts'
import { printable } from '../../core/printable.ts'
import type { CompiledDocument } from '../document.ts'
import { countIssues, formatIssues, makeIssuesJson } from '../format-issues.ts'
import { paint } from '../terminal.ts'

/** One document, and all findings, including those across sections. */
export interface Verdict {
  readonly document: CompiledDocument
  readonly found: readonly LocatedIssue[]
  readonly passed: boolean
}

export function makeVerdict(document: CompiledDocument, found: readonly LocatedIssue[]): Verdict {
  // A document that denies every login compiles, but is almost always a mistake.
  const passed = document.result.ok && !found.some((issue) => isError(issue) || issue.code === 'deny_all')
  return { document, found, passed }
}

export function formatVerdict({ document, found, passed }: Verdict, io: { readonly colour: boolean }): string {
  const mark = passed ? paint('valid', 'green', io) : paint('not valid', 'red', io)
  const what = passed ? `${document.key.section}, ${shortenDigest(document.digest)}` : countIssues(found)
  return `${formatIssues(found, document, io)}${printable(document.name)}: ${mark} (${what})\n`
}

/** As `config validate --json` prints one document. */
export function makeVerdictJson({ document, found, passed }: Verdict) {
  const { name, key, digest } = document
  return { file: name, section: key.section, valid: passed, digest, ...makeIssuesJson(key.section, digest, found) }
}
