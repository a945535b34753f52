// Go's duration syntax (time.ParseDuration), as managed configuration writes it: `24h`, `30m`, `1h30m`.

const UNIT_MILLIS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
const DURATION = /^(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h)){1,4}$/
const COMPONENT = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g

/** Parses a duration to whole seconds; `undefined` if it is malformed, negative, or not a whole number of seconds. */
export function parseDurationSeconds(text: string): number | undefined {
  const millis = parseDurationMillis(text)
  return millis !== undefined && millis % 1000 === 0 ? millis / 1000 : undefined
}

/** Parses a duration to whole milliseconds; `undefined` if it is malformed, negative, or not a whole number of them. */
export function parseDurationMillis(text: string): number | undefined {
  if (!DURATION.test(text)) return undefined
  let millis = 0
  for (const [, amount, unit] of text.matchAll(COMPONENT)) {
    millis += Number(amount) * (UNIT_MILLIS[unit ?? ''] ?? Number.NaN)
  }
  return Number.isSafeInteger(millis) ? millis : undefined
}

/** Formats whole seconds in the largest units, as {@link parseDurationSeconds} reads them: `168h`, `5m`, `1h30m`. */
export function formatDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const
  const text = parts.map(([amount, unit]) => (amount === 0 ? '' : `${amount}${unit}`)).join('')
  return text === '' ? '0s' : text
}

/** Counts the whole seconds since a time. Never negative, since a clock may have been set back. */
export function countSecondsSince(millis: number, nowMillis: number): number {
  return Math.max(0, Math.floor((nowMillis - millis) / 1000))
}

/** Converts a wait in milliseconds for `Retry-After`: whole seconds, rounded up, and at least one. */
export function roundUpToSeconds(millis: number): number {
  return Math.max(1, Math.ceil(millis / 1000))
}

/** Formats seconds for people: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function describeSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days} d` : `${days} d ${hours % 24} h`
}
