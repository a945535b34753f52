// Translates the faults of the YAML parser for authors, with a hint where the cause is known.
import { DOCUMENT_MAX_DEPTH } from '../../core/limits.ts'
import { hintQuotes, type QuoteHint } from './quote-value.ts'
import type { Fault } from './scan.ts'

/** The offset behind whitespace, line breaks, comments, and the indicators `:`, `-` and `?`. */
export function skipSeparators(text: string, from: number): number {
  let at = from
  for (;;) {
    const char = text[at]
    if (char === ' ' || char === '\t' || char === '\n' || char === '\r') at++
    else if (char === '#') at = findLineEnd(text, at)
    else if ((char === ':' || char === '-' || char === '?') && isSpaceOrEnd(text[at + 1])) at++
    else return at
  }
}

/** The offset of the next dash outside comments, or the end of the text. */
export function skipToDash(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '-') at = text[at] === '#' ? findLineEnd(text, at) : at + 1
  return at
}

/**
 * Where the second document begins: at its `---`, or else behind the end marker of the first. `from` is the end of what
 * the first one holds, or 0 where that is nothing: then it is explicit, and the first marker is its own.
 */
export function findSecondDocument(text: string, from: number, isExplicit: boolean, isFirstEmpty: boolean): number {
  const markers = /(?<=^|[\r\n])(---|\.\.\.)(?=[ \t\r\n]|$)/g
  let own = isExplicit && isFirstEmpty ? 1 : 0
  let end = 0
  for (const [marker, { index }] of text
    .slice(from)
    .matchAll(markers)
    .map((match) => [match[1], match] as const)) {
    if (marker === '...') end = index + marker.length
    if (marker === '---' && own-- === 0) return from + index
    if (!isExplicit && end > 0) break
  }
  return skipSeparators(text, from + end)
}

function isSpaceOrEnd(char: string | undefined): boolean {
  return char === undefined || char === ' ' || char === '\t' || char === '\n' || char === '\r'
}

function findLineEnd(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at++
  return at
}

/** The parser's `reason` at `offset` as a fault of the document. */
export function describeSyntaxFault(text: string, reason: string, offset: number): Fault {
  // The parser has one exception type; the name of its option is the one part of this reason that it must keep.
  if (reason.includes('maxDepth')) {
    return { code: 'document_too_deep', offset, message: `Cannot nest deeper than ${DOCUMENT_MAX_DEPTH} levels` }
  }
  const template = findUnquotedTemplate(text, offset)
  if (template !== undefined) {
    const { words, ...hint } = hintQuotes(text, offset)
    const message = `Cannot read a template without quotes here, because YAML reads { as a map: ${words}`
    return { code: 'text_unquoted', offset: template, message, ...hint }
  }
  const { words, fix } = findHint(text, offset)
  const message = `Cannot read the YAML: ${reason}${words === '' ? '' : `; ${words}`}`
  return { code: 'yaml_syntax', offset, message, ...(fix === undefined ? {} : { fix }) }
}

function findHint(text: string, offset: number): QuoteHint {
  if (text[offset] === '\t') return { words: 'indent with spaces' }
  const hint = hintQuotes(text, offset)
  if (hint.fix !== undefined || text[offset] === '@' || text[offset] === '`') return hint
  const before = text.slice(findLineStart(text, offset), offset)
  return { words: before.trim() === '' && before.includes('\t') ? 'indent with spaces' : '' }
}

function findLineStart(text: string, offset: number): number {
  return Math.max(text.lastIndexOf('\n', offset - 1), text.lastIndexOf('\r', offset - 1)) + 1
}

/** Finds the `{{` outside quotes in the line of `offset`. */
function findUnquotedTemplate(text: string, offset: number): number | undefined {
  const start = findLineStart(text, offset)
  const end = findLineEnd(text, start)
  let quote: string | undefined
  for (let at = start; at < end; at++) {
    const char = text[at]
    if (quote !== undefined) {
      if (char === '\\' && quote === '"') at++
      else if (char === quote) quote = undefined
    } else if (char === '"' || char === "'") {
      quote = char
    } else if (char === '{' && text[at + 1] === '{') {
      return at
    }
  }
  return undefined
}
