// The issues of a document as a list: where, what, and the edit that fixes it.
import type { Fix } from '../../../src/core/issue.ts'
import type { DocumentReport, PageIssue } from '../../engine/report.ts'
import { describeFix } from '../editor/editor.ts'
import { element } from '../element.ts'

export interface IssueActions {
  readonly goTo: (line: number, column: number) => void
  readonly fix: (fix: Fix) => void
}

/** What is shown of a document: of policy tests there is no digest, since no gateway has them. */
export type ShownDocument = Omit<DocumentReport, 'scope' | 'section' | 'digest'> &
  Partial<Pick<DocumentReport, 'digest'>> & {
    /** In place of the words on validity. */
    readonly said?: string
  }

/** Formats them. @param isEmpty - there is no document at all */
export function formatIssues(
  report: ShownDocument | undefined,
  isEmpty: boolean,
  actions: IssueActions,
): readonly HTMLElement[] {
  if (report === undefined)
    return isEmpty ? [element('p', { class: 'quiet' }, 'No documents: add a section, or choose a sample.')] : []
  const { issues, digest, isValid } = report
  const state = isValid ? 'valid' : report.compiles ? 'comes into force, with errors' : 'does not compile'
  return [
    element(
      'p',
      { class: 'document-state', data: { state: isValid ? 'good' : 'bad' } },
      element('span', { class: 'mark', aria: { hidden: 'true' } }),
      element('strong', {}, report.said ?? (isValid && issues.length === 0 ? 'Valid' : state)),
      digest !== undefined && element('code', { class: 'digest', title: digest }, digest.slice(0, 19)),
    ),
    element('ul', {}, ...issues.map((issue) => formatIssue(issue, actions))),
  ]
}

function formatIssue(issue: PageIssue, { goTo, fix: apply }: IssueActions): HTMLElement {
  const { severity, code, message, line, column, fix } = issue
  return element(
    'li',
    { class: 'issue', data: { severity } },
    element('span', { class: 'severity' }, severity),
    line !== undefined &&
      column !== undefined &&
      element(
        'button',
        { type: 'button', class: 'place', onclick: () => goTo(line, column), title: 'Show it in the editor' },
        `${line}:${column}`,
      ),
    element('span', { class: 'message' }, message, ' ', element('code', {}, code)),
    fix !== undefined &&
      element('button', { type: 'button', class: 'fix', onclick: () => apply(fix) }, describeFix(fix)),
  )
}
