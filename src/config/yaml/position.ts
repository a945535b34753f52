// Positions in a document, as an editor shows them: line and column from 1, columns in UTF-16 units.
import type { Path } from '../../core/issue.ts'
import type { YamlEntry, YamlNode, YamlScalar } from './yaml-node.ts'

export interface Position {
  readonly line: number
  readonly column: number
}

/** Turns offsets into positions. A line ends with `\n`, `\r\n` or `\r`. */
export interface Positions {
  at(offset: number): Position
}

/** An offset is looked for from the start of its block: neither millions of lines nor one long line make that slow. */
const BLOCK_LENGTH = 512

export function createPositions(text: string): Positions {
  let blocks: readonly LinePlace[] | undefined
  return {
    at(offset) {
      // Most documents have no issue at all, and need no index.
      blocks ??= indexLines(text)
      const block = Math.min(Math.floor(offset / BLOCK_LENGTH), blocks.length - 1)
      let { line, start } = blocks[block] ?? { line: 1, start: 0 }
      for (let at = block * BLOCK_LENGTH; at < offset; at++) {
        if (!endsLine(text, at)) continue
        line++
        start = at + 1
      }
      return { line, column: offset - start + 1 }
    },
  }
}

/** The line that a block begins in, and where that line begins. */
interface LinePlace {
  readonly line: number
  readonly start: number
}

function indexLines(text: string): readonly LinePlace[] {
  const blocks: LinePlace[] = []
  let line = 1
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (at % BLOCK_LENGTH === 0) blocks.push({ line, start })
    if (!endsLine(text, at)) continue
    line++
    start = at + 1
  }
  return blocks
}

function endsLine(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 0x0a || (code === 0x0d && text.charCodeAt(at + 1) !== 0x0a)
}

/** The lines of `text` with these numbers, without their ends. Those that there are not are left out. */
export function readLines(text: string, wanted: ReadonlySet<number>): ReadonlyMap<number, string> {
  const lines = new Map<number, string>()
  const last = Math.max(0, ...wanted)
  let line = 1
  let start = 0
  for (let at = 0; at <= text.length && line <= last; at++) {
    if (at < text.length && !endsLine(text, at)) continue
    if (wanted.has(line)) lines.set(line, text.slice(start, at).replace(/\r$/, ''))
    line++
    start = at + 1
  }
  return lines
}

/** A node, and the entry whose value it is, if it belongs to a map. */
export interface Place {
  readonly node: YamlNode
  readonly entry?: YamlEntry
  /** Whether the whole path was there, or this is the deepest part of it. */
  readonly exact: boolean
}

/** Walks `path` as far as the document goes. */
export function findPlace(root: YamlNode, path: Path): Place {
  let place: Place = { node: root, exact: true }
  for (const step of path) {
    const { node } = place
    if (node.kind === 'map' && typeof step === 'string') {
      const entry = node.entries.get(step)
      if (entry === undefined) return { ...place, exact: false }
      place = { node: entry.value, entry, exact: true }
    } else if (node.kind === 'list' && typeof step === 'number') {
      const item = node.items[step]
      if (item === undefined) return { ...place, exact: false }
      place = { node: item, exact: true }
    } else {
      return { ...place, exact: false }
    }
  }
  return place
}

/** Finds the offset in the document of unit `offset` of a scalar's decoded string. */
export function findOffsetInScalar(text: string, scalar: YamlScalar, offset: number): number {
  const { source } = scalar
  let at = scalar.contentStart + scalar.indent
  for (let index = 0; index < Math.min(offset, source.length); index++) {
    at = stepOver(text, at, source.charCodeAt(index), scalar)
  }
  at = skipEscapedBreaks(text, at, scalar)
  const here = isBlank(source.charCodeAt(offset)) ? at : skipBlanks(text, at, scalar.end)
  return Math.min(here, scalar.end)
}

/** Returns the offset after the source of one decoded unit. */
function stepOver(text: string, from: number, unit: number, scalar: YamlScalar): number {
  const { style, indent, end } = scalar
  let at = skipEscapedBreaks(text, from, scalar)
  if (style === 'double' && text[at] === '\\') {
    // `\U0001f600` encodes two units: the first one does not advance.
    const isFirstOfTwo = text[at + 1] === 'U' && unit >= 0xd800 && unit <= 0xdbff
    return isFirstOfTwo ? at : at + countEscapeUnits(text[at + 1])
  }
  if (!isBlank(unit)) {
    at = skipBlanks(text, at, end)
    return style === 'single' && text.startsWith("''", at) ? at + 2 : at + 1
  }
  const isBlock = style === 'literal' || style === 'folded'
  // Spaces at the end of a line are content in a block, and nowhere else.
  const lineEnd = isBlock ? at : skipInline(text, at, end)
  if (!isBreak(text.charCodeAt(lineEnd))) return at + 1
  // A line break, whatever it was folded into, takes the indentation of the next line with it.
  const next = skipBreak(text, lineEnd)
  return skipInline(text, next, isBlock ? Math.min(next + indent, end) : end)
}

/** Skips escaped line breaks, which decode to nothing, with the indentation after them. */
function skipEscapedBreaks(text: string, from: number, { style, end }: YamlScalar): number {
  let at = from
  if (style !== 'double') return at
  while (text[at] === '\\' && isBreak(text.charCodeAt(at + 1))) at = skipBlanks(text, at + 1, end)
  return at
}

function countEscapeUnits(kind: string | undefined): number {
  if (kind === 'x') return 4
  if (kind === 'u') return 6
  return kind === 'U' ? 10 : 2
}

function isBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || isBreak(code)
}

function skipBreak(text: string, at: number): number {
  return text.startsWith('\r\n', at) ? at + 2 : at + 1
}

function skipInline(text: string, from: number, end: number): number {
  let at = from
  while (at < end && (text[at] === ' ' || text[at] === '\t')) at++
  return at
}

function skipBlanks(text: string, from: number, end: number): number {
  let at = from
  while (at < end && isBlank(text.charCodeAt(at))) at++
  return at
}
