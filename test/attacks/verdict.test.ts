// The verdict on a run of hostile traffic: a single violation is enough to fail it, and is named.
import { describe, expect, it } from 'vitest'
import { KINDS } from './kinds.ts'
import type { Outcome } from './trial.ts'
import { CPU_RATIO_MAX, findViolations, RSS_MAX_MEBIBYTES } from './verdict.ts'

const kind = KINDS.find(({ name }) => name === 'made-up-clusters')
if (kind === undefined) throw new Error('the kind of the baseline is missing')

const GOOD: Outcome = {
  host: 'node',
  kind,
  perSecond: 200,
  seconds: 60,
  answers: new Map([['404', 12_000]]),
  loginCpuMillis: 1,
  cpuMillis: CPU_RATIO_MAX,
  watched: { rssMaxMebibytes: RSS_MAX_MEBIBYTES.node, hasEnded: false, missed: 0, asked: 120 },
  faults: 0,
  firstFault: '',
  tail: '',
}
const watched = (change: Partial<Outcome['watched']>): Partial<Outcome> => ({ watched: { ...GOOD.watched, ...change } })
const answered = (end: string): Partial<Outcome> => ({ answers: new Map([...GOOD.answers, [end, 1]]) })

describe('the verdict on hostile traffic', () => {
  it.each<[string, Partial<Outcome>]>([
    ['the baseline, at the bounds', {}],
    ['requests that this process did not send', answered('not sent')],
    ['a cut where the kind allows it', { ...answered('cut'), kind: { ...kind, mayCut: true } }],
    ['connections open too long where the platform holds them', { ...answered('open too long'), host: 'workerd' }],
    [
      'CPU of draining that wrangler does',
      { host: 'workerd', cpuMillis: CPU_RATIO_MAX + 1, kind: { ...kind, isDrainedByWrangler: true } },
    ],
  ])('passes %s', (_what, change) => {
    expect(findViolations({ ...GOOD, ...change })).toEqual([])
  })

  it.each<[string, Partial<Outcome>]>([
    ['a process that ended', watched({ hasEnded: true })],
    ['a missed answer to /healthz', watched({ missed: 1 })],
    ['memory over the bound', watched({ rssMaxMebibytes: RSS_MAX_MEBIBYTES.node + 1 })],
    ['CPU over the bound', { cpuMillis: CPU_RATIO_MAX + 0.01 }],
    [
      'CPU over the bound on a host that reads the body itself',
      { cpuMillis: CPU_RATIO_MAX + 1, kind: { ...kind, isDrainedByWrangler: true } },
    ],
    ['CPU that cannot be read', { cpuMillis: Number.NaN }],
    ['a fault record', { faults: 1 }],
    ['another status', answered('500')],
    ['a connection that was cut', answered('cut')],
    ['an answer that did not come', answered('timeout')],
    ['a connection open too long', answered('open too long')],
  ])('reports %s', (_what, change) => {
    expect(findViolations({ ...GOOD, ...change })).toHaveLength(1)
  })
})
