// An issue as its author sees it in a terminal: where, what, the line, and a caret under the fault.
import { findSeverity } from '../../core/issue.ts'
import { ISSUE_LINE_MAX_LENGTH, ISSUE_MESSAGE_MAX_LENGTH } from '../../core/limits.ts'
import { maskUnprintable, printable } from '../../core/printable.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'

/** `file:line:column: error code: message`, then the line of `text` and a caret. Nothing in it can steer a terminal. */
export function formatIssue(issue: LocatedIssue, text: string, file: string): string {
  const { line, column, code, message } = issue
  const said = printable(message, ISSUE_MESSAGE_MAX_LENGTH)
  const head = `${printable(file)}:${line}:${column}: ${findSeverity(issue)} ${code}: ${said}`
  const source = readLine(text, line)
  if (source.trim() === '') return head
  const start = column <= ISSUE_LINE_MAX_LENGTH ? 0 : column - Math.floor(ISSUE_LINE_MAX_LENGTH / 2)
  const shown = source.slice(start, start + ISSUE_LINE_MAX_LENGTH)
  // A tab becomes a space, and what is not to be shown one character each: the caret counts columns.
  const gutter = `${line} | `
  const caret = `${' '.repeat(gutter.length + Math.max(0, column - 1 - start))}^`
  return `${head}\n${gutter}${maskUnprintable(shown.replaceAll('\t', ' '))}\n${caret}`
}

function readLine(text: string, line: number): string {
  return text.split(/\r\n|\r|\n/, line)[line - 1] ?? ''
}
