// The hint "put the whole value in quotes", for a value that begins with a character which YAML keeps for itself: `!` of a
// negation, `*` of a pattern, a quoted string that goes on behind its quote.
import type { Fix } from '../../core/issue.ts'
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'

/** What begins a line in block style: indentation, dashes, and a name with its colon. */
const LINE = /^([ ]*(?:- +)*(?:(?:[\w.$/[\]@-]+|"[^"]*"|'[^']*') *: +)?)(\S.*)$/
const INDICATOR = /^(?:[!&*@`%|>"']|\{\{)/

export interface QuoteHint {
  /** A sentence fragment. */
  readonly words: string
  readonly fix?: Fix
}

/** For a value in the line of `offset`; the edit is there where the line is a name and a value that begins so. */
export function hintQuotes(text: string, offset: number): QuoteHint {
  const start = findLineStart(text, offset)
  const line = text.slice(start, findLineEnd(text, start))
  const [, head = '', rest = ''] = LINE.exec(line) ?? []
  // A comment is not part of the value.
  const value = rest.replace(/\s+#.*$/, '').trimEnd()
  if (head.trim() === '' || !INDICATOR.test(value)) return { words: 'put the whole value in quotes' }
  const quoted = `'${value.replaceAll("'", "''")}'`
  const fix = { start: start + head.length, end: start + head.length + value.length, text: quoted }
  return { words: `put the whole value in quotes: ${printable(quoted, QUOTED_CLAIM_MAX_CHARACTERS)}`, fix }
}

function findLineStart(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1
}

function findLineEnd(text: string, from: number): number {
  const end = text.slice(from).search(/[\r\n]/)
  return end < 0 ? text.length : from + end
}
