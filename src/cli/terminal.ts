// Output for a terminal: colours if enabled, and no other control sequences.
import { inspect, styleText } from 'node:util'
import { printableLines } from '../core/printable.ts'

const STYLES = ['red', 'green', 'yellow', 'dim', 'bold'] as const

/** Colours a string if colours are enabled. The process decides that once: see `Io`. */
export function paint(text: string, style: (typeof STYLES)[number], { colour }: { readonly colour: boolean }): string {
  return colour ? styleText(style, text, { validateStream: false }) : text
}

/** The escape sequences that {@link paint} writes. */
const PAINTED = new RegExp(`(\u001b\\[(?:${STYLES.flatMap((style) => inspect.colors[style] ?? []).join('|')})m)`)

/**
 * Escapes control characters in the output of a command, except for line ends, tabs and, if enabled, our own colours. This is
 * the last step. Untrusted strings are escaped before, where they are put into a line, so that they cannot end it.
 */
export function escapeForTerminal(text: string, { colour }: { readonly colour: boolean }): string {
  if (!colour) return printableLines(text)
  return text
    .split(PAINTED)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('')
}

/** Formats a number with a noun: `1 error`, `2 errors`. */
export function formatCount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
