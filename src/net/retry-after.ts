// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date. A date is compared with the sender's own `Date`, since
// clocks that disagree must not cause a wait of hours.
import { readDeltaSeconds } from './delta-seconds.ts'

/** Reads whole seconds; `undefined` if the header is absent or malformed. Not bounded: the caller must bound it. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  const seconds = readDeltaSeconds(text)
  if (seconds !== undefined) return seconds
  const millis = Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return millis >= 0 ? Math.ceil(millis / 1000) : undefined
}
