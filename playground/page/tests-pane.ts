// The policy tests: they are written in a tab of the documents, and what became of them is shown here, after each change.
import type { TestsReport } from '../engine/run-tests.ts'
import type { AskEngine } from './ask-engine.ts'
import type { DocumentsPane } from './documents-pane.ts'
import { element, find } from './element.ts'
import { readSituation, type Store } from './page-state.ts'
import { formatTests } from './views/tests-view.ts'

export interface TestsPane {
  /** Runs the tests against the documents. */
  readonly run: () => Promise<void>
}

export function createTestsPane(store: Store, ask: AskEngine, documents: DocumentsPane): TestsPane {
  const panel = find('panel-tests', 'div')
  const badge = find('tests-badge', 'span')
  const said = element('p', { class: 'quiet', role: 'status' })
  const count = element('p', { class: 'test-count', role: 'status' })
  const results = element('div', {})
  panel.append(
    element(
      'p',
      {},
      'What these documents must admit, refuse and map. The file is the one that ',
      element('code', {}, 'postern test'),
      ' runs, and it runs here after each change.',
    ),
    element(
      'div',
      { class: 'buttons' },
      element('button', { type: 'button', id: 'add-test', onclick: () => void add() }, 'Add this evidence as a test'),
    ),
    said,
    count,
    results,
  )

  /** What the last case was added to: said until something else is written. */
  let added: string | undefined

  async function add(): Promise<void> {
    const made = await ask('makeTest', { situation: readSituation(store.read()), tests: store.read().tests ?? '' })
    if (made === undefined) return
    if ('fault' in made) said.textContent = `Nothing was added. ${made.fault}.`
    else {
      said.textContent = `Added: ${made.name}. It holds the claims, without the signature.`
      added = made.text
      store.change({ tests: made.text })
      documents.openTests()
    }
  }
  store.onReplace(() => {
    said.textContent = ''
  })

  function show(report: TestsReport | undefined): void {
    const failed = report?.kind === 'run' ? report.results.filter(({ passed }) => !passed).length : 0
    badge.hidden = failed === 0
    badge.replaceChildren(String(failed), element('span', { class: 'hidden' }, ' failed'))
    const { summary, tone, list } = formatTests(report)
    if (count.textContent !== summary) count.textContent = summary
    count.dataset['tone'] = tone
    const { scrollTop } = panel
    results.replaceChildren(...list)
    panel.scrollTop = scrollTop
    if (report === undefined) documents.showTests(undefined)
    else {
      const issues = report.kind === 'invalid' ? report.issues : []
      const words = report.kind === 'invalid' ? 'Not run: fix these issues' : summary
      documents.showTests({ issues, isValid: tone === 'good', compiles: report.kind !== 'invalid', said: words })
    }
  }

  return {
    async run() {
      const { tests, documents: tested } = store.read()
      if (added !== undefined && tests !== added) {
        added = undefined
        said.textContent = ''
      }
      if (tests === undefined) show(undefined)
      else {
        const report = await ask('test', { tests, documents: tested })
        if (report !== undefined && store.read().tests === tests) show(report)
      }
    },
  }
}
