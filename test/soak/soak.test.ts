// The invariants of the soak see each breach, its schedule comes from the seed, every fault has an act, and a gateway with a fault of its
// own is found out.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createCanaries } from './canaries.ts'
import { writeFaultTable } from './fault-table.ts'
import { FAULTS, type FaultName, findFault, type Lane, listFaults, WELL_MILLIS } from './faults.ts'
import { type Answered, findBreaches, STALE_MAX_MILLIS } from './invariants.ts'
import { drawReports } from './plot.ts'
import { computeWaitedMillis } from './processor-wait.ts'
import { findUnrecorded } from './recorded.ts'
import { countQuietSeconds, makeSchedule } from './schedule.ts'
import { soak } from './soak.ts'
import { writeSummary } from './write-summary.ts'

const GOOD: Answered = {
  sent: 'good',
  status: 200,
  policy: 'v1',
  text: '{}',
  millis: 5,
  atMillis: 1_000_000,
  around: [],
  waitedMillis: 0,
  isAcrossStep: false,
  isStarved: false,
}
const RULES = { canaries: ['secret'], endOf: () => undefined }
const NAMES = Object.keys(FAULTS) as FaultName[]

describe('an answer', () => {
  const unavailable = { status: 503, code: 'signing_key_unavailable' }
  it.each<[string, Partial<Answered>, number]>([
    ['that is good', {}, 0],
    ['to a stranger that admits', { sent: 'stranger' }, 2],
    ['to a forged token that admits while an issuer is down', { sent: 'forged', around: ['issuer_down'] }, 1],
    [
      'to evidence that was used that admits while the store of it is down',
      { sent: 'replayed', around: ['replay_down'] },
      1,
    ],
    ['to a stranger that refuses', { sent: 'stranger', status: 403 }, 0],
    ['to a malformed token that cannot decide', { sent: 'malformed', status: 503 }, 1],
    ['that is a fault', { status: 500 }, 2],
    ['that is a fault while something is broken', { status: 500, around: ['killed'] }, 2],
    ['503 with nothing broken', unavailable, 1],
    ['503 while the issuer is down', { ...unavailable, around: ['issuer_down'] }, 0],
    [
      '503 for another reason than that the issuer is down',
      { status: 503, code: 'store_unavailable', around: ['issuer_down'] },
      1,
    ],
    ['503 to a login that the issuer does not concern', { ...unavailable, sent: 'other', around: ['issuer_down'] }, 1],
    ['503 while one of two faults allows it', { ...unavailable, around: ['document_bad', 'issuer_down'] }, 0],
    ['503 while a bad document is stored', { ...unavailable, around: ['document_bad'] }, 1],
    ['that is slow', { millis: WELL_MILLIS + 1 }, 1],
    ['that is as slow as its fault allows', { millis: WELL_MILLIS + 1, around: ['issuer_slow'] }, 0],
    [
      'that is slow where its fault does not concern it',
      { sent: 'other', millis: WELL_MILLIS + 1, around: ['issuer_slow'] },
      1,
    ],
    ['401 with nothing broken', { status: 401, code: 'token_expired' }, 1],
    [
      '401 to evidence that a step of the clock overtook',
      { status: 401, code: 'token_expired', isAcrossStep: true },
      0,
    ],
    ['that does not come where there is no process', { status: 0, millis: 30_001, around: ['killed'] }, 0],
    ['that does not come where there is one', { status: 0, millis: 30_001, around: ['clock_back'] }, 2],
    ['that holds a secret', { text: 'a secret' }, 1],
  ])('%s', (_name, change, count) => expect(findBreaches({ ...GOOD, ...change }, RULES)).toHaveLength(count))

  it('by a policy that was replaced is a breach after the stated bound', () => {
    const endOf = (): number => GOOD.atMillis - STALE_MAX_MILLIS
    expect(findBreaches(GOOD, { ...RULES, endOf })).toEqual([])
    expect(findBreaches({ ...GOOD, atMillis: GOOD.atMillis + 1 }, { ...RULES, endOf })).toHaveLength(1)
  })

  it.each<[string, Partial<Answered>, boolean]>([
    ['late by as long as it waited for a processor', { millis: WELL_MILLIS + 500, waitedMillis: 500 }, true],
    ['later than that', { millis: WELL_MILLIS + 501, waitedMillis: 500 }, false],
    ['refused after a deadline, and waited', { status: 503, millis: 2_000, waitedMillis: 1_500 }, true],
    ['refused at once', { status: 503, millis: 20, waitedMillis: 1_500 }, false],
    ['admitted, and a stranger', { sent: 'stranger', around: ['killed'], millis: 2_000, waitedMillis: 1_500 }, false],
    ['a fault, and waited', { status: 500, around: ['killed'], millis: 2_000, waitedMillis: 1_500 }, false],
  ])('is laid at the machine’s door only for its time: %s', (_name, change, isLoad) =>
    expect(findBreaches({ ...GOOD, ...change }, RULES)[0]?.isLoad).toBe(isLoad),
  )
})

it('counts the longest wait of one thread', () => {
  const before = new Map([['1/1', 10]])
  expect(
    computeWaitedMillis(
      before,
      new Map([
        ['1/1', 25],
        ['1/2', 7],
        ['2/2', 9],
      ]),
    ),
  ).toBe(15)
})

it('finds secrets whole and by their beginning', () => {
  const canaries = createCanaries()
  canaries.add('A'.repeat(43))
  expect(canaries.countIn(`x "${'A'.repeat(43)}" ${'A'.repeat(24)} ${'A'.repeat(23)} ${'B'.repeat(43)}`)).toBe(2)
})

it('misses records of admitted logins, except where a process was killed', () => {
  const admitted = [
    { requestId: 'a', around: [] },
    { requestId: 'b', around: [] },
    { requestId: 'c', around: ['killed' as const] },
  ]
  expect(findUnrecorded(admitted, '{"requestId":"a"}\n', 'files')).toEqual([admitted[1]])
})

describe('a schedule', () => {
  it('comes from its seed, has every fault, and leaves time to recover', () => {
    const faults = listFaults('files', new Set(['root', 'faketime']))
    const steps = makeSchedule(7, 900, faults)
    expect(makeSchedule(7, 900, faults)).toEqual(steps)
    expect(makeSchedule(8, 900, faults)).not.toEqual(steps)
    expect(new Set(steps.map(({ fault }) => fault))).toEqual(new Set(faults))
    for (const [index, { fault, until }] of steps.entries())
      expect((steps[index + 1]?.from ?? 900) - until).toBeGreaterThanOrEqual(countQuietSeconds(fault))
  })

  it('leaves out what a machine cannot do', () => {
    expect(listFaults('files', new Set())).not.toContain('state_full')
    expect(listFaults('kv', new Set())).toContain('clock_back')
  })
})

it('has every fault on some host, and on its page', () => {
  const page = readFileSync('docs/faults.md', 'utf8')
  for (const name of NAMES) expect(findFault(name).on.length).toBeGreaterThan(0)
  expect(page).toContain(writeFaultTable())
})

describe('a soak', () => {
  it('finds a gateway that does not check its pins', async () => {
    const report = await soak({
      host: 'node',
      profile: 'files',
      seconds: 60,
      seed: 1,
      program: 'test/soak/broken-gateway.ts',
      isImpatient: true,
    })
    expect(report.breaches[0]).toContain('admitted: stranger')
    expect(report.perSecond.good.length).toBeLessThan(60)
    expect(drawReports([report])).toContain('<polyline')
  })

  it('finds nothing with the gateway itself', async () => {
    const lanes: readonly Lane[] = ['good', 'other', 'once']
    const only = ['document_replaced', 'document_torn'] as const
    const report = await soak({ host: 'node', profile: 'files', seconds: 16, seed: 3, only })
    expect(report.breaches).toEqual([])
    expect(report.happened.length).toBeGreaterThan(0)
    for (const lane of lanes) expect(report.perSecond[lane].some(({ admitted }) => admitted > 0)).toBe(true)
    expect(writeSummary([report])).toContain('| node | files |')
  })
})
