import { describe, expect, it } from 'vitest'
import { readRetryAfter } from '../../src/net/retry-after.ts'

const DATE = 'Thu, 01 Jan 2026 00:00:00 GMT'

describe('readRetryAfter()', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['seconds', { 'retry-after': '120' }, 120],
    ['no seconds', { 'retry-after': '0' }, 0],
    ['a date after that of the answer', { 'retry-after': 'Thu, 01 Jan 2026 00:01:30 GMT', date: DATE }, 90],
    ['a date before it', { 'retry-after': 'Wed, 31 Dec 2025 23:59:00 GMT', date: DATE }, undefined],
    ['the very date of the answer', { 'retry-after': DATE, date: DATE }, 0],
    ['a date without one to hold it against', { 'retry-after': DATE }, undefined],
    ['nothing', {}, undefined],
    ['a sign', { 'retry-after': '-1' }, undefined],
    ['a fraction', { 'retry-after': '1.5', date: DATE }, undefined],
    ['a word', { 'retry-after': 'tomorrow', date: DATE }, undefined],
    ['more digits than a wait has', { 'retry-after': '12345678901', date: DATE }, undefined],
  ])('reads %s', (_what, headers, seconds) => {
    expect(readRetryAfter(new Headers(headers))).toBe(seconds)
  })
})
