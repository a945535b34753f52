// Moments in time. Inside they are numbers: milliseconds since the epoch as a clock has them, or seconds as tokens do
// (NumericDate, RFC 7519 section 2). As strings they are RFC 3339 in UTC.
import { NUMERIC_DATE_MAX_SECONDS } from './limits.ts'

const IN_UTC = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/
const RFC_3339 =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$/

/** `2026-01-31T12:00:00.000Z`. Throws a `RangeError` for what is no moment. */
export function formatInstantMillis(millis: number): string {
  return new Date(millis).toISOString()
}

/** `2026-01-31T12:00:00Z`. Throws a `RangeError` for what is no moment. */
export function formatInstantSeconds(seconds: number): string {
  return formatInstantMillis(seconds * 1000).replace('.000Z', 'Z')
}

/** As documents write it: UTC to the second, `2026-01-31T12:00:00Z`. `undefined` for all else; there is no 30th of February. */
export function parseInstantSeconds(text: string): number | undefined {
  const millis = IN_UTC.test(text) ? parseInstantMillis(`${text.slice(0, -1)}.000Z`) : undefined
  return millis === undefined ? undefined : millis / 1000
}

/** The one spelling that {@link formatInstantMillis} writes. */
export function parseInstantMillis(text: string): number | undefined {
  const millis = Date.parse(text)
  // Some readers roll the 30th of February over to March.
  return Number.isFinite(millis) && formatInstantMillis(millis) === text ? millis : undefined
}

/** Any RFC 3339, with an offset and a fraction, as a person may write it: whole seconds, rounded down. */
export function parseAnyInstantSeconds(text: string): number | undefined {
  const millis = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(millis) ? undefined : floorToSeconds(millis)
}

/** The seconds of a clock's milliseconds, as tokens have them. */
export function floorToSeconds(millis: number): number {
  return Math.floor(millis / 1000)
}

/** A whole NumericDate up to the year 9999: what Postern issues and accepts. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= NUMERIC_DATE_MAX_SECONDS
}
