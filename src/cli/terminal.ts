// Text for a terminal: colour where it is wanted, and nothing else that a terminal obeys.
import { inspect, styleText } from 'node:util'
import { printableLines } from '../core/printable.ts'

const STYLES = ['red', 'green', 'yellow', 'dim', 'bold'] as const

/** Whether the host wants colour is decided once, where the process is: see `Io`. */
export function paint(text: string, style: (typeof STYLES)[number], { colour }: { readonly colour: boolean }): string {
  return colour ? styleText(style, text, { validateStream: false }) : text
}

/** What {@link paint} writes. */
const PAINTED = new RegExp(`(\u001b\\[(?:${STYLES.flatMap((style) => inspect.colors[style] ?? []).join('|')})m)`)

/**
 * What may go to the terminal of all that a command says: lines, tabs, and our colours where colour is wanted. The last
 * step. Before it, each string from outside is made printable where it is put into a line, so that it ends no line.
 */
export function escapeForTerminal(text: string, { colour }: { readonly colour: boolean }): string {
  if (!colour) return printableLines(text)
  return text
    .split(PAINTED)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('')
}

/** `1 error`, `2 errors`. */
export function formatCount(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
