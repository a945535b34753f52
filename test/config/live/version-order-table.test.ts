// The table at the head of src/config/live/version-order.ts, row by row, each bound on both of its sides.
import { describe, expect, it } from 'vitest'
import {
  ABSENT,
  chooseFallback,
  chooseMark,
  computeSettledMillis,
  extendTrail,
  type Fallback,
  type Found,
  type Mark,
  type Trail,
} from '../../../src/config/live/version-order.ts'
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONTESTED_MARK_MILLIS,
  CONTESTED_RIVALS_MAX,
  READ_TRAIL_MAX,
} from '../../../src/core/limits.ts'
import type { AppliedRecord, Rival } from '../../../src/token/applied-record.ts'

const NOW = 1_800_000_000_000
const SETTLED = APPLIED_SETTLE_MILLIS + CONTESTED_MARK_MILLIS
const KEY = 'clusters/c-1/AgentAttestation'

type Applied = Extract<AppliedRecord, { readonly kind: 'applied' }>
const applied = (digest: string, readAtMillis: number, times: Partial<Applied> = {}): Applied => ({
  kind: 'applied',
  key: KEY,
  digest,
  text: '',
  appliedAtMillis: readAtMillis,
  confirmedAtMillis: readAtMillis,
  readAtMillis,
  ...times,
})
const deleted = (atMillis: number): AppliedRecord => ({ kind: 'deleted', key: KEY, atMillis })
const contested = (...rivals: readonly Rival[]): AppliedRecord => ({ kind: 'contested', key: KEY, rivals })
const rival = (found: Found, atMillis: number): Rival => ({ found, atMillis })
/** Reads of this isolate, the latest first. */
const reads = (...sightings: readonly (readonly [found: Found, at: number, since?: number])[]): Trail =>
  sightings.map(([found, lastMillis, sinceMillis = lastMillis]) => ({ found, sinceMillis, lastMillis }))
const asApplied = (readAtMillis: number, appliedAtMillis = readAtMillis): Mark => ({
  kind: 'applied',
  appliedAtMillis,
  readAtMillis,
})
const asContested = (...rivals: readonly Rival[]): Mark => ({ kind: 'contested', rivals })

describe('a read of a version that compiles, or of absence', () => {
  it.each<readonly [what: string, record: AppliedRecord | undefined, trail: Trail, mark: Mark | undefined]>([
    ['no record: the version', undefined, reads(['d', NOW, NOW - 5]), asApplied(NOW, NOW - 5)],
    ['no record, absent: none', undefined, reads([ABSENT, NOW]), undefined],
    ['its own record', applied('d', NOW - 1), reads(['d', NOW]), undefined],
    ['its own tombstone', deleted(NOW - 1), reads([ABSENT, NOW]), undefined],
    ['a tombstone of long ago', deleted(NOW - 10 * APPLIED_CONFIRM_MILLIS), reads([ABSENT, NOW]), undefined],
    ['its own record, a day old', applied('d', NOW - APPLIED_CONFIRM_MILLIS), reads(['d', NOW]), undefined],
    [
      'its own record, over a day old: with the time when it was applied first',
      applied('d', NOW - 5, { confirmedAtMillis: NOW - APPLIED_CONFIRM_MILLIS - 1, appliedAtMillis: 7 }),
      reads(['d', NOW]),
      asApplied(NOW, 7),
    ],
    [
      'its own record, over a day ahead: the clock was set back',
      applied('d', NOW, { confirmedAtMillis: NOW + APPLIED_CONFIRM_MILLIS + 1, appliedAtMillis: 7 }),
      reads(['d', NOW]),
      asApplied(NOW, 7),
    ],
    ['another one, read SETTLE before', applied('x', NOW - APPLIED_SETTLE_MILLIS), reads(['d', NOW]), asApplied(NOW)],
    ['another one, SETTLE ahead', applied('x', NOW + APPLIED_SETTLE_MILLIS), reads(['d', NOW]), asApplied(NOW)],
    [
      'another one, read less than SETTLE before',
      applied('x', NOW - APPLIED_SETTLE_MILLIS + 1),
      reads(['d', NOW]),
      asContested(rival('x', NOW - APPLIED_SETTLE_MILLIS + 1), rival('d', NOW)),
    ],
    [
      'another one, less than SETTLE ahead: in the order of times',
      applied('x', NOW + 5),
      reads(['d', NOW]),
      asContested(rival('d', NOW), rival('x', NOW + 5)),
    ],
    [
      'another one that this isolate read before',
      applied('x', NOW - 5),
      reads(['d', NOW], ['x', NOW - 5]),
      asApplied(NOW),
    ],
    [
      'another one that this isolate read, but not since the time of the record',
      applied('x', NOW - 5),
      reads(['d', NOW], ['x', NOW - 6]),
      asContested(rival('x', NOW - 5), rival('d', NOW)),
    ],
    [
      'another one that this isolate read between two reads of this version',
      applied('x', NOW - 5),
      reads(['d', NOW], ['x', NOW - 5], ['d', NOW - 10]),
      asContested(rival('x', NOW - 5), rival('d', NOW)),
    ],
    [
      'another one between two reads of this version that are SETTLE apart',
      applied('x', NOW - 5),
      reads(['d', NOW], ['x', NOW - 5], ['d', NOW - APPLIED_SETTLE_MILLIS]),
      asApplied(NOW),
    ],
    ['a tombstone of SETTLE ago', deleted(NOW - APPLIED_SETTLE_MILLIS), reads(['d', NOW]), asApplied(NOW)],
    ['a later tombstone', deleted(NOW - 1), reads(['d', NOW]), asContested(rival(ABSENT, NOW - 1), rival('d', NOW))],
    [
      'a version, and now absence, SETTLE later',
      applied('x', NOW - APPLIED_SETTLE_MILLIS),
      reads([ABSENT, NOW]),
      { kind: 'deleted', atMillis: NOW },
    ],
    [
      'contested, each rival settled',
      contested(rival('x', NOW - SETTLED), rival('y', NOW - SETTLED - 1)),
      reads(['d', NOW]),
      asApplied(NOW),
    ],
    ['contested, a rival settled ahead', contested(rival('x', NOW + SETTLED)), reads(['d', NOW]), asApplied(NOW)],
    [
      'contested, only its own mark is late',
      contested(rival('x', NOW - SETTLED), rival('d', NOW - 1)),
      reads(['d', NOW]),
      asApplied(NOW),
    ],
    [
      'contested, one rival not settled: with it and from now',
      contested(rival('x', NOW - SETTLED + 1), rival('y', NOW - SETTLED)),
      reads(['d', NOW]),
      asContested(rival('y', NOW - SETTLED), rival('x', NOW - SETTLED + 1), rival('d', NOW)),
    ],
    [
      'contested, and marked a moment ago',
      contested(rival('x', NOW - 1), rival('d', NOW - CONTESTED_MARK_MILLIS + 1)),
      reads(['d', NOW]),
      undefined,
    ],
    [
      'contested, and marked longer ago: from now',
      contested(rival('x', NOW - 1), rival('d', NOW - CONTESTED_MARK_MILLIS)),
      reads(['d', NOW]),
      asContested(rival('x', NOW - 1), rival('d', NOW)),
    ],
    [
      'contested, and marked far ahead',
      contested(rival('x', NOW - 1), rival('d', NOW + CONTESTED_MARK_MILLIS)),
      reads(['d', NOW]),
      asContested(rival('x', NOW - 1), rival('d', NOW + CONTESTED_MARK_MILLIS)),
    ],
  ])('%s', (_what, record, trail, mark) => {
    const opened = record === undefined ? undefined : { record, current: true }
    expect(chooseMark(opened, trail)).toEqual(mark)
  })

  it('seals its record again that an old key sealed, and a tombstone', () => {
    const old = (record: AppliedRecord) => ({ record, current: false })
    expect(chooseMark(old(applied('d', NOW - 1, { appliedAtMillis: 7 })), reads(['d', NOW]))).toEqual(asApplied(NOW, 7))
    expect(chooseMark(old(deleted(NOW - 1)), reads([ABSENT, NOW]))).toEqual({ kind: 'deleted', atMillis: NOW })
  })

  it('keeps the latest rivals, if there are too many', () => {
    const rivals = Array.from({ length: CONTESTED_RIVALS_MAX }, (_, index) => rival(`x${index}`, NOW - 100 + index))
    const mark = chooseMark({ record: contested(...rivals), current: true }, reads(['d', NOW]))
    expect(mark).toEqual(asContested(...rivals.slice(1), rival('d', NOW)))
  })

  it('is a fault of the program without a read', () => {
    expect(() => chooseMark(undefined, [])).toThrow(RangeError)
  })
})

describe('while the stored document is bad', () => {
  const MEMORY: Fallback = { kind: 'memory' }
  const refused = (isContested: boolean, mark?: Mark): Fallback => ({
    kind: 'nothing',
    contested: isContested,
    ...(mark === undefined ? {} : { mark }),
  })
  const x = applied('x', NOW - 1000)
  const trusted = (confirmedAtMillis: number) => applied('x', NOW - 1000, { confirmedAtMillis })

  it.each<
    readonly [
      what: string,
      record: AppliedRecord | undefined,
      inMemory: string | undefined,
      trail: Trail,
      then: Fallback,
    ]
  >([
    ['no record: what is in memory', undefined, 'd', reads(['d', NOW]), MEMORY],
    [
      'contested, and this isolate read after each other rival was settled',
      contested(rival('x', NOW - SETTLED), rival('d', NOW)),
      'd',
      reads(['d', NOW]),
      MEMORY,
    ],
    [
      'contested, and this isolate read a moment too early',
      contested(rival('x', NOW - SETTLED + 1), rival('d', NOW)),
      'd',
      reads(['d', NOW]),
      refused(true),
    ],
    ['contested, and this isolate read nothing', contested(rival('x', NOW - SETTLED)), 'd', [], refused(true)],
    ['the version in memory', x, 'x', reads(['d', NOW - 2000]), MEMORY],
    ['a version, memory read SETTLE later', x, 'd', reads(['d', NOW - 1000 + APPLIED_SETTLE_MILLIS]), MEMORY],
    [
      'a version, memory read less than SETTLE later',
      x,
      'd',
      reads(['d', NOW - 1001 + APPLIED_SETTLE_MILLIS]),
      refused(true, asContested(rival('x', NOW - 1000), rival('d', NOW - 1001 + APPLIED_SETTLE_MILLIS))),
    ],
    ['a version that this isolate read before that in memory', x, 'd', reads(['d', NOW], ['x', NOW - 1000]), MEMORY],
    ['a version, nothing in memory', x, undefined, [], { kind: 'record', record: x }],
    ['a version, read later than what is in memory', x, 'd', reads(['d', NOW - 1001]), { kind: 'record', record: x }],
    [
      'a version, read in the same millisecond',
      x,
      'd',
      reads(['d', NOW - 1000]),
      refused(true, asContested(rival('x', NOW - 1000), rival('d', NOW - 1000))),
    ],
    [
      'a version that was confirmed just within TRUST',
      trusted(NOW - APPLIED_TRUST_MAX_MILLIS),
      undefined,
      [],
      { kind: 'record', record: trusted(NOW - APPLIED_TRUST_MAX_MILLIS) },
    ],
    [
      'a version that was confirmed too long ago',
      trusted(NOW - APPLIED_TRUST_MAX_MILLIS - 1),
      undefined,
      [],
      refused(false),
    ],
    ['a tombstone, nothing read', deleted(NOW - 1000), 'd', [], refused(false)],
    ['a tombstone, memory read less than SETTLE later', deleted(NOW - 1000), 'd', reads(['d', NOW]), refused(false)],
    ['a tombstone, memory read SETTLE later', deleted(NOW - APPLIED_SETTLE_MILLIS), 'd', reads(['d', NOW]), MEMORY],
    [
      'a tombstone, and this isolate saw the absence before it read what is in memory',
      deleted(NOW - 1000),
      'd',
      reads(['d', NOW], [ABSENT, NOW - 1000]),
      MEMORY,
    ],
  ])('%s', (_what, record, inMemory, trail, then) => {
    expect(chooseFallback(record, inMemory, trail, NOW)).toEqual(then)
  })
})

describe('the reads of an isolate', () => {
  it('are one sighting while they find the same, and a new one otherwise', () => {
    const once = extendTrail([], 'd', 10)
    expect(once).toEqual(reads(['d', 10]))
    const twice = extendTrail(once, 'd', 20)
    expect(twice).toEqual(reads(['d', 20, 10]))
    expect(extendTrail(twice, 'x', 30)).toEqual(reads(['x', 30], ['d', 20, 10]))
  })

  it('keep the latest only', () => {
    let trail: Trail = []
    for (let at = 0; at <= READ_TRAIL_MAX; at++) trail = extendTrail(trail, `v${at}`, at)
    expect(trail.map(({ found }) => found)).toEqual(
      Array.from({ length: READ_TRAIL_MAX }, (_, index) => `v${READ_TRAIL_MAX - index}`),
    )
  })

  it('are settled after the last other rival, and at once without one', () => {
    expect(computeSettledMillis([rival('x', 5), rival('y', 9), rival('d', 99)], 'd')).toBe(9 + SETTLED)
    expect(computeSettledMillis([rival('d', 99)], 'd')).toBe(Number.NEGATIVE_INFINITY)
  })
})
