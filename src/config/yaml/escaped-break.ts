// Escaped line breaks in double-quoted scalars: they decode to nothing (YAML 1.2.2 section 7.3.1).
import type { YamlScalar } from './yaml-node.ts'

const LINE_BREAK = /\r\n|\n|\r/.source
/** One escape after another, so that the second of two backslashes begins none. */
const ESCAPE = new RegExp(`\\\\(?:(${LINE_BREAK})|[^])`, 'g')
const EMPTY_LINE = new RegExp(`[ \\t]*(?:${LINE_BREAK})`, 'y')

/**
 * The first escaped line break that an empty line follows, in the text of a double-quoted scalar. The empty line is a
 * line feed by production [112], and the parser drops it: a scalar that two parsers read differently is refused.
 */
export function findLossyBreak(text: string, { contentStart, end }: YamlScalar): number | undefined {
  const content = text.slice(contentStart, end)
  if (!/\\[\n\r]/.test(content)) return undefined
  for (const match of content.matchAll(ESCAPE)) {
    if (match[1] === undefined) continue
    EMPTY_LINE.lastIndex = match.index + match[0].length
    if (EMPTY_LINE.test(content)) return contentStart + match.index
  }
  return undefined
}
