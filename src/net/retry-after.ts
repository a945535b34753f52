// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date, which is read against the sender's own `Date`: two clocks
// that disagree must not make a wait of hours.

/** Whole seconds, or `undefined` if there is none that can be read. Not bounded: who keeps to it bounds it. */
export function readRetryAfter(headers: Headers): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^[0-9]{1,10}$/.test(text)) return Number(text)
  const millis = Date.parse(text) - Date.parse(headers.get('date') ?? '')
  return millis >= 0 ? Math.ceil(millis / 1000) : undefined
}
