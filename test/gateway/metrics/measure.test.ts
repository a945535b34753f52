// Which record is measured: one that was taken, or else the failure to take it; and the ages of key sets.
import { describe, expect, it } from 'vitest'
import type { AuditRecord } from '../../../src/gateway/audit/audit.ts'
import { measure } from '../../../src/gateway/metrics/measure.ts'
import type { Gauges } from '../../../src/gateway/metrics/metrics.ts'
import { createSource, type SourceState } from '../../../src/token/keys/source-state.ts'
import { describeAges } from '../../../src/token/keys/source-status.ts'

const LOGIN = { event: 'login', status: 200, outcome: 'admitted', durationMs: 3, clusterId: 'c-1', evidence: [] }
const STORE_FAILED = { event: 'store_failed', time: '2026-01-01T00:00:00Z' }

function listen(isTaking: boolean) {
  const counted: string[] = []
  let read: () => Gauges = () => []
  const port = {
    count: (name: string) => void counted.push(name),
    observe: () => undefined,
    watch(given: () => Gauges) {
      read = given
    },
  }
  const measured = measure(() => isTaking, { port, runtime: 'node' }, new Set(), Date.now)
  const gauge = (name: string) => read().find(([known]) => known === name)?.[2]
  return { ...measured, counted, gauge }
}

describe('a record', () => {
  it.each<[boolean, readonly string[]]>([
    [true, ['postern_logins_total']],
    [false, ['postern_audit_failures_total']],
  ])('that was taken (%s) is counted as %j', (isTaking, names) => {
    const { audit, counted } = listen(isTaking)
    expect(audit(LOGIN as unknown as AuditRecord)).toBe(isTaking)
    expect(counted).toEqual(names)
  })

  it('of an event moves its gauge, taken or not', () => {
    const { audit, gauge } = listen(false)
    expect(gauge('postern_store_up')).toBe(1)
    audit(STORE_FAILED as unknown as AuditRecord)
    expect(gauge('postern_store_up')).toBe(0)
  })
})

describe('the ages of key sets', () => {
  const holding = (loadedAtMillis: number, ageMaxMillis: number): SourceState => ({
    ...createSource(0),
    keys: { loadedAtMillis, ageMaxMillis } as NonNullable<SourceState['keys']>,
  })

  it.each<[string, readonly SourceState[], object]>([
    ['none', [], { count: 0, stale: 0, failing: 0, oldestMillis: undefined }],
    ['one that never loaded', [createSource(0)], { count: 0, stale: 0, failing: 0, oldestMillis: undefined }],
    ['one that is fresh to the last', [holding(1, 1000)], { count: 1, stale: 0, failing: 0, oldestMillis: 1 }],
    ['one that is of its age', [holding(0, 1000)], { count: 1, stale: 1, failing: 0, oldestMillis: 0 }],
    [
      'several',
      [holding(900, 1000), holding(5, 10), createSource(0)],
      { count: 2, stale: 1, failing: 0, oldestMillis: 5 },
    ],
    [
      'one that fails',
      [
        { ...holding(1, 1000), failures: 2 },
        { ...createSource(0), failures: 1 },
      ],
      { count: 1, stale: 0, failing: 2, oldestMillis: 1 },
    ],
  ])('of %s', (_name, states, ages) => expect(describeAges(states, 1000)).toEqual(ages))

  it('are those of the sources that are watched', () => {
    const { watch, gauge } = listen(true)
    watch(() => ({ count: 3, failing: 0, stale: 2, oldestMillis: undefined }))
    expect([gauge('postern_key_sets'), gauge('postern_key_sets_stale')]).toEqual([3, 2])
  })
})
