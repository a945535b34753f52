// What becomes of the login with time, as a list of turns, and why it would be refused tomorrow.
import { formatInstantSeconds } from '../../../src/core/instant.ts'
import type { Forecast } from '../../engine/forecast.ts'
import { formatDistance, type Summary } from '../../engine/summarize-login.ts'
import { element } from '../element.ts'

/** Formats it. @param atSeconds - the time of the login @param choose - sets the time to an instant */
export function formatForecast(
  { turns, tomorrow, endSeconds }: Forecast,
  atSeconds: number,
  choose: (atSeconds: number) => void,
): readonly HTMLElement[] {
  return [
    element('h3', {}, 'A day later'),
    formatSummary(tomorrow),
    element(
      'p',
      { class: 'quiet' },
      'With the same evidence, documents and keys. Issuers also change their keys with time, which is not foreseen here.',
    ),
    element('h3', {}, 'When the answer changes'),
    element(
      'ol',
      { class: 'turns' },
      ...turns.map(({ atSeconds: start, summary }, index) => {
        const end = turns[index + 1]?.atSeconds ?? endSeconds
        const isHere = start <= atSeconds && (atSeconds < end || index === turns.length - 1)
        return element(
          'li',
          { data: { tone: summary.tone }, ...(isHere ? { aria: { current: 'time' } } : {}) },
          element(
            'button',
            {
              type: 'button',
              class: 'instant',
              onclick: () => choose(start),
              title: 'Set the time of the login to this instant',
            },
            formatInstantSeconds(start),
          ),
          element('span', { class: 'quiet' }, index === 0 ? 'and before' : formatDistance(atSeconds, start)),
          formatSummary(summary),
          isHere && element('span', { class: 'here' }, 'the time of the login'),
        )
      }),
    ),
  ]
}

/** A verdict in a line, with its mark. */
export function formatSummary({ tone, title, detail }: Summary): HTMLElement {
  return element(
    'p',
    { class: 'summary', data: { tone } },
    element('span', { class: 'mark', aria: { hidden: 'true' } }),
    element('strong', {}, title),
    detail !== undefined && element('span', { class: 'quiet' }, detail),
  )
}
