// The result: the verdict in a line, why, the identity, and what becomes of both with time and with another version.
import type { Forecast } from '../engine/forecast.ts'
import type { Report, Signature } from '../engine/report.ts'
import { summarizeLogin } from '../engine/summarize-login.ts'
import { find } from './element.ts'
import { readSituation, type Store } from './page-state.ts'
import { makeTabs } from './tabs.ts'
import { formatForecast } from './views/forecast-view.ts'
import { formatLogin } from './views/login-view.ts'
import { formatMapping } from './views/mapping-view.ts'

export interface ResultPane {
  readonly show: (report: Report) => void
  readonly showForecast: (forecast: Forecast) => void
  /** The engine failed: whatever was shown is no verdict. */
  readonly showFault: () => void
}

const SIGNATURES: Readonly<Record<Signature, string>> = {
  verified: 'Signature verified with the keys at hand',
  unchecked: 'Signature not checked: paste the issuer’s key set under Evidence, Keys',
  failed: 'A key, signature or proof does not hold',
  absent: '',
}

/** Shows results. @param onTab - a person opened another tab */
export function createResultPane(store: Store, onTab: () => void): ResultPane {
  const verdict = find('verdict', 'div')
  const title = find('verdict-title', 'p')
  const detail = find('verdict-detail', 'p')
  const signature = find('signature', 'p')
  const why = find('panel-why', 'div')
  const identity = find('panel-identity', 'div')
  const time = find('panel-time', 'div')
  makeTabs(find('result-tabs', 'div'), onTab)

  return {
    show({ login, mapping, settings }) {
      const summary =
        settings.length > 0
          ? ({ tone: 'bad', title: 'A setting is wrong', detail: settings[0]?.problem ?? '' } as const)
          : summarizeLogin(login)
      verdict.dataset['tone'] = summary.tone
      setText(title, summary.title)
      setText(detail, summary.detail ?? '')
      const stands = login.kind === 'explained' ? login.signature : 'absent'
      signature.dataset['signature'] = stands
      setText(signature, stands === 'unchecked' ? describeUnchecked(store) : SIGNATURES[stands])
      keepOpen(why, formatLogin(login))
      keepOpen(identity, formatMapping(mapping))
    },
    showFault() {
      verdict.dataset['tone'] = 'none'
      setText(title, 'No verdict: the engine failed')
      setText(detail, '')
      setText(signature, '')
      for (const panel of [why, identity, time]) panel.replaceChildren()
    },
    showForecast(forecast) {
      const { atSeconds } = readSituation(store.read())
      time.replaceChildren(...formatForecast(forecast, atSeconds, (chosen) => store.change({ atSeconds: chosen })))
    },
  }
}

function describeUnchecked(store: Store): string {
  return store.read().keys.trim() === ''
    ? SIGNATURES.unchecked
    : 'Signature not checked: what is pasted has no signature, or its proof can be checked by the gateway alone'
}

/** Text that stays the same is not read out again. */
function setText(target: HTMLElement, text: string): void {
  if (target.textContent !== text) target.textContent = text
}

/** What a person has opened or closed stays so while results change under it. */
function keepOpen(panel: HTMLElement, next: readonly HTMLElement[]): void {
  const open = new Map<string, boolean>()
  for (const fold of panel.querySelectorAll('details')) open.set(fold.dataset['key'] ?? '', fold.open)
  const isSameSet = next.every((one) => !(one instanceof HTMLDetailsElement) || open.has(one.dataset['key'] ?? ''))
  for (const one of next)
    if (one instanceof HTMLDetailsElement && isSameSet) one.open = open.get(one.dataset['key'] ?? '') ?? one.open
  const { scrollTop } = panel
  panel.replaceChildren(...next)
  panel.scrollTop = scrollTop
}
