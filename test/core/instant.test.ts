import { describe, expect, it } from 'vitest'
import {
  floorToSeconds,
  formatInstantMillis,
  formatInstantSeconds,
  isNumericDate,
  parseAnyInstantSeconds,
  parseInstantMillis,
  parseInstantSeconds,
} from '../../src/core/instant.ts'
import { NUMERIC_DATE_MAX_SECONDS } from '../../src/core/limits.ts'

const SECONDS = Date.UTC(2026, 0, 31, 12) / 1000

describe('an instant', () => {
  it('is written to the millisecond, and to the second', () => {
    expect(formatInstantMillis(SECONDS * 1000 + 7)).toBe('2026-01-31T12:00:00.007Z')
    expect(formatInstantSeconds(SECONDS)).toBe('2026-01-31T12:00:00Z')
  })

  it('is read as it is written', () => {
    expect(parseInstantMillis('2026-01-31T12:00:00.007Z')).toBe(SECONDS * 1000 + 7)
    expect(parseInstantSeconds('2026-01-31T12:00:00Z')).toBe(SECONDS)
  })

  it.each([
    '',
    '2026-01-31',
    '2026-01-31 12:00:00Z',
    '2026-01-31T12:00:00',
    '2026-01-31T12:00:00+00:00',
    '2026-02-30T12:00:00Z',
    '2026-02-30T12:00:00.000Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T12:00:00.0Z',
  ])('is not %j', (text) => {
    expect([parseInstantSeconds(text), parseInstantMillis(text)]).toEqual([undefined, undefined])
  })

  it.each([
    ['2026-01-31T12:00:00Z', SECONDS],
    ['2026-01-31t12:00:00.999z', SECONDS],
    ['2026-01-31T13:30:00+01:30', SECONDS],
    ['2026-01-31T12:00', undefined],
    ['2026-13-31T12:00:00Z', undefined],
    ['Sat, 31 Jan 2026 12:00:00 GMT', undefined],
  ])('of a person, %s, is %s', (text, seconds) => {
    expect(parseAnyInstantSeconds(text)).toBe(seconds)
  })

  it('has whole seconds', () => {
    expect([floorToSeconds(1999), floorToSeconds(-1)]).toEqual([1, -1])
  })

  it.each([
    [0, true],
    [NUMERIC_DATE_MAX_SECONDS, true],
    [NUMERIC_DATE_MAX_SECONDS + 1, false],
    [-1, false],
    [1.5, false],
    ['1', false],
    [undefined, false],
  ])('as a NumericDate: %s is %s', (value, expected) => {
    expect(isNumericDate(value)).toBe(expected)
  })
})
