// The documents: a tab for each section that there is and one for policy tests, one editor, and the issues at their places.
import type { SectionScope } from '../../src/config/sections/section.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import { formatInstantSeconds } from '../../src/core/instant.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { DocumentReport } from '../engine/report.ts'
import type { Vocabulary } from '../engine/vocabulary.ts'
import { createEditor } from './editor/editor.ts'
import { element, find } from './element.ts'
import { nowSeconds, type PageState, type Store } from './page-state.ts'
import { makeTabs } from './tabs.ts'
import { formatIssues, type ShownDocument } from './views/issues-view.ts'

export interface DocumentsPane {
  readonly show: (documents: readonly DocumentReport[]) => void
  /** Shows the issues of the policy tests; `undefined` if there are none to be read. */
  readonly showTests: (tests: ShownDocument | undefined) => void
  /** Opens the policy tests in the editor. */
  readonly openTests: () => void
  readonly setVocabulary: (vocabulary: Vocabulary) => void
}

const TITLES: Readonly<Record<SectionScope, string>> = {
  cluster: 'of the cluster',
  'trust-domain': 'of the trust domain',
}

const nameOf = ({ scope, section }: { readonly scope: SectionScope; readonly section: SectionName }): string =>
  `${scope}/${section}`

/** The place of the policy tests, which are no section. */
const TESTS = 'tests'
const TESTS_TITLE = 'Policy tests'

/** A file that is begun: a case is what it lacks. */
function beginTests({ settings, documents, atSeconds }: PageState): string {
  const names = documents.map(({ scope, section }) => (scope === 'cluster' ? section : `${scope}/${section}`))
  return `trustDomain: ${settings.trustDomain}
cluster: ${settings.clusterId}
now: ${formatInstantSeconds(atSeconds ?? nowSeconds())}
documents: [${names.map((name) => `${name}.yaml`).join(', ')}]
cases:
  - name: `
}

export function createDocumentsPane(store: Store): DocumentsPane {
  const list = find('document-tabs', 'div')
  const adder = find('add-document', 'select')
  const issues = find('issues', 'section')
  const panel = find('document-panel', 'div')
  let active = ''
  let reports: readonly DocumentReport[] = []
  let places: Vocabulary['places'] = []
  let testsReport: ShownDocument | undefined
  const editor = createEditor(find('editor', 'div'), (text) => {
    if (active === TESTS) {
      store.change({ tests: text })
      return
    }
    const documents = store.read().documents.map((one) => (nameOf(one) === active ? { ...one, text } : one))
    store.change({ documents })
  })
  const tabs = makeTabs(list, (tab) => open(tab.dataset['place'] ?? ''))

  function open(name: string): void {
    const { documents, tests } = store.read()
    const shown = documents.find((one) => nameOf(one) === name)
    const isTests = name === TESTS && tests !== undefined
    active = isTests || shown !== undefined ? name : ''
    const title = isTests ? TESTS_TITLE : (shown?.section ?? 'No document')
    const text = isTests ? tests : (shown?.text ?? '')
    editor.show(text, isTests ? TESTS : shown?.section, active === '' ? title : `${title}, YAML`)
    panel.setAttribute('aria-label', title)
    showIssues()
  }

  function showIssues(): void {
    const report = active === TESTS ? testsReport : reports.find((one) => nameOf(one) === active)
    const found = report?.issues ?? []
    if (active !== '') editor.mark(found.filter(({ line }) => line !== undefined))
    const { offsetHeight } = issues
    issues.replaceChildren(
      ...formatIssues(report, active === '', {
        goTo: (line, column) => editor.goTo(line, column),
        fix: (fix) => editor.apply(fix),
      }),
    )
    if (issues.offsetHeight > offsetHeight) editor.keepInView()
  }

  function showTabs(): void {
    const { documents, tests } = store.read()
    const hadFocus = list.contains(document.activeElement)
    list.replaceChildren(...documents.map(makeTab), ...(tests === undefined ? [] : [makeTestsTab()]))
    tabs.refresh()
    if (hadFocus) list.querySelector<HTMLElement>('[aria-selected=true]')?.focus()
    const missing = places.filter((place) => !documents.some((one) => nameOf(one) === nameOf(place)))
    adder.replaceChildren(
      element('option', { value: '' }, 'Add a section'),
      ...missing.map((place) =>
        element('option', { value: nameOf(place) }, `${place.section}, ${TITLES[place.scope]}`),
      ),
      ...(tests === undefined ? [element('option', { value: TESTS }, TESTS_TITLE)] : []),
    )
  }

  function makeTab(placed: PlacedDocument): HTMLElement {
    const name = nameOf(placed)
    const report = reports.find((one) => nameOf(one) === name)
    const isTwice = store.read().documents.filter(({ section }) => section === placed.section).length > 1
    const label = isTwice ? `${placed.section} (${placed.scope})` : placed.section
    return makeTabOf(name, label, `${placed.section} ${TITLES[placed.scope]}`, report)
  }

  function makeTestsTab(): HTMLElement {
    const title = 'Policy tests: what these documents must admit, refuse and map'
    return makeTabOf(TESTS, TESTS_TITLE, title, testsReport)
  }

  function makeTabOf(place: string, label: string, title: string, report: ShownDocument | undefined): HTMLElement {
    return element(
      'button',
      {
        type: 'button',
        role: 'tab',
        data: { place },
        aria: { selected: String(place === active), controls: 'document-panel' },
        title,
      },
      label,
      ...makeBadges(report),
    )
  }

  function select(name: string): void {
    active = name
    showTabs()
    open(name)
  }

  adder.addEventListener('change', () => {
    if (adder.value === TESTS) {
      store.change({ tests: beginTests(store.read()) })
      select(TESTS)
      return
    }
    const place = places.find((one) => nameOf(one) === adder.value)
    if (place === undefined) return
    const text = `section: ${place.section}\nschema: v1\nspec:\n  `
    store.change({ documents: [...store.read().documents, { ...place, text }] })
    select(nameOf(place))
  })
  find('remove-document', 'button').addEventListener('click', () => {
    if (active === TESTS) store.change({ tests: undefined })
    const documents = store.read().documents.filter((one) => nameOf(one) !== active)
    store.change({ documents })
    select(documents[0] === undefined ? '' : nameOf(documents[0]))
  })
  store.onReplace(({ documents }) => {
    reports = []
    testsReport = undefined
    select(documents[0] === undefined ? '' : nameOf(documents[0]))
  })

  return {
    show(documents) {
      reports = documents
      showTabs()
      showIssues()
    },
    showTests(tests) {
      testsReport = tests
      showTabs()
      if (active === TESTS) showIssues()
    },
    openTests: () => select(TESTS),
    setVocabulary(vocabulary) {
      places = vocabulary.places
      editor.setVocabulary(vocabulary)
      showTabs()
    },
  }
}

/** What a tab says of its document: by number and word, not by colour alone. */
function makeBadges(report: ShownDocument | undefined): readonly HTMLElement[] {
  const counts = (['error', 'warning'] as const).map((severity) => ({
    severity,
    count: report?.issues.filter((issue) => issue.severity === severity).length ?? 0,
  }))
  return counts
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) =>
      element(
        'span',
        { class: 'badge', data: { severity } },
        String(count),
        element('span', { class: 'hidden' }, ` ${severity}${count === 1 ? '' : 's'}`),
      ),
    )
}
