// The editor of one document at a time. It lives in a shadow root: there it adopts style sheets, which `style-src 'self'`
// allows, where otherwise it would write a style element, which it does not.
import { acceptCompletion, autocompletion, completionKeymap } from '@codemirror/autocomplete'
import {
  cursorGroupLeft,
  cursorGroupRight,
  defaultKeymap,
  history,
  historyKeymap,
  selectGroupLeft,
  selectGroupRight,
  selectLine,
} from '@codemirror/commands'
import { type Diagnostic, setDiagnostics } from '@codemirror/lint'
import { EditorState } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  type KeyBinding,
  keymap,
  lineNumbers,
} from '@codemirror/view'
import type { PageIssue } from '../../engine/report.ts'
import type { Vocabulary } from '../../engine/vocabulary.ts'
import { completeYaml, type DocumentKind } from './complete-yaml.ts'
import { editorTheme } from './editor-theme.ts'
import { bracketMatching } from './plain-language.ts'
import { yaml } from './yaml-language.ts'

export interface DocumentEditor {
  /** Shows a document; its own history of edits begins. */
  readonly show: (text: string, kind: DocumentKind | undefined, label: string) => void
  readonly mark: (issues: readonly PageIssue[]) => void
  /** Puts the cursor at a place, from 1. */
  readonly goTo: (line: number, column: number) => void
  /** Brings the cursor of a person who is writing back into view, where the editor has become smaller. */
  readonly keepInView: () => void
  readonly apply: (fix: NonNullable<PageIssue['fix']>) => void
  readonly setVocabulary: (vocabulary: Vocabulary) => void
}

/** Creates it in an element. @param onEdit - gets the text after each edit by a person */
export function createEditor(host: HTMLElement, onEdit: (text: string) => void): DocumentEditor {
  const root = host.attachShadow({ mode: 'open' })
  let vocabulary: Vocabulary | undefined
  let kind: DocumentKind | undefined
  const view = new EditorView({ parent: root, root })

  function createState(text: string, label: string): EditorState {
    return EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        highlightActiveLine(),
        highlightActiveLineGutter(),
        plainInsertion,
        EditorView.lineWrapping,
        bracketMatching(),
        yaml,
        editorTheme,
        autocompletion({
          override: [
            (context) =>
              vocabulary === undefined || kind === undefined ? null : completeYaml(vocabulary, kind, context),
          ],
        }),
        // The Tab key leaves the editor, as it leaves any other field, unless a completion waits.
        keymap.of([{ key: 'Tab', run: acceptCompletion }, ...completionKeymap, ...historyKeymap, ...plainKeymap]),
        EditorView.contentAttributes.of({
          'aria-label': label,
          tabindex: '0',
          autocorrect: 'off',
          autocapitalize: 'off',
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onEdit(update.state.doc.toString())
        }),
      ],
    })
  }

  function offsetOf(line: number, column: number): number {
    const { doc } = view.state
    const found = doc.line(Math.min(Math.max(line, 1), doc.lines))
    return Math.min(found.from + column - 1, found.to)
  }

  function makeDiagnostic(issue: PageIssue): Diagnostic {
    const { severity, code, message, line = 1, column = 1, fix } = issue
    const from = offsetOf(line, column)
    const rest = view.state.doc.sliceString(from, view.state.doc.lineAt(from).to)
    const length = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,\]}]+)/.exec(rest)?.[0].length ?? 0
    return {
      from,
      to: from + length,
      severity,
      message: `${message} (${code})`,
      ...(fix === undefined ? {} : { actions: [{ name: describeFix(fix), apply: () => apply(fix) }] }),
    }
  }

  function apply({ start, end, text }: NonNullable<PageIssue['fix']>): void {
    const { length } = view.state.doc
    view.dispatch({ changes: { from: Math.min(start, length), to: Math.min(end, length), insert: text } })
    view.focus()
  }

  return {
    show(text, shown, label) {
      kind = shown
      view.setState(createState(text, label))
    },
    mark: (issues) => view.dispatch(setDiagnostics(view.state, issues.map(makeDiagnostic))),
    goTo(line, column) {
      view.dispatch({ selection: { anchor: offsetOf(line, column) }, scrollIntoView: true })
      view.focus()
    },
    keepInView() {
      if (view.hasFocus) view.dispatch({ effects: EditorView.scrollIntoView(view.state.selection.main.head) })
    },
    apply,
    setVocabulary(given) {
      vocabulary = given
    },
  }
}

/**
 * Text that is typed over a selection goes into the document by the editor. Left to itself, Chromium puts it into an element
 * with a style attribute, to keep the look of what it replaced, which the policy of the page refuses and reports.
 */
const plainInsertion = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== 'insertText' || event.data === null || view.composing) return false
    event.preventDefault()
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: 'input.type', scrollIntoView: true })
    return true
  },
})

/** Where other languages move by their syntax, these move by words and lines. */
const plainKeymap: readonly KeyBinding[] = [
  { key: 'Alt-ArrowLeft', mac: 'Ctrl-ArrowLeft', run: cursorGroupLeft, shift: selectGroupLeft },
  { key: 'Alt-ArrowRight', mac: 'Ctrl-ArrowRight', run: cursorGroupRight, shift: selectGroupRight },
  { key: 'Mod-i', run: selectLine, preventDefault: true },
  ...defaultKeymap.filter(({ key = '' }) => !['Alt-ArrowLeft', 'Alt-ArrowRight', 'Mod-i'].includes(key)),
]

const SHOWN_FIX_MAX_LENGTH = 40

/** What the button of an edit says. */
export function describeFix({ text }: NonNullable<PageIssue['fix']>): string {
  const shown = text.trim()
  if (shown === '') return 'Fix: remove it'
  return `Fix: ${shown.length > SHOWN_FIX_MAX_LENGTH ? `${shown.slice(0, SHOWN_FIX_MAX_LENGTH)}…` : shown}`
}
