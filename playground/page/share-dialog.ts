// The dialog that makes a link: what is in it is chosen and said before it is made, and tokens are left out unless asked for.
import type { AskEngine } from './ask-engine.ts'
import { element, find } from './element.ts'
import type { Store } from './page-state.ts'

export function createShareDialog(store: Store, ask: AskEngine): void {
  const dialog = find('share-dialog', 'dialog')
  const link = element('textarea', { id: 'share-link', aria: { label: 'The link' } })
  link.readOnly = true
  const said = element('p', { id: 'share-said', role: 'status' })
  const whole = makeChoice(
    'share-whole',
    'Evidence as it was pasted, with its signature, in tests too. Anyone with the link can log in with it until it expires.',
  )
  const workload = makeChoice('share-workload', 'The workload: of a pod, what a mapping reads')
  const keys = makeChoice('share-keys', 'The keys: public ones alone')
  workload.input.checked = true
  keys.input.checked = true
  const copy = element('button', { type: 'button', id: 'share-copy' }, 'Copy')
  copy.addEventListener('click', async () => {
    link.select()
    said.textContent = await navigator.clipboard.writeText(link.value).then(
      () => 'Copied.',
      () => 'The browser did not allow copying: copy the selected text.',
    )
  })

  async function make(): Promise<void> {
    const state = store.read()
    const choices = { whole: whole.input.checked, workload: workload.input.checked, keys: keys.input.checked }
    const packed = await ask('pack', { state, choices })
    if (packed === undefined) return
    const address = new URL(location.href)
    address.hash = 'fragment' in packed ? packed.fragment : ''
    link.value = 'fragment' in packed ? address.href : ''
    copy.disabled = !('fragment' in packed)
    said.textContent = 'fault' in packed ? packed.fault : describe(link.value.length, packed.omitted)
  }

  dialog.append(
    element('h2', { id: 'share-title' }, 'Share by a link'),
    element(
      'p',
      {},
      'Everything is in the part of the address behind the #, which browsers keep to themselves: no server sees it. Anyone with the link can read what is in it.',
    ),
    whole.field,
    workload.field,
    keys.field,
    link,
    said,
    element(
      'div',
      { class: 'buttons' },
      copy,
      element('button', { type: 'button', onclick: () => dialog.close() }, 'Close'),
    ),
  )
  for (const { input } of [whole, workload, keys]) input.addEventListener('change', () => void make())
  find('share', 'button').addEventListener('click', () => {
    whole.input.checked = false
    dialog.showModal()
    void make()
  })
}

function makeChoice(id: string, label: string): { readonly field: HTMLElement; readonly input: HTMLInputElement } {
  const input = element('input', { id, type: 'checkbox' })
  return { field: element('div', { class: 'choice' }, input, element('label', { for: id }, label)), input }
}

function describe(length: number, omitted: readonly string[]): string {
  const left = omitted.length === 0 ? '' : ` Left out: ${omitted.join(', ')}.`
  return `${length} characters.${left}`
}
