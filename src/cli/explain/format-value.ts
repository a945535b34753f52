// Values and untrusted strings in an explanation: shortened, on one line, with control characters escaped.
import type { Value } from '../../condition/read-value.ts'
import { EXPLAINED_TEXT_MAX_LENGTH } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'

/** A value in the syntax of conditions. */
export function formatValue(value: Value | number): string {
  if (typeof value === 'string') return shortenText(JSON.stringify(value))
  if (typeof value === 'object') return shortenText(`[${value.map((item) => formatValue(item)).join(', ')}]`)
  return String(value)
}

/** Shortens and escapes an untrusted string such as a name or a claim, so that it neither controls nor floods the terminal. */
export function shortenText(text: string): string {
  return printable(text, EXPLAINED_TEXT_MAX_LENGTH)
}
