// Colours for YAML, line by line: keys, strings, comments, templates. What a document means is the engine's to say; this is
// a fraction of the size of a grammar.
import { EditorState, RangeSetBuilder } from '@codemirror/state'
import { Decoration, type DecorationSet, type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view'

export type TokenKind = 'key' | 'string' | 'atom' | 'comment' | 'template' | 'punctuation'

export interface YamlToken {
  readonly from: number
  readonly to: number
  readonly kind: TokenKind
}

export interface YamlLine {
  readonly tokens: readonly YamlToken[]
  /** Of a block scalar that goes on below: the indentation of the line that opened it. */
  readonly blockIndent: number | undefined
}

const KEY = /(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:,[\]{}"'|>-][^#:,[\]{}]*?|-[^\s#:][^#:]*?)(?=\s*:(?:\s|$))/y
const BLOCK = /[|>][+-]?\d?(?=\s*$)/y

/** In the order in which they are tried; what none takes is a string, a character at a time inside quotes. */
const PATTERNS: readonly (readonly [RegExp, TokenKind])[] = [
  [/\{\{(?:(?!\}\}).)*(?:\}\})?/y, 'template'],
  [/(?<![^\s])#.*/y, 'comment'],
  [/-(?=\s|$)|[[\]{},:]/y, 'punctuation'],
  [KEY, 'key'],
  [BLOCK, 'punctuation'],
  [/(?:-?(?:0|[1-9]\d*)(?:\.\d+)?|true|false|null|~)(?=\s*(?:$|#|,|\]|\}))/y, 'atom'],
  [/(?:(?!\{\{)[^\s,[\]{}#])+/y, 'string'],
]

/** Of a longer line the rest has no colours: patterns must not make an editor wait. */
const LINE_MAX_LENGTH = 2000

/** Reads one line. @param blockIndent - that of the line above */
export function readYamlLine(text: string, blockIndent: number | undefined): YamlLine {
  const indent = text.search(/\S|$/)
  const isBlank = indent === text.length
  if (blockIndent !== undefined && (isBlank || indent > blockIndent))
    return { tokens: isBlank ? [] : [{ from: indent, to: text.length, kind: 'string' }], blockIndent }
  const tokens: YamlToken[] = []
  let opened: number | undefined
  const end = Math.min(text.length, LINE_MAX_LENGTH)
  for (let from = indent; from < end; ) {
    if (/\s/.test(text.charAt(from))) {
      from++
      continue
    }
    const [pattern, kind] = PATTERNS.find((one) => matches(one[0], text, from)) ?? []
    const to = pattern === undefined ? from + 1 : Math.max(pattern.lastIndex, from + 1)
    if (pattern === BLOCK) opened = indent
    tokens.push({ from, to, kind: kind ?? 'string' })
    from = to
  }
  return { tokens, blockIndent: opened }
}

function matches(pattern: RegExp, text: string, at: number): boolean {
  pattern.lastIndex = at
  return pattern.test(text)
}

const MARKS = Object.fromEntries(
  (['key', 'string', 'atom', 'comment', 'template', 'punctuation'] as const).map((kind) => [
    kind,
    Decoration.mark({ class: `cm-yaml-${kind}` }),
  ]),
) as Readonly<Record<TokenKind, Decoration>>

/** Lines above the visible ones that are looked at for the block scalar that they may be in. */
const ABOVE_MAX_LINES = 2000

function colour({ state: { doc }, viewport }: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  const first = doc.lineAt(viewport.from).number
  let blockIndent: number | undefined
  for (let number = Math.max(1, first - ABOVE_MAX_LINES); number <= doc.lines; number++) {
    const { from, text } = doc.line(number)
    if (from > viewport.to) break
    const line = readYamlLine(text, blockIndent)
    blockIndent = line.blockIndent
    if (number < first) continue
    for (const token of line.tokens) builder.add(from + token.from, from + token.to, MARKS[token.kind])
  }
  return builder.finish()
}

const colours = ViewPlugin.define(
  (view) => ({
    decorations: colour(view),
    update(update: ViewUpdate) {
      if (update.docChanged || update.viewportChanged) this.decorations = colour(update.view)
    },
  }),
  { decorations: ({ decorations }) => decorations },
)

export const yaml = [colours, EditorState.languageData.of(() => [{ commentTokens: { line: '#' } }])]
