// Whatever is put, deleted and read, in whatever order and place: once a gateway has answered by a version, none answers
// by an older one later than the bound. `VERSION_SCHEDULES=100000 npx vitest run version-order` draws more of them.
import process from 'node:process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { APPLIED_TRUST_MAX_MILLIS, CONFIG_FRESH_MILLIS, CONFIG_REVALIDATE_MILLIS } from '../../../src/core/limits.ts'
import { BOUND_MILLIS, createVersionWorld, LAG_MAX_MILLIS, type Sabotage, type Step } from '../version-model.ts'

const SCHEDULES = Number(process.env['VERSION_SCHEDULES'] ?? 1500)
const ISOLATES = 3

const millis = fc.oneof(
  fc.nat(2 * LAG_MAX_MILLIS),
  fc.constantFrom(
    1,
    1000,
    CONFIG_FRESH_MILLIS + 1,
    CONFIG_REVALIDATE_MILLIS + 1,
    LAG_MAX_MILLIS,
    BOUND_MILLIS,
    3_600_000,
    APPLIED_TRUST_MAX_MILLIS / 6,
  ),
)
const isolate = fc.nat(ISOLATES - 1)
const lagMillis = fc.oneof(fc.constant(0), fc.constant(0), fc.nat(LAG_MAX_MILLIS - 1))

const blinks = fc.integer({ min: 0, max: 7 }).map((roll) => roll === 0)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('good: 1', 'good: 2', 'good: 3').map((text): Step => ({ do: 'put', text })) },
  { weight: 3, arbitrary: fc.constantFrom('bad: 1', 'bad: 2').map((text): Step => ({ do: 'put', text })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'delete' }) },
  { weight: 5, arbitrary: millis.map((passed): Step => ({ do: 'pass', millis: passed })) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('ask' as const), isolate, lagMillis, blinks }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restart' as const), isolate }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'state', works: false }, { do: 'state', works: true }) },
)

async function play(steps: readonly Step[], sabotage: Sabotage = 'none') {
  const world = createVersionWorld(ISOLATES, sabotage)
  for (const one of steps) await world.take(one)
  return world.answers
}

const ask = (at: number, lag = 0): Step => ({ do: 'ask', isolate: at, lagMillis: lag })
const put = (text: string): Step => ({ do: 'put', text })
const pass = (passed: number): Step => ({ do: 'pass', millis: passed })

/** An open version, replaced by a pinned one that another isolate reads first, and then a typing error. */
const SUPERSEDED = [put('good: 1'), ask(0), put('good: 2'), ask(1), put('bad: 1'), pass(BOUND_MILLIS + 1)]
/** A deletion that a gateway saw, while to another one the store still shows what was deleted. */
const REVIVED = [put('good: 1'), ask(0), { do: 'delete' } as const, ask(1), put('bad: 1'), pass(BOUND_MILLIS + 1)]

describe('the order of versions', () => {
  it('holds in every schedule', async () => {
    const seen = { contested: 0, fellBack: 0, rechecked: 0 }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), async (steps) => {
        const answers = await play(steps)
        seen.contested += answers.contested
        seen.fellBack += answers.fellBack
        seen.rechecked += answers.rechecked
      }),
      { numRuns: SCHEDULES, examples: [[[...SUPERSEDED, ask(2)]], [[...SUPERSEDED, ask(0)]], [[...REVIVED, ask(2)]]] },
    )
    // To refuse everybody would hold as well: but a bad document mostly leaves a good one in force.
    expect(seen.contested).toBeGreaterThan(SCHEDULES / 100)
    expect(seen.fellBack).toBeGreaterThan(seen.contested)
    expect(seen.rechecked).toBeGreaterThan(SCHEDULES / 10)
  }, 3_600_000)

  it.each<[Sabotage, readonly Step[]]>([
    ['contested not written', [...SUPERSEDED, ask(2)]],
    ['contested not heeded', [...SUPERSEDED, ask(0)]],
    ['tombstones not written', [...REVIVED, ask(2)]],
  ])('is seen to break with %s', async (sabotage, steps) => {
    await expect(play(steps, sabotage)).rejects.toThrow('answered by put')
    await expect(play(steps)).resolves.toBeDefined()
  })

  it.each<Sabotage>(['contested not written', 'contested not heeded', 'tombstones not written'])(
    'is seen to break within the schedules with %s',
    async (sabotage) => {
      const schedules = fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 40 }), (steps) =>
        play(steps, sabotage).then(() => undefined),
      )
      await expect(fc.assert(schedules, { numRuns: 10_000 })).rejects.toThrow('Property failed')
    },
    600_000,
  )
})
