// A moment in time as documents write it: RFC 3339 in UTC to the second, `2026-01-31T12:00:00Z`.

const INSTANT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/

/** Seconds since the epoch, or `undefined` if `text` is no such moment; there is no 30th of February. */
export function parseInstantSeconds(text: string): number | undefined {
  if (!INSTANT.test(text)) return undefined
  const millis = Date.parse(text)
  if (Number.isNaN(millis)) return undefined
  // Some readers roll the 30th of February over to March.
  return new Date(millis).toISOString() === `${text.slice(0, -1)}.000Z` ? millis / 1000 : undefined
}
