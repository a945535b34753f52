// How values are shown: what evidence and documents hold, shortened, and as text only.
import { printable } from '../../../src/core/printable.ts'
import { element } from '../element.ts'

const SHOWN_MAX_LENGTH = 400

export type Shown = string | number | boolean | null | undefined | readonly Shown[] | { readonly [name: string]: Shown }

export function formatValue(value: Shown): string {
  if (value === undefined) return 'absent'
  if (typeof value === 'string') return printable(value, SHOWN_MAX_LENGTH)
  if (Array.isArray(value)) {
    const items: readonly Shown[] = value
    return items.every((item) => typeof item === 'string')
      ? items.map(formatValue).join(', ')
      : printable(JSON.stringify(items), SHOWN_MAX_LENGTH)
  }
  return printable(JSON.stringify(value), SHOWN_MAX_LENGTH)
}

/** A value in the type of code; an absent one is said to be absent, not left empty. */
export function codeOf(value: Shown): HTMLElement {
  return value === undefined
    ? element('span', { class: 'quiet' }, 'absent')
    : element('code', {}, value === '' ? '""' : formatValue(value))
}

export type State = 'passed' | 'failed' | 'unknown' | 'skipped'

const WORDS: Readonly<Record<State, string>> = {
  passed: 'passed',
  failed: 'failed',
  unknown: 'not checked',
  skipped: 'not evaluated',
}

/** A mark with its word: by shape and text, not by colour alone. */
export function markOf(state: State): HTMLElement {
  return element(
    'span',
    { class: 'state', data: { state } },
    element('span', { class: 'mark', aria: { hidden: 'true' } }),
    element('span', { class: 'hidden' }, WORDS[state]),
  )
}
