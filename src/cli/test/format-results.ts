// The results of policy tests: for people, and as JUnit XML, which every CI system reads.
import { printable } from '../../core/printable.ts'
import type { CaseResult } from '../../policy-tests/run-policy-tests.ts'
import { paint } from '../terminal.ts'

/** The results of one file that was run. */
export interface FileResults {
  readonly file: string
  readonly results: readonly CaseResult[]
}

export function countFailed(files: readonly FileResults[]): number {
  return files.reduce((sum, { results }) => sum + results.filter(({ passed }) => !passed).length, 0)
}

/** Cases that passed are one line, those that failed say what was expected, what came, and what stood in the way. */
export function formatResults(files: readonly FileResults[], io: { readonly colour: boolean }): string {
  const lines = files.flatMap(({ file, results }) => [
    printable(file),
    ...results.flatMap((result) => formatCase(result, io)),
  ])
  const count = files.reduce((sum, { results }) => sum + results.length, 0)
  const failed = countFailed(files)
  const words = `${count - failed} passed, ${failed} failed`
  return `${[...lines, '', paint(words, failed === 0 ? 'green' : 'red', io)].join('\n')}\n`
}

function formatCase(
  { name, passed, expected, actual, notes, signature }: CaseResult,
  io: { readonly colour: boolean },
) {
  const unchecked = signature === 'unchecked' ? paint('  signature not checked', 'dim', io) : ''
  const head = `  ${passed ? paint('✓', 'green', io) : paint('✗', 'red', io)} ${printable(name)}${unchecked}`
  if (passed) return [head]
  return [
    head,
    `      expected  ${printable(expected)}`,
    `      actual    ${printable(actual)}`,
    ...notes.map((note) => `      ${paint(printable(note), 'dim', io)}`),
  ]
}

/** The form of JUnit that Jenkins, GitLab and GitHub actions read: one suite for each file. */
export function formatJunit(files: readonly FileResults[]): string {
  const suites = files.map(({ file, results }) => {
    const failures = results.filter(({ passed }) => !passed).length
    const cases = results.map((result) => formatJunitCase(file, result))
    return [
      `  <testsuite name="${escapeXml(file)}" tests="${results.length}" failures="${failures}">`,
      ...cases,
      '  </testsuite>',
    ].join('\n')
  })
  const count = files.reduce((sum, { results }) => sum + results.length, 0)
  const head = `<testsuites name="postern test" tests="${count}" failures="${countFailed(files)}">`
  return `${['<?xml version="1.0" encoding="UTF-8"?>', head, ...suites, '</testsuites>'].join('\n')}\n`
}

function formatJunitCase(file: string, { name, passed, expected, actual, notes }: CaseResult): string {
  const head = `    <testcase classname="${escapeXml(file)}" name="${escapeXml(name)}"`
  if (passed) return `${head}/>`
  const message = escapeXml(`expected ${expected}, but it is ${actual}`)
  return [
    `${head}>`,
    `      <failure message="${message}">${escapeXml(notes.join('\n'))}</failure>`,
    '    </testcase>',
  ].join('\n')
}

/** XML 1.0 cannot hold these two at all, escaped or not (section 2.2); `printable` escapes control characters. */
const NOT_XML = /[\ufffe\uffff]/g

function escapeXml(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      printable(line)
        .replaceAll(NOT_XML, '\ufffd')
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
    )
    .join('&#10;')
}
