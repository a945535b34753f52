// The results of policy tests, as `postern test` prints them: of one that failed what was expected, what came, and why.
import type { TestsReport } from '../../engine/run-tests.ts'
import { element } from '../element.ts'
import { codeOf, markOf } from './value-view.ts'

export interface ShownTests {
  readonly summary: string
  readonly tone: 'good' | 'bad' | 'none'
  readonly list: readonly HTMLElement[]
}

type Result = Extract<TestsReport, { readonly kind: 'run' }>['results'][number]

/** Formats them. @param report - `undefined` if there are no tests */
export function formatTests(report: TestsReport | undefined): ShownTests {
  if (report === undefined) return { summary: 'There are no tests yet.', tone: 'none', list: [] }
  if (report.kind === 'invalid')
    return {
      summary: 'Not run: the tests have issues, which are listed below their editor.',
      tone: 'bad',
      list: [],
    }
  if (report.kind === 'broken')
    return { summary: `Not run: ${report.sections.join(' and ')} does not compile.`, tone: 'bad', list: [] }
  const { results, named } = report
  const failed = results.filter(({ passed }) => !passed)
  return {
    summary: `${results.length - failed.length} passed, ${failed.length} failed`,
    tone: failed.length === 0 ? 'good' : 'bad',
    list: [
      element(
        'p',
        { class: 'quiet' },
        'The file names ',
        ...named.flatMap((name, index) => [index === 0 ? '' : ', ', element('code', {}, name)]),
        '. A page cannot read files: its own documents are tested in their place. Settings, keys and times are those of the file.',
      ),
      element('ul', { class: 'tests' }, ...results.map(formatResult)),
    ],
  }
}

function formatResult({ name, passed, expected, actual, notes, signature }: Result): HTMLElement {
  return element(
    'li',
    { data: { state: passed ? 'passed' : 'failed' } },
    element(
      'p',
      {},
      markOf(passed ? 'passed' : 'failed'),
      element('strong', {}, name),
      signature === 'unchecked' && element('span', { class: 'quiet' }, ' signature not checked'),
    ),
    !passed && [
      element(
        'dl',
        { class: 'facts' },
        element('dt', {}, 'expected'),
        element('dd', {}, codeOf(expected)),
        element('dt', {}, 'actual'),
        element('dd', {}, codeOf(actual)),
      ),
      notes.length > 0 && element('ul', { class: 'notes' }, ...notes.map((note) => element('li', {}, note))),
    ],
  )
}
