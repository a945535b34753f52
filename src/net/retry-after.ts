// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is read against the sender's own `Date`: two clocks
// that disagree must not make a wait of hours.
import { readDeltaSeconds } from './delta-seconds.ts'

/** Whole seconds, or `undefined` if there is none that can be read. Not bounded: who keeps to it bounds it. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  const seconds = readDeltaSeconds(text)
  if (seconds !== undefined) return seconds
  const millis = Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return millis >= 0 ? Math.ceil(millis / 1000) : undefined
}
