// Points in time. Internally they are numbers: milliseconds since the epoch as a clock has them, or seconds as tokens
// do (NumericDate, RFC 7519 section 2). As strings they are RFC 3339 in UTC.
import { NUMERIC_DATE_MAX_SECONDS } from './limits.ts'

const IN_UTC = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/
const RFC_3339 =
  /^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$/

/** Formats `2026-01-31T12:00:00.000Z`. Throws a `RangeError` if `millis` is not a valid time. */
export function formatInstantMillis(millis: number): string {
  return new Date(millis).toISOString()
}

/** Formats `2026-01-31T12:00:00Z`. Throws a `RangeError` if `seconds` is not a valid time. */
export function formatInstantSeconds(seconds: number): string {
  return formatInstantMillis(seconds * 1000).replace('.000Z', 'Z')
}

/**
 * Parses UTC to the second, as documents write it: `2026-01-31T12:00:00Z`. `undefined` for anything else, such as 30
 * February.
 */
export function parseInstantSeconds(text: string): number | undefined {
  const millis = IN_UTC.test(text) ? parseInstantMillis(`${text.slice(0, -1)}.000Z`) : undefined
  return millis === undefined ? undefined : millis / 1000
}

/** Parses the one spelling that {@link formatInstantMillis} writes; `undefined` for anything else. */
export function parseInstantMillis(text: string): number | undefined {
  const millis = Date.parse(text)
  // Some implementations roll 30 February over to March.
  return Number.isFinite(millis) && formatInstantMillis(millis) === text ? millis : undefined
}

/** Parses any RFC 3339 time, with an offset or a fraction, to whole seconds, rounded down. */
export function parseAnyInstantSeconds(text: string): number | undefined {
  const millis = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(millis) ? undefined : floorToSeconds(millis)
}

/** Converts a clock's milliseconds to the whole seconds of tokens, rounded down. */
export function floorToSeconds(millis: number): number {
  return Math.floor(millis / 1000)
}

/** Whether a value is an integer NumericDate up to the year 9999, as Postern issues and accepts them. */
export function isNumericDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= NUMERIC_DATE_MAX_SECONDS
}
