// What the editor's commands ask of a language, for text that is told by its lines alone: indentation and brackets, and no
// syntax tree. In the bundle this takes the place of `@codemirror/language` and `@lezer/common`, which bring a parser,
// incremental trees and their highlighting: a tenth of the page for what a line of YAML tells without.
import { type EditorState, Facet } from '@codemirror/state'
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view'

/** Spaces that one level is indented by. */
export const indentUnit = Facet.define<string, string>({ combine: ([unit = '  ']) => unit })

export function getIndentUnit(state: EditorState): number {
  return state.facet(indentUnit).length
}

/** YAML forbids tabs here. */
export function indentString(_state: EditorState, columns: number): string {
  return ' '.repeat(columns)
}

interface IndentOptions {
  /** A line break that is about to be typed. */
  readonly simulateBreak?: number
  readonly simulateDoubleBreak?: boolean
  readonly overrideIndentation?: (lineStart: number) => number
}

/** The lines as they would be with a break that is about to be typed. A class, because the commands make it with `new`. */
export class IndentContext {
  readonly unit: number
  readonly #state: EditorState
  readonly #options: IndentOptions

  constructor(state: EditorState, options: IndentOptions = {}) {
    this.#state = state
    this.#options = options
    this.unit = getIndentUnit(state)
  }

  /** @param bias - negative: at a break, the line before it */
  lineAt(pos: number, bias = 1): { readonly text: string; readonly from: number } {
    const { text, from, to } = this.#state.doc.lineAt(pos)
    const { simulateBreak: at, simulateDoubleBreak } = this.#options
    if (at === undefined || at < from || at > to) return { text, from }
    if (simulateDoubleBreak === true && at === pos) return { text: '', from: pos }
    const isAfter = bias < 0 ? at < pos : at <= pos
    return isAfter ? { text: text.slice(at - from), from: at } : { text: text.slice(0, at - from), from }
  }

  lineIndent(pos: number, bias = 1): number {
    const { text, from } = this.lineAt(pos, bias)
    const override = this.#options.overrideIndentation?.(from) ?? -1
    return override > -1 ? override : text.search(/\S|$/)
  }
}

/** A new line begins where the last one did, and deeper after a key without a value. */
export function getIndentation(context: IndentContext, pos: number): number {
  const last = context.lineAt(pos, -1).text
  const own = /^\s*(?:- +)*/.exec(last)?.[0].length ?? 0
  return /:\s*(?:#.*)?$/.test(last) ? own + context.unit : own
}

/** The whole document as one node. */
export function syntaxTree({ doc }: EditorState) {
  const none = (): null => null
  const node = {
    from: 0,
    to: doc.length,
    name: '',
    type: { name: '', prop: none },
    parent: null,
    firstChild: null,
    childBefore: none,
    childAfter: none,
  }
  return { length: doc.length, resolveInner: () => node, resolveStack: () => ({ node, next: null }) }
}

/** Properties that nodes of other languages have. */
export const NodeProp = { closedBy: undefined, openedBy: undefined }

const BRACKETS = '()[]{}'
/** A bracket that is farther away is out of sight. */
const SCAN_MAX_LENGTH = 10_000

export interface MatchedBracket {
  readonly start: { readonly from: number; readonly to: number }
  readonly end?: { readonly from: number; readonly to: number }
  readonly matched: boolean
}

/** Finds the partner of the bracket at `pos`. @param direction - 1: of one that opens behind it; -1: of one that closes before it */
export function matchBrackets({ doc }: EditorState, pos: number, direction: 1 | -1): MatchedBracket | null {
  const from = direction > 0 ? pos : pos - 1
  const own = from < 0 ? -1 : BRACKETS.indexOf(doc.sliceString(from, from + 1) || ' ')
  if (own < 0 || (own % 2 === 0) !== direction > 0) return null
  const start = { from, to: from + 1 }
  const text =
    direction > 0
      ? doc.sliceString(from, from + SCAN_MAX_LENGTH)
      : doc.sliceString(Math.max(0, pos - SCAN_MAX_LENGTH), pos)
  let depth = 0
  for (let step = 0; step < text.length; step++) {
    const index = direction > 0 ? step : text.length - 1 - step
    const found = BRACKETS.indexOf(text.charAt(index))
    if (found < 0) continue
    depth += (found % 2 === 0) === direction > 0 ? 1 : -1
    if (depth > 0) continue
    const end = from + step * direction
    return { start, end: { from: end, to: end + 1 }, matched: found >> 1 === own >> 1 }
  }
  return { start, matched: false }
}

const MATCHED = Decoration.mark({ class: 'cm-matchingBracket' })
const UNMATCHED = Decoration.mark({ class: 'cm-nonmatchingBracket' })

/** Marks the bracket at the cursor and its partner. */
export function bracketMatching() {
  function mark({ state }: EditorView): DecorationSet {
    const { empty, head } = state.selection.main
    const match = empty ? (matchBrackets(state, head, -1) ?? matchBrackets(state, head, 1)) : null
    if (match === null) return Decoration.none
    const { start, end, matched } = match
    const places = end === undefined ? [start] : [start, end]
    return Decoration.set(
      places.map(({ from, to }) => (matched ? MATCHED : UNMATCHED).range(from, to)),
      true,
    )
  }
  return ViewPlugin.define(
    (view) => ({
      decorations: mark(view),
      update(update: ViewUpdate) {
        if (update.docChanged || update.selectionSet) this.decorations = mark(update.view)
      },
    }),
    { decorations: ({ decorations }) => decorations },
  )
}
