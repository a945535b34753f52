// The settings of the gateway that a verdict depends on.
import type { SettingProblem } from '../engine/read-settings.ts'
import type { SituationSettings } from '../engine/situation.ts'
import { element, find } from './element.ts'
import type { Store } from './page-state.ts'

interface Field {
  readonly setting: keyof SituationSettings
  readonly label: string
  readonly hint: string
}

const FIELDS: readonly Field[] = [
  { setting: 'trustDomain', label: 'Trust domain', hint: 'TRUST_DOMAIN' },
  { setting: 'clusterId', label: 'Cluster id', hint: 'the {clusterId} of the login' },
  { setting: 'audience', label: 'Audience', hint: 'AUDIENCE; empty: spiffe:// and the trust domain' },
  { setting: 'issuerUrl', label: 'Issuer URL', hint: 'ISSUER_URL of the gateway' },
  { setting: 'clockSkewSeconds', label: 'Clock skew, seconds', hint: 'CLOCK_SKEW_SECONDS' },
  { setting: 'privateIssuers', label: 'Private issuers', hint: 'PRIVATE_ISSUERS, separated by commas' },
  { setting: 'allowLoopbackIssuers', label: 'Allow loopback issuers', hint: 'ALLOW_LOOPBACK_ISSUERS, for development' },
]

/** Fills the form; `showProblems` puts what is wrong beside its field. */
export function createSettingsForm(store: Store): {
  readonly showProblems: (problems: readonly SettingProblem[]) => void
} {
  const form = find('settings-form', 'form')
  const summary = find('settings-summary', 'span')
  const fold = find('settings', 'details')
  const inputs = FIELDS.map((field) => {
    const { setting, label, hint } = field
    const id = `setting-${setting}`
    const isFlag = setting === 'allowLoopbackIssuers'
    const input = element('input', { id, type: isFlag ? 'checkbox' : 'text', aria: { describedby: `${id}-hint` } })
    input.spellcheck = false
    input.autocomplete = 'off'
    const fault = element('span', { class: 'fault', role: 'status' })
    form.append(
      element(
        'div',
        { class: 'field' },
        element('label', { for: id }, label),
        input,
        element('span', { class: 'quiet', id: `${id}-hint` }, hint),
        fault,
      ),
    )
    input.addEventListener('input', () => {
      const settings = { ...store.read().settings, [setting]: readInput(field, input) }
      store.change({ settings })
      showSummary()
    })
    return { ...field, input, fault }
  })
  form.addEventListener('submit', (event) => event.preventDefault())

  function showSummary(): void {
    const { trustDomain, clusterId } = store.read().settings
    summary.textContent = `${trustDomain}, cluster ${clusterId}`
  }

  store.onReplace(({ settings }) => {
    for (const { setting, input } of inputs) {
      const value = settings[setting]
      if (typeof value === 'boolean') input.checked = value
      else input.value = String(value)
    }
    showSummary()
  })

  return {
    showProblems(problems) {
      for (const { setting, input, fault } of inputs) {
        const found = problems.find((one) => one.setting === setting)
        fault.textContent = found?.problem ?? ''
        input.setAttribute('aria-invalid', String(found !== undefined))
      }
      if (problems.length > 0) fold.open = true
    },
  }
}

function readInput({ setting }: Field, input: HTMLInputElement): string | number | boolean {
  if (setting === 'allowLoopbackIssuers') return input.checked
  if (setting === 'clockSkewSeconds') return input.value.trim() === '' ? Number.NaN : Number(input.value)
  return input.value
}
