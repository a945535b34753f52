// From the bytes of a document to the compiled type of its section, or to every issue with its line and column. It never
// throws, and its time is bounded whatever the bytes are.

import type { Report } from '../../attest/attest-context.ts'
import type { Issue } from '../../core/issue.ts'
import { DOCUMENT_MAX_BYTES } from '../../core/limits.ts'
import { suggestNearest } from '../../core/nearest.ts'
import { quoteText } from '../../core/printable.ts'
import { makeChoiceForm } from '../../core/string-form.ts'
import { decodeUtf8 } from '../../core/utf8.ts'
import type { SectionRow } from '../sections/section.ts'
import { isSectionName, listSectionNames, SECTIONS, type SectionName } from '../sections/table.ts'
import { describeEncoding } from '../yaml/encoding-fault.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'
import { createPositions, type Position } from '../yaml/position.ts'
import { describeTooLarge } from '../yaml/scan.ts'
import { readYaml } from '../yaml/yaml.ts'
import type { YamlMap, YamlNode } from '../yaml/yaml-node.ts'
import { createIssueList, placeIssue } from './issue-list.ts'
import type { CompileContext } from './section-context.ts'
import { describeMissingField, describeNotString, describeUnknownField } from './validation-issue.ts'

/** What a document of each section compiles to. */
export type SectionValues = {
  readonly [Name in SectionName]: (typeof SECTIONS)[Name] extends SectionRow<infer Value> ? Value : never
}

/** The table again, with the type that lets the compiler follow a name to its value. */
const ROWS: { readonly [Name in SectionName]: SectionRow<SectionValues[Name]> } = SECTIONS

export type CompileResult<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly LocatedIssue[] }
  /** Errors and warnings, in document order, at most ISSUES_MAX of them. */
  | { readonly ok: false; readonly issues: readonly LocatedIssue[] }

/**
 * Compiles a document. Never throws.
 *
 * @param section the section of its key; the document must name the same one
 * @param bytes UTF-8 without byte order mark, YAML or JSON
 * @param context the settings of the gateway and the scope of the document
 * @returns the compiled section with its warnings, or all issues, with line and column from 1
 */
export function compileDocument<Name extends SectionName>(
  section: Name,
  bytes: Uint8Array,
  context: CompileContext,
): CompileResult<SectionValues[Name]> {
  const { maxBytes = DOCUMENT_MAX_BYTES }: SectionRow<unknown> = ROWS[section]
  if (bytes.length > maxBytes) return failAt(describeTooLarge(bytes.length, maxBytes))
  const text = decodeUtf8(bytes)
  if (text === undefined) {
    const { message, ...position } = describeEncoding(bytes)
    return failAt({ code: 'encoding_invalid', message }, position)
  }
  const positions = createPositions(text)
  const document = readYaml(text, positions, maxBytes)
  const issues = createIssueList(text, positions)
  if (!document.ok) for (const issue of document.issues) issues.add({ issue })
  const { root } = document
  if (root === undefined) return { ok: false, issues: issues.list() }

  const value = readEnvelope(section, ROWS[section], root, context, (issue) =>
    issues.add(placeIssue(issue, root, text, positions)),
  )
  return value === undefined || issues.hasErrors()
    ? { ok: false, issues: issues.list() }
    : { ok: true, value, warnings: issues.list() }
}

function failAt(issue: Pick<Issue, 'code' | 'message'>, position: Position = START): CompileResult<never> {
  return { ok: false, issues: [{ ...issue, path: [], ...position }] }
}

const START: Position = { line: 1, column: 1 }

const ENVELOPE = ['section', 'schema', 'spec']

function readEnvelope<T>(
  section: SectionName,
  row: SectionRow<T>,
  root: YamlNode,
  context: CompileContext,
  report: Report,
): T | undefined {
  if (root.kind !== 'map') {
    if (root.kind !== 'broken') {
      report({
        code: 'type_mismatch',
        path: [],
        message: 'The document must be a map with section, schema and spec',
      })
    }
    return undefined
  }
  for (const name of root.entries.keys()) {
    if (ENVELOPE.includes(name)) continue
    const hint = suggestNearest(name, ENVELOPE) || '; the settings of a section belong under spec'
    report(describeUnknownField(name, [], hint))
  }
  readText(root, 'schema', ['v1'], report, (schema) => {
    if (schema === 'v1') return
    report({
      code: 'schema_unsupported',
      path: ['schema'],
      message: `Unknown schema ${quoteText(schema)}: expected v1`,
    })
  })
  // A document of another section is not validated against this section's schema.
  let isOurs = true
  readText(root, 'section', [section], report, (name) => {
    isOurs = name === section
    if (!isOurs) reportSection(name, section, report)
  })
  const spec = root.entries.get('spec')
  if (spec === undefined) report(describeMissingField('spec', []))
  return spec === undefined || !isOurs ? undefined : row.read(spec.value, context, report)
}

function readText(
  root: YamlMap,
  name: string,
  choices: readonly string[],
  report: Report,
  accept: (text: string) => void,
): void {
  const node = root.entries.get(name)?.value
  if (node === undefined) report(describeMissingField(name, []))
  else if (node.kind === 'text') accept(node.value)
  else if (node.kind !== 'broken') report(describeNotString(node, [name], makeChoiceForm(choices)))
}

function reportSection(name: string, expected: SectionName, report: Report): void {
  if (isSectionName(name)) {
    const message = `The document is a ${name} and is stored under the key of ${expected}: section must match the key`
    report({ code: 'section_mismatch', path: ['section'], message })
    return
  }
  const hint = suggestNearest(name, listSectionNames()) || `; expected one of: ${listSectionNames().join(', ')}`
  report({
    code: 'section_unknown',
    path: ['section'],
    message: `Unknown section ${quoteText(name)}${hint}`,
  })
}
