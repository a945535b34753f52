// Two versions of the documents: the one that was set aside, and the one in the editor.
import type { ComparedCase, Difference } from '../engine/compare.ts'
import { SAMPLES } from '../samples/samples.ts'
import type { AskEngine } from './ask-engine.ts'
import { element, find } from './element.ts'
import { type PageState, readSituation, type Store } from './page-state.ts'
import { formatSummary } from './views/forecast-view.ts'
import { codeOf } from './views/value-view.ts'

export interface ComparePane {
  /** Every document comes into force; one that does not displaces nothing. */
  readonly setCompiled: (isCompiled: boolean) => void
  /** Shows differences. */
  readonly show: () => Promise<void>
}

export function createComparePane(store: Store, ask: AskEngine): ComparePane {
  const panel = find('panel-compare', 'div')
  const results = element('div', { role: 'status' })
  const state = element('p', { class: 'quiet' })
  panel.append(
    element(
      'p',
      {},
      'Set the documents aside, edit them, and see who gains and who loses: with the evidence of this page, evidence that was kept, and every sample.',
    ),
    element(
      'div',
      { class: 'buttons' },
      element('button', { type: 'button', id: 'set-aside', onclick: setAside }, 'Set this version aside'),
      element('button', { type: 'button', id: 'swap', onclick: swap }, 'Swap the two'),
      element('button', { type: 'button', id: 'keep', onclick: keep }, 'Keep this evidence'),
    ),
    state,
    results,
  )
  let kept: readonly ComparedCase[] = []
  let compiles = false

  function setAside(): void {
    if (compiles) store.change({ baseline: store.read().documents })
    else state.textContent = NOT_COMPILED
  }
  function swap(): void {
    const now = store.read()
    if (now.baseline !== undefined) store.replace({ ...now, documents: now.baseline, baseline: now.documents })
  }
  function keep(): void {
    const now = readSituation(store.read())
    if (now.evidence.trim() === '') return
    kept = [...kept, { ...pick(now), name: `Kept evidence ${kept.length + 1}` }]
    void show()
  }

  async function show(): Promise<void> {
    const now = store.read()
    const { baseline } = now
    if (baseline !== undefined && !compiles) {
      state.textContent = NOT_COMPILED
      results.replaceChildren()
      return
    }
    if (baseline === undefined) {
      state.textContent = `No version is set aside. ${describeKept(kept.length)}`
      results.replaceChildren()
      return
    }
    if (panel.hidden) return
    const cases = listCases(now, kept)
    const differences = await ask('compare', { situation: readSituation(now), before: baseline, cases })
    if (differences === undefined) return
    state.textContent = `Compared with ${cases.length} pieces of evidence. ${describeKept(kept.length)}`
    results.replaceChildren(...formatDifferences(differences))
  }

  return {
    setCompiled(isCompiled) {
      compiles = isCompiled
    },
    show,
  }
}

const NOT_COMPILED =
  'A document does not compile, so it would displace nothing: fix its errors first. The gateway keeps the last good version in force.'

function describeKept(count: number): string {
  return count === 0 ? '' : `${count} kept.`
}

function pick({
  evidence,
  keys,
  workload,
  container,
  atSeconds,
}: Omit<ComparedCase, 'name'>): Omit<ComparedCase, 'name'> {
  return { evidence, keys, workload, container, atSeconds }
}

function listCases(now: PageState, kept: readonly ComparedCase[]): readonly ComparedCase[] {
  const situation = readSituation(now)
  const own = now.evidence.trim() === '' ? [] : [{ ...pick(situation), name: 'The evidence of this page' }]
  const samples = SAMPLES.filter(({ evidence }) => evidence !== now.evidence).map(
    ({ title, body, keys, atSeconds }) => {
      const { workload, container } = situation
      return { name: title, evidence: body, keys, atSeconds, workload, container }
    },
  )
  return [...own, ...kept, ...samples]
}

const WORDS: Readonly<Record<Difference['change'], string>> = {
  loses: 'loses',
  gains: 'gains',
  changes: 'changes',
  same: 'same',
}

function formatDifferences(differences: readonly Difference[]): readonly HTMLElement[] {
  const changed = differences.filter(({ change }) => change !== 'same')
  const same = differences.length - changed.length
  return [
    element(
      'ul',
      { class: 'differences' },
      ...changed.map(({ name, change, before, after, identity }) =>
        element(
          'li',
          { data: { change } },
          element(
            'p',
            {},
            element('span', { class: 'change', data: { change } }, WORDS[change]),
            element('strong', {}, name),
          ),
          element('div', { class: 'versions' }, element('span', { class: 'quiet' }, 'before'), formatSummary(before)),
          element('div', { class: 'versions' }, element('span', { class: 'quiet' }, 'now'), formatSummary(after)),
          identity !== undefined &&
            element('p', {}, 'identity: ', codeOf(identity.before), ' → ', codeOf(identity.after)),
        ),
      ),
    ),
    element(
      'p',
      { class: 'quiet' },
      changed.length === 0
        ? `Nothing changes: all ${same} are answered alike.`
        : `${same} others are answered alike by both versions.`,
    ),
  ]
}
