// The rules by which versions are ordered, one row of their table after the other, on both sides of each time.
import { describe, expect, it } from 'vitest'
import { ABSENT, chooseFallback, chooseMark, extendTrail, type Trail } from '../../src/config/live/version-order.ts'
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONTESTED_MARK_MILLIS,
  CONTESTED_RIVALS_MAX,
  READ_TRAIL_MAX,
} from '../../src/core/limits.ts'
import type { AppliedRecord, OpenedRecord, Rival } from '../../src/token/applied-record.ts'

const KEY = 'clusters/c-1/AgentAttestation'
const T = Date.UTC(2026, 0, 1)
const SETTLE = APPLIED_SETTLE_MILLIS
const SETTLED = APPLIED_SETTLE_MILLIS + CONTESTED_MARK_MILLIS

type Applied = Extract<AppliedRecord, { readonly kind: 'applied' }>

function applied(digest: string, readAtMillis = T, change: Partial<Applied> = {}): Applied {
  const times = { appliedAtMillis: readAtMillis, confirmedAtMillis: readAtMillis, readAtMillis }
  return { kind: 'applied', key: KEY, digest, text: digest, ...times, ...change }
}
const deleted = (atMillis = T): AppliedRecord => ({ kind: 'deleted', key: KEY, atMillis })
const contested = (...rivals: readonly (readonly [string, number])[]): AppliedRecord => ({
  kind: 'contested',
  key: KEY,
  rivals: rivals.map(([found, atMillis]): Rival => ({ found, atMillis })),
})
const opened = (record: AppliedRecord, current = true): OpenedRecord => ({ record, current })

/** What an isolate read, the earliest first: `[found, since, last]`. */
function trailOf(...read: readonly (readonly [string, number, number?])[]): Trail {
  return read.map(([found, sinceMillis, lastMillis = sinceMillis]) => ({ found, sinceMillis, lastMillis })).reverse()
}

describe('what an isolate read', () => {
  it('is one sighting for as long as it reads the same', () => {
    const trail = extendTrail(extendTrail([], 'a', 1), 'a', 5)
    expect(trail).toEqual([{ found: 'a', sinceMillis: 1, lastMillis: 5 }])
  })

  it('is kept in order, the latest first, and so much of it', () => {
    const found = Array.from({ length: READ_TRAIL_MAX + 1 }, (_, index) => `v${index}`)
    const trail = found.reduce<Trail>((before, one, at) => extendTrail(before, one, at), [])
    expect(trail.map((one) => one.found)).toEqual(found.slice(1).reverse())
  })
})

describe('the record after a read of a good document, or of none', () => {
  it.each<[string, OpenedRecord | undefined, Trail, string | undefined]>([
    ['none', undefined, trailOf(['d', T]), 'applied'],
    ['none, for an absent document', undefined, trailOf([ABSENT, T]), undefined],
    ['of it', opened(applied('d')), trailOf(['d', T]), undefined],
    ['of it, confirmed a day ago', opened(applied('d')), trailOf(['d', T, T + APPLIED_CONFIRM_MILLIS]), undefined],
    [
      'of it, confirmed over a day ago',
      opened(applied('d')),
      trailOf(['d', T, T + APPLIED_CONFIRM_MILLIS + 1]),
      'applied',
    ],
    ['of it, sealed by an older key', opened(applied('d'), false), trailOf(['d', T]), 'applied'],
    ['a tombstone, for an absent document', opened(deleted()), trailOf([ABSENT, T + 1]), undefined],
    ['a tombstone by an older key', opened(deleted(), false), trailOf([ABSENT, T + 1]), 'deleted'],
    ['of another version, settled', opened(applied('x')), trailOf(['d', T + SETTLE]), 'applied'],
    ['of another version, young', opened(applied('x')), trailOf(['d', T + SETTLE - 1]), 'contested'],
    ['of another version, of the near future', opened(applied('x', T + SETTLE - 1)), trailOf(['d', T]), 'contested'],
    ['of another version, by a clock far ahead', opened(applied('x', T + SETTLE)), trailOf(['d', T]), 'applied'],
    ['a tombstone, settled', opened(deleted()), trailOf(['d', T + SETTLE]), 'applied'],
    ['a tombstone, young', opened(deleted()), trailOf(['d', T + SETTLE - 1]), 'contested'],
    ['of a version, settled, for an absent document', opened(applied('x')), trailOf([ABSENT, T + SETTLE]), 'deleted'],
    ['of a version, young, for an absent document', opened(applied('x')), trailOf([ABSENT, T + 1]), 'contested'],
    ['of what it saw displaced', opened(applied('x')), trailOf(['x', T], ['d', T + 1]), 'applied'],
    ['of what it read before that, not since', opened(applied('x')), trailOf(['x', T - 1], ['d', T + 1]), 'contested'],
    [
      'of what it saw displaced by what it had read shortly before',
      opened(applied('x')),
      trailOf(['d', T - 1], ['x', T], ['d', T + 1]),
      'contested',
    ],
    [
      'of what it saw displaced by what it had read long before',
      opened(applied('x')),
      trailOf(['d', T - SETTLE], ['x', T], ['d', T + 1]),
      'applied',
    ],
    ['contested, without it, settled', opened(contested(['x', T], ['y', T])), trailOf(['d', T + SETTLED]), 'applied'],
    ['contested, without it', opened(contested(['x', T], ['y', T])), trailOf(['d', T + SETTLED - 1]), 'contested'],
    ['contested with it, settled', opened(contested(['x', T], ['d', T])), trailOf(['d', T + SETTLED]), 'applied'],
    [
      'contested with it, marked a while ago',
      opened(contested(['x', T], ['d', T])),
      trailOf(['d', T + CONTESTED_MARK_MILLIS]),
      'contested',
    ],
    [
      'contested with it, marked just now',
      opened(contested(['x', T], ['d', T])),
      trailOf(['d', T + CONTESTED_MARK_MILLIS - 1]),
      undefined,
    ],
    [
      'contested with it, by a clock far ahead',
      opened(contested(['x', T + SETTLED], ['d', T])),
      trailOf(['d', T]),
      'applied',
    ],
  ])('that was %s', (_record, record, trail, kind) => {
    expect(chooseMark(record, trail)?.kind).toBe(kind)
  })

  it('keeps since when a version has been applied', () => {
    const mark = chooseMark(opened(applied('d', T, { appliedAtMillis: T - 5 }), false), trailOf(['d', T, T + 9]))
    expect(mark).toEqual({ kind: 'applied', appliedAtMillis: T - 5, readAtMillis: T + 9 })
  })

  it('names each rival with its latest mark, and so many of them', () => {
    const rivals = Array.from({ length: CONTESTED_RIVALS_MAX }, (_, index): [string, number] => [
      `v${index}`,
      T + index,
    ])
    const mark = chooseMark(opened(contested(...rivals)), trailOf(['v3', T + 20_000]))
    expect(mark?.kind === 'contested' && mark.rivals).toHaveLength(CONTESTED_RIVALS_MAX)
    expect(mark?.kind === 'contested' && mark.rivals.at(-1)).toEqual({ found: 'v3', atMillis: T + 20_000 })
    const more = chooseMark(opened(contested(...rivals)), trailOf(['new', T + 20_000]))
    expect(more?.kind === 'contested' && more.rivals.map(({ found }) => found)).not.toContain('v0')
    expect(more?.kind === 'contested' && more.rivals).toHaveLength(CONTESTED_RIVALS_MAX)
  })
})

describe('what is in force while the stored document is bad', () => {
  it.each<[string, AppliedRecord | undefined, string | undefined, Trail, string]>([
    ['no record', undefined, 'v', trailOf(['v', T]), 'memory'],
    ['the record of what is in memory', applied('v', T + 1), 'v', trailOf(['v', T]), 'memory'],
    ['a record, and nothing in memory', applied('x'), undefined, [], 'record'],
    ['a record later than memory', applied('x', T + 1), 'v', trailOf(['v', T]), 'record'],
    ['a record of the same millisecond', applied('x', T), 'v', trailOf(['v', T]), 'contested'],
    ['a record before memory, not settled', applied('x'), 'v', trailOf(['v', T, T + SETTLE - 1]), 'contested'],
    ['a record before memory, settled', applied('x'), 'v', trailOf(['v', T, T + SETTLE]), 'memory'],
    ['a record of what memory displaced', applied('x'), 'v', trailOf(['x', T], ['v', T + 1]), 'memory'],
    ['a record before an absence, not settled', applied('x'), undefined, trailOf([ABSENT, T + 1]), 'contested'],
    ['a tombstone, and nothing in memory', deleted(), undefined, [], 'nothing'],
    ['a tombstone before memory, not settled', deleted(), 'v', trailOf(['v', T, T + SETTLE - 1]), 'nothing'],
    ['a tombstone before memory, settled', deleted(), 'v', trailOf(['v', T, T + SETTLE]), 'memory'],
    ['a tombstone that memory displaced', deleted(), 'v', trailOf([ABSENT, T], ['v', T + 1]), 'memory'],
    ['a tombstone after memory', deleted(T + 1), 'v', trailOf(['v', T]), 'nothing'],
    ['contested, and nothing in memory', contested(['x', T], ['v', T]), undefined, [], 'contested'],
    ['contested, not settled', contested(['x', T], ['v', T]), 'v', trailOf(['v', T, T + SETTLED - 1]), 'contested'],
    ['contested, settled', contested(['x', T], ['v', T]), 'v', trailOf(['v', T, T + SETTLED]), 'memory'],
    ['contested long after memory', contested(['x', T + SETTLED * 2]), 'v', trailOf(['v', T]), 'contested'],
  ])('%s', (_record, record, inMemory, trail, expected) => {
    const fallback = chooseFallback(record, inMemory, trail, T + SETTLED * 3)
    expect(fallback.kind === 'nothing' && fallback.contested ? 'contested' : fallback.kind).toBe(expected)
  })

  it.each([
    [APPLIED_TRUST_MAX_MILLIS, 'record'],
    [APPLIED_TRUST_MAX_MILLIS + 1, 'nothing'],
  ])('a record that was confirmed %i ms ago: %s', (millis, kind) => {
    expect(chooseFallback(applied('x'), undefined, [], T + millis).kind).toBe(kind)
  })

  it('is marked as contested by who finds that it is, with both versions', () => {
    expect(chooseFallback(applied('x'), 'v', trailOf(['v', T, T + 7]), T + 9)).toMatchObject({
      mark: {
        rivals: [
          { found: 'x', atMillis: T },
          { found: 'v', atMillis: T + 7 },
        ],
      },
    })
  })
})
