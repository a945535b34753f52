// The time of the login: now, a time that is typed or dragged, or one of the instants that the evidence names.
import { formatInstantSeconds, isNumericDate, parseAnyInstantSeconds } from '../../src/core/instant.ts'
import type { Report } from '../engine/report.ts'
import { formatDistance } from '../engine/summarize-login.ts'
import { element, find } from './element.ts'
import { nowSeconds, type Store } from './page-state.ts'

const HOUR_SECONDS = 3600
const STEPS = 1000

/** Shows the time; `show` takes the instants that the evidence names. */
export function createClockPane(store: Store): { readonly show: (report: Report) => void } {
  const at = find('at', 'input')
  const distance = find('at-distance', 'output')
  const slider = find('slider', 'input')
  const marks = find('marks', 'datalist')
  const presets = find('presets', 'div')
  const fault = find('at-fault', 'p')
  let instants: readonly number[] = []
  let range = { start: 0, end: 1 }

  const read = (): number => store.read().atSeconds ?? nowSeconds()

  function set(atSeconds: number | undefined): void {
    fault.textContent = ''
    store.change({ atSeconds })
    showTime()
  }

  function showTime(isTyping = false): void {
    const seconds = read()
    if (!isTyping) at.value = formatInstantSeconds(seconds)
    distance.textContent = store.read().atSeconds === undefined ? 'now' : formatDistance(nowSeconds(), seconds)
    const place = ((seconds - range.start) / (range.end - range.start)) * STEPS
    slider.value = String(Math.round(Math.min(Math.max(place, 0), STEPS)))
    slider.setAttribute('aria-valuetext', `${formatInstantSeconds(seconds)}, ${distance.textContent}`)
  }

  at.addEventListener('input', () => {
    const text = at.value.trim()
    const seconds = /^[0-9]{1,12}$/.test(text) ? Number(text) : parseAnyInstantSeconds(text)
    const isTime = isNumericDate(seconds)
    fault.textContent = isTime
      ? ''
      : 'Not a time: expected RFC 3339 such as 2026-12-31T12:00:00Z, or seconds since 1970'
    at.setAttribute('aria-invalid', String(!isTime))
    if (!isTime) return
    store.change({ atSeconds: seconds })
    showTime(true)
  })
  slider.addEventListener('input', () => {
    const seconds = range.start + (Number(slider.value) / STEPS) * (range.end - range.start)
    set(Math.round(seconds))
  })

  /** From an hour before the evidence to a good while after it, so that both ends are in reach. */
  function layOut(): void {
    const known = instants.length > 0 ? instants : [nowSeconds()]
    const first = Math.min(...known)
    const last = Math.max(...known)
    const margin = Math.max(HOUR_SECONDS, Math.round((last - first) / 4))
    range = { start: first - margin, end: last + margin }
    marks.replaceChildren(
      ...instants.map((instant) =>
        element('option', { value: String(Math.round(((instant - range.start) / (range.end - range.start)) * STEPS)) }),
      ),
    )
    const issued = instants[0]
    const expires = instants.length > 1 ? instants.at(-1) : undefined
    presets.replaceChildren(
      preset('Now', () => set(undefined)),
      ...(issued === undefined ? [] : [preset('When issued', () => set(issued))]),
      ...(expires === undefined
        ? []
        : [
            preset('Last second', () => set(expires - 1)),
            preset('After expiry', () => set(expires + store.read().settings.clockSkewSeconds)),
          ]),
      preset('A day later', () => set(read() + 24 * HOUR_SECONDS)),
    )
  }

  store.onReplace(() => {
    fault.textContent = ''
    showTime()
  })
  layOut()
  showTime()

  return {
    show(report) {
      const isSame =
        report.instants.length === instants.length && report.instants.every((one, index) => one === instants[index])
      instants = report.instants
      if (!isSame) layOut()
      if (document.activeElement !== at) showTime()
    },
  }
}

function preset(label: string, onclick: () => void): HTMLElement {
  return element('button', { type: 'button', onclick }, label)
}
