// The documents: a tab for each section that there is, one editor, and the gateway's issues at their places.
import type { SectionScope } from '../../src/config/sections/section.ts'
import type { SectionName } from '../../src/config/sections/table.ts'
import type { PlacedDocument } from '../../src/explain/compile-documents.ts'
import type { DocumentReport } from '../engine/report.ts'
import type { Vocabulary } from '../engine/vocabulary.ts'
import { createEditor } from './editor/editor.ts'
import { element, find } from './element.ts'
import type { Store } from './page-state.ts'
import { makeTabs } from './tabs.ts'
import { formatIssues } from './views/issues-view.ts'

export interface DocumentsPane {
  readonly show: (documents: readonly DocumentReport[]) => void
  readonly setVocabulary: (vocabulary: Vocabulary) => void
}

const TITLES: Readonly<Record<SectionScope, string>> = {
  cluster: 'of the cluster',
  'trust-domain': 'of the trust domain',
}

const nameOf = ({ scope, section }: { readonly scope: SectionScope; readonly section: SectionName }): string =>
  `${scope}/${section}`

export function createDocumentsPane(store: Store): DocumentsPane {
  const list = find('document-tabs', 'div')
  const adder = find('add-document', 'select')
  const issues = find('issues', 'section')
  const panel = find('document-panel', 'div')
  let active = ''
  let reports: readonly DocumentReport[] = []
  let places: Vocabulary['places'] = []
  const editor = createEditor(find('editor', 'div'), (text) => {
    const documents = store.read().documents.map((one) => (nameOf(one) === active ? { ...one, text } : one))
    store.change({ documents })
  })
  const tabs = makeTabs(list, (tab) => open(tab.dataset['place'] ?? ''))

  function open(name: string): void {
    const shown = store.read().documents.find((one) => nameOf(one) === name)
    active = shown === undefined ? '' : name
    editor.show(shown?.text ?? '', shown?.section, shown === undefined ? 'No document' : `${shown.section}, YAML`)
    panel.setAttribute('aria-label', shown?.section ?? 'No document')
    showIssues()
  }

  function showIssues(): void {
    const report = reports.find((one) => nameOf(one) === active)
    const found = report?.issues ?? []
    if (active !== '') editor.mark(found.filter(({ line }) => line !== undefined))
    issues.replaceChildren(
      ...formatIssues(report, store.read().documents.length === 0, {
        goTo: (line, column) => editor.goTo(line, column),
        fix: (fix) => editor.apply(fix),
      }),
    )
  }

  function showTabs(): void {
    const { documents } = store.read()
    const hadFocus = list.contains(document.activeElement)
    list.replaceChildren(...documents.map(makeTab))
    tabs.refresh()
    if (hadFocus) list.querySelector<HTMLElement>('[aria-selected=true]')?.focus()
    const missing = places.filter((place) => !documents.some((one) => nameOf(one) === nameOf(place)))
    adder.replaceChildren(
      element('option', { value: '' }, 'Add a section'),
      ...missing.map((place) =>
        element('option', { value: nameOf(place) }, `${place.section}, ${TITLES[place.scope]}`),
      ),
    )
  }

  function makeTab(placed: PlacedDocument): HTMLElement {
    const name = nameOf(placed)
    const report = reports.find((one) => nameOf(one) === name)
    const isSelected = name === active
    const isTwice = store.read().documents.filter(({ section }) => section === placed.section).length > 1
    return element(
      'button',
      {
        type: 'button',
        role: 'tab',
        data: { place: name },
        aria: { selected: String(isSelected), controls: 'document-panel' },
        title: `${placed.section} ${TITLES[placed.scope]}`,
      },
      isTwice ? `${placed.section} (${placed.scope})` : placed.section,
      ...makeBadges(report),
    )
  }

  function select(name: string): void {
    active = name
    showTabs()
    open(name)
  }

  adder.addEventListener('change', () => {
    const place = places.find((one) => nameOf(one) === adder.value)
    if (place === undefined) return
    const text = `section: ${place.section}\nschema: v1\nspec:\n  `
    store.change({ documents: [...store.read().documents, { ...place, text }] })
    select(nameOf(place))
  })
  find('remove-document', 'button').addEventListener('click', () => {
    const documents = store.read().documents.filter((one) => nameOf(one) !== active)
    store.change({ documents })
    select(documents[0] === undefined ? '' : nameOf(documents[0]))
  })
  store.onReplace(({ documents }) => {
    reports = []
    select(documents[0] === undefined ? '' : nameOf(documents[0]))
  })

  return {
    show(documents) {
      reports = documents
      showTabs()
      showIssues()
    },
    setVocabulary(vocabulary) {
      places = vocabulary.places
      editor.setVocabulary(vocabulary)
      showTabs()
    },
  }
}

/** What a tab says of its document: by number and word, not by colour alone. */
function makeBadges(report: DocumentReport | undefined): readonly HTMLElement[] {
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
