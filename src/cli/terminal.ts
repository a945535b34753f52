// Text for a terminal: colour where it is wanted, and nothing else that a terminal obeys.
import { printableLines } from '../core/printable.ts'

const STYLES = { red: 31, green: 32, yellow: 33, dim: 2, bold: 1 } as const

export function paint(text: string, style: keyof typeof STYLES, { colour }: { readonly colour: boolean }): string {
  return colour ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text
}

/** What {@link paint} writes. */
const PAINTED = new RegExp(`(\u001b\\[(?:${[0, ...Object.values(STYLES)].join('|')})m)`)

/**
 * What may go to the terminal of all that a command says: lines, tabs, and our colours where colour is wanted. The last
 * door. Before it, each string from outside is made printable where it is put into a line, so that it ends no line.
 */
export function terminalText(text: string, { colour }: { readonly colour: boolean }): string {
  if (!colour) return printableLines(text)
  return text
    .split(PAINTED)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join('')
}

/** `1 error`, `2 errors`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
