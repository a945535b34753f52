// The invariants of the soak see each breach, its schedule comes from the seed, and a gateway with a fault of its own is found out.
import { describe, expect, it } from 'vitest'
import { type Answered, findBreaches, GOOD_MAX_MILLIS, STALE_MAX_MILLIS } from './invariants.ts'
import { drawReports } from './plot.ts'
import { FAULTS, makeSchedule, RECOVERY_SECONDS } from './schedule.ts'
import { soak } from './soak.ts'

const GOOD: Answered = {
  sent: 'good',
  status: 200,
  policy: 'v1',
  text: '{}',
  millis: 5,
  atMillis: 1_000_000,
  fault: undefined,
  isRecovering: false,
}
const RULES = { canaries: ['secret'], endOf: () => undefined }

describe('an answer', () => {
  it.each<[string, Partial<Answered>, number]>([
    ['that is good', {}, 0],
    ['to a stranger that admits', { sent: 'stranger' }, 2],
    ['to a forged token that admits while an issuer is down', { sent: 'forged', fault: 'issuer_down' }, 1],
    ['to an expired token that admits while it recovers', { sent: 'expired', isRecovering: true }, 1],
    ['to a stranger that refuses', { sent: 'stranger', status: 403 }, 0],
    ['to a malformed token that cannot decide', { sent: 'malformed', status: 503 }, 1],
    ['that is a fault', { status: 500 }, 2],
    ['that is a fault while something is broken', { status: 500, fault: 'killed', isRecovering: true }, 1],
    ['503 with nothing broken', { status: 503 }, 1],
    ['503 while the issuer is down', { status: 503, fault: 'issuer_down' }, 0],
    ['503 while a bad document is stored', { status: 503, fault: 'document_bad' }, 1],
    ['503 while it recovers', { status: 503, fault: 'document_bad', isRecovering: true }, 0],
    ['that is slow', { millis: GOOD_MAX_MILLIS + 1 }, 1],
    ['that holds a secret', { text: 'a secret' }, 1],
  ])('%s', (_name, change, count) => expect(findBreaches({ ...GOOD, ...change }, RULES)).toHaveLength(count))

  it('by a policy that was replaced is a breach after the stated bound', () => {
    const endOf = (): number => GOOD.atMillis - STALE_MAX_MILLIS
    expect(findBreaches(GOOD, { ...RULES, endOf })).toEqual([])
    expect(findBreaches({ ...GOOD, atMillis: GOOD.atMillis + 1 }, { ...RULES, endOf })).toHaveLength(1)
  })
})

describe('a schedule', () => {
  it('comes from its seed, has every fault, and leaves time to recover', () => {
    const steps = makeSchedule(7, 600)
    expect(makeSchedule(7, 600)).toEqual(steps)
    expect(makeSchedule(8, 600)).not.toEqual(steps)
    expect(new Set(steps.map(({ fault }) => fault))).toEqual(new Set(FAULTS))
    for (const [index, { until }] of steps.entries())
      expect((steps[index + 1]?.from ?? Number.POSITIVE_INFINITY) - until).toBeGreaterThanOrEqual(RECOVERY_SECONDS)
    expect(steps.at(-1)?.until).toBeLessThanOrEqual(600 - RECOVERY_SECONDS)
  })
})

describe('a soak', () => {
  it('finds a gateway that does not check its pins', async () => {
    const report = await soak({
      host: 'node',
      seconds: 60,
      seed: 1,
      program: 'test/soak/broken-gateway.ts',
      isImpatient: true,
    })
    expect(report.breaches[0]).toContain('admitted: stranger')
    expect(report.perSecond.length).toBeLessThan(20)
    expect(drawReports([report])).toContain('<polyline')
  })

  it('finds nothing with the gateway itself', async () => {
    const report = await soak({ host: 'node', seconds: 21, seed: 3 })
    expect(report.breaches).toEqual([])
    expect(report.steps).toHaveLength(1)
    expect(report.answers).toBeGreaterThan(50)
  })
})
