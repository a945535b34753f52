// Colours for YAML, line by line: keys, strings, comments, templates. What a document means is the engine's to say; this is
// a fraction of the size of a grammar.
import { indentService, StreamLanguage, type StringStream } from '@codemirror/language'

interface State {
  /** Inside a block scalar: the indentation of the line that opened it. */
  blockIndent: number | undefined
  inTemplate: boolean
}

const KEY = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#:,[\]{}"'|>-][^#:,[\]{}]*?|-[^\s#:][^#:]*?)(?=\s*:(?:\s|$))/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?=\s*(?:$|#|,|\]|\}))/
const WORD = /^(?:true|false|null|~)(?=\s*(?:$|#|,|\]|\}))/

const yamlLanguage = StreamLanguage.define<State>({
  name: 'yaml',
  startState: () => ({ blockIndent: undefined, inTemplate: false }),
  copyState: (state) => ({ ...state }),
  token: readToken,
  languageData: { commentTokens: { line: '#' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
})

/** A new line begins where the last one did, and deeper after a key without a value. */
const yamlIndentation = indentService.of((context, pos) => {
  const last = context.lineAt(pos, -1).text
  const own = /^\s*(?:- +)*/.exec(last)?.[0].length ?? 0
  return /:\s*(?:#.*)?$/.test(last) ? own + context.unit : own
})

export const yaml = [yamlLanguage, yamlIndentation]

function readToken(stream: StringStream, state: State): string | null {
  if (stream.sol()) {
    state.inTemplate = false
    if (state.blockIndent !== undefined && stream.indentation() > state.blockIndent) {
      stream.skipToEnd()
      return 'string'
    }
    if (stream.string.trim() !== '') state.blockIndent = undefined
  }
  if (stream.eatSpace()) return null
  if (state.inTemplate) {
    if (stream.match('}}')) state.inTemplate = false
    else stream.next()
    return 'special'
  }
  if (stream.match('{{')) {
    state.inTemplate = true
    return 'special'
  }
  const before = stream.string[stream.pos - 1]
  if (stream.peek() === '#' && (before === undefined || /\s/.test(before))) {
    stream.skipToEnd()
    return 'comment'
  }
  if (stream.match(/^-(?=\s|$)/) || stream.match(/^[[\]{},:]/)) return 'punctuation'
  if (stream.match(KEY)) return 'propertyName'
  if (stream.match(/^[|>][+-]?\d?(?=\s*$)/)) {
    state.blockIndent = stream.indentation()
    return 'punctuation'
  }
  if (stream.match(NUMBER)) return 'number'
  if (stream.match(WORD)) return 'atom'
  // One character at a time inside quotes, so that templates in them are seen.
  if (stream.match(/^(?:(?!\{\{)[^\s,[\]{}#])+/) === null) stream.next()
  return 'string'
}
