// An issue as its author sees it in a terminal: where, what, the line, and a caret under the fault.
import { severityOf } from '../core/issue.ts'
import type { LocatedIssue } from './located-issue.ts'

/** Longer lines are cut around the fault. */
const LINE_WIDTH = 100

/** `file:line:column: error code: message`, then the line of `text` and a caret. Nothing in it can steer a terminal. */
export function formatIssue(issue: LocatedIssue, text: string, file: string): string {
  const { line, column, code, message } = issue
  const head = `${file}:${line}:${column}: ${severityOf(issue)} ${code}: ${message}`
  const source = lineOf(text, line)
  if (source.trim() === '') return plain(head)
  const start = column <= LINE_WIDTH ? 0 : column - Math.floor(LINE_WIDTH / 2)
  const shown = source.slice(start, start + LINE_WIDTH)
  const gutter = `${line} | `
  const caret = `${' '.repeat(gutter.length + Math.max(0, column - 1 - start))}^`
  return `${plain(head)}\n${gutter}${plain(shown)}\n${caret}`
}

function lineOf(text: string, line: number): string {
  return text.split(/\r\n|\r|\n/, line)[line - 1] ?? ''
}

/** One column per character: tabs become spaces; control and direction characters are shown as such, not obeyed. */
function plain(text: string): string {
  return text.replaceAll('\t', ' ').replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, '\ufffd')
}
