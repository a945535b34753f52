// Values and other people's texts in an explanation: short, on one line, and obeyed by no terminal.
import type { Value } from '../../condition/read-value.ts'
import { EXPLAINED_TEXT_MAX_LENGTH } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'

/** As the condition would write it. */
export function formatValue(value: Value | number): string {
  if (typeof value === 'string') return shortenText(JSON.stringify(value))
  if (typeof value === 'object') return shortenText(`[${value.map((item) => formatValue(item)).join(', ')}]`)
  return String(value)
}

/** Names and claims are other people's text: none of it steers the terminal, none of it floods it. */
export function shortenText(text: string): string {
  return printable(text, EXPLAINED_TEXT_MAX_LENGTH)
}
