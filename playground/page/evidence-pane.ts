// What is given besides the documents: the evidence of the login, keys and a workload, and what the evidence claims.

import type { Report } from '../engine/report.ts'
import type { Role } from '../engine/situation.ts'
import { element, find } from './element.ts'
import type { Store } from './page-state.ts'
import { makeTabs } from './tabs.ts'
import { codeOf } from './views/value-view.ts'

export interface EvidencePane {
  readonly show: (report: Report) => void
  /** What to look at in a sample. */
  readonly hint: (text: string) => void
}

export function createEvidencePane(store: Store): EvidencePane {
  const evidence = find('evidence', 'textarea')
  const keys = find('keys', 'textarea')
  const workload = find('workload', 'textarea')
  const container = find('container', 'input')
  const role = find('role', 'select')
  const hint = find('hint', 'p')
  const claimed = find('claimed', 'section')
  const keyFaults = find('key-faults', 'ul')
  makeTabs(find('evidence-tabs', 'div'))

  evidence.addEventListener('input', () => store.change({ evidence: evidence.value }))
  keys.addEventListener('input', () => store.change({ keys: keys.value }))
  workload.addEventListener('input', () => store.change({ workload: workload.value }))
  container.addEventListener('input', () => store.change({ container: container.value }))
  role.addEventListener('change', () =>
    store.change({ role: role.value === 'issuer' ? 'issuer' : ('agent' satisfies Role) }),
  )
  store.onReplace((state) => {
    evidence.value = state.evidence
    keys.value = state.keys
    workload.value = state.workload
    container.value = state.container
    role.value = state.role
  })

  return {
    show(report) {
      claimed.replaceChildren(...formatClaimed(report))
      keyFaults.replaceChildren(...report.keyFaults.map((fault) => element('li', { class: 'fault' }, fault)))
    },
    hint(text) {
      hint.textContent = text
      hint.hidden = text === ''
    },
  }
}

function formatClaimed({ claimed }: Report): readonly HTMLElement[] {
  return claimed.flatMap(({ type, claimed: members }) => [
    element('h3', {}, type, element('span', { class: 'quiet' }, ' claims, not yet verified')),
    element(
      'dl',
      { class: 'facts' },
      ...Object.entries(members).flatMap(([name, value]) => [
        element('dt', {}, name),
        element('dd', {}, codeOf(value)),
      ]),
    ),
  ])
}
