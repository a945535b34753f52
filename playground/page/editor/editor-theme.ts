// The editor's colours, from the custom properties of the page: dark and light follow it, also inside the shadow root.
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'

export const editorTheme = [
  EditorView.theme({
    '&': { height: '100%', backgroundColor: 'var(--field)', color: 'var(--text)', fontSize: 'var(--code-size)' },
    '&.cm-focused': { outline: 'none' },
    '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
    '.cm-content': { caretColor: 'var(--text)', padding: '8px 0' },
    '.cm-cursor': { borderLeftColor: 'var(--text)' },
    '.cm-gutters': { backgroundColor: 'var(--field)', color: 'var(--quiet)', border: 'none' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--line-active)' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
      backgroundColor: 'var(--selection)',
    },
    '.cm-tooltip': {
      backgroundColor: 'var(--surface)',
      color: 'var(--text)',
      border: '1px solid var(--border)',
      borderRadius: '6px',
      maxWidth: '34em',
    },
    '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
    '.cm-completionInfo': { padding: '6px 10px', font: 'var(--small) var(--sans)' },
    '.cm-completionDetail': { color: 'inherit', fontStyle: 'normal' },
    '.cm-diagnostic': { font: 'var(--small) var(--sans)', padding: '6px 10px' },
    '.cm-diagnostic-error': { borderLeft: '4px solid var(--bad)' },
    '.cm-diagnostic-warning': { borderLeft: '4px solid var(--warn)' },
    '.cm-diagnosticAction': {
      backgroundColor: 'var(--accent)',
      color: 'var(--on-accent)',
      borderRadius: '4px',
      padding: '2px 8px',
      margin: '4px 0 0',
    },
    '.cm-lintRange-error': {
      backgroundImage: 'none',
      textDecoration: 'underline wavy var(--bad)',
      textUnderlineOffset: '3px',
    },
    '.cm-lintRange-warning': {
      backgroundImage: 'none',
      textDecoration: 'underline wavy var(--warn)',
      textUnderlineOffset: '3px',
    },
    '.cm-lintPoint:after': { borderBottomColor: 'var(--bad)' },
    '.cm-panels': { display: 'none' },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.propertyName, color: 'var(--code-key)' },
      { tag: tags.string, color: 'var(--code-text)' },
      { tag: [tags.number, tags.atom, tags.bool], color: 'var(--code-atom)' },
      { tag: tags.comment, color: 'var(--quiet)', fontStyle: 'italic' },
      { tag: tags.special(tags.string), color: 'var(--code-special)', fontWeight: '600' },
      { tag: tags.punctuation, color: 'var(--quiet)' },
    ]),
  ),
]
