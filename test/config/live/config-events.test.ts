// What is told of documents and of their store: once per change, whatever happens in whatever order.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ConfigRead } from '../../../src/config/live/config-read.ts'
import { createStoreEvents } from '../../../src/config/live/store-events.ts'
import {
  CONFIG_KEYS_MIN,
  CONFIG_REVALIDATE_MILLIS,
  STORE_EVENT_INTERVAL_MILLIS,
  STORE_EVENT_KEYS_MAX,
} from '../../../src/core/limits.ts'
import { createRig, KEY, keyOf, type Rig } from '../rig.ts'

const DUE = CONFIG_REVALIDATE_MILLIS + 1

/** What a read says, as its event would name it. */
function nameOf(read: ConfigRead<unknown>): string {
  switch (read.kind) {
    case 'in_force':
      return read.issues.length === 0 ? 'config_applied' : 'config_refused'
    case 'invalid':
      return read.contested ? 'config_contested' : 'config_refused'
    case 'absent':
      return 'config_deleted'
    case 'unavailable':
      throw new Error('the store works')
  }
}

function ofDocument(rig: Rig): readonly string[] {
  return rig.events.flatMap((one) => (one.event.startsWith('config_') ? [one.event] : []))
}

type Step = { readonly do: 'put'; readonly text: string } | { readonly do: 'delete' } | { readonly do: 'ask' }
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom('good: 1', 'good: 2', 'bad: 1', 'bad: 2').map((text): Step => ({ do: 'put', text })),
  fc.constant<Step>({ do: 'delete' }),
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'ask' }) },
)

describe('the events of a document', () => {
  it('are one for each change that a request sees, and say what is in force', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 20 }), async (steps) => {
        const rig = createRig()
        const cache = rig.isolate()
        let last: string | undefined
        let changes = 0
        for (const one of steps) {
          if (one.do === 'put') rig.source.put(KEY.text, one.text)
          else if (one.do === 'delete') await rig.source.delete(KEY.text)
          else {
            rig.pass(DUE)
            const before = ofDocument(rig).length
            const read = await rig.get(cache)
            const state = JSON.stringify([
              nameOf(read),
              'desiredDigest' in read ? read.desiredDigest : undefined,
              'digest' in read ? read.digest : undefined,
            ])
            if (last === undefined ? read.kind !== 'absent' : state !== last) changes++
            if (read.kind !== 'absent' || last !== undefined) last = state
            const told = ofDocument(rig)
            expect(told).toHaveLength(changes)
            if (told.length > before) expect(told.at(-1)).toBe(nameOf(read))
          }
        }
      }),
      { numRuns: 150 },
    )
  })

  it('are told of a contest', async () => {
    const rig = createRig()
    const warm = rig.isolate()
    rig.source.put(KEY.text, 'good: open')
    await rig.get(warm)
    rig.pass(1)
    rig.source.put(KEY.text, 'good: pinned')
    await rig.get(rig.isolate())
    rig.source.put(KEY.text, 'bad: typo')
    rig.pass(DUE)
    rig.events.length = 0
    await rig.get(warm)
    expect(rig.events).toMatchObject([{ event: 'config_contested', key: KEY.text, issues: [expect.any(String)] }])
  })

  it.each([
    ['at the limit', CONFIG_KEYS_MIN - 1, 0],
    ['over the limit', CONFIG_KEYS_MIN, 1],
  ])(
    'are told again of a document that was forgotten, %s',
    async (_what, others, again) => {
      const rig = createRig()
      const cache = rig.isolate({ stateless: true, maxBytes: 1 })
      rig.source.put(KEY.text, 'good: 1')
      await rig.get(cache)
      const work: Promise<unknown>[] = []
      for (let n = 0; n < others; n++) {
        rig.source.put(keyOf(`x-${n}`).text, 'good: 1')
        await cache.get(keyOf(`x-${n}`), (promise) => void work.push(promise))
      }
      rig.events.length = 0
      await rig.get(cache)
      expect(ofDocument(rig)).toHaveLength(again)
    },
    30_000,
  )

  it('are none for documents that never were', async () => {
    const rig = createRig()
    const cache = rig.isolate()
    for (let n = 0; n < 20; n++) await rig.exists(cache, `made-up-${n}`)
    expect(rig.events).toEqual([])
  })
})

describe('the events of the store', () => {
  const keys = ['a', 'b', 'c'] as const
  const read = fc.record({
    key: fc.constantFrom(...keys),
    fails: fc.boolean(),
    afterMillis: fc.oneof(fc.nat(2000), fc.nat(2 * STORE_EVENT_INTERVAL_MILLIS)),
  })

  it('alternate, and are at most two a minute', () => {
    fc.assert(
      fc.property(fc.array(read, { maxLength: 60 }), (reads) => {
        let now = 0
        const events = createStoreEvents(() => now)
        const told: { readonly event: string; readonly atMillis: number }[] = []
        for (const { key, fails, afterMillis } of reads) {
          now += afterMillis
          const event = fails ? events.noteFailure(key, 'down') : events.noteSuccess(key)
          if (event !== undefined) told.push({ event: event.event, atMillis: now })
        }
        told.forEach(({ event }, index) => {
          expect(event).toBe(index % 2 === 0 ? 'store_failed' : 'store_recovered')
        })
        const failed = told.filter(({ event }) => event === 'store_failed')
        failed.slice(1).forEach(({ atMillis }, index) => {
          expect(atMillis - (failed[index]?.atMillis ?? 0)).toBeGreaterThanOrEqual(STORE_EVENT_INTERVAL_MILLIS)
        })
      }),
    )
  })

  it.each([
    ['another document', 'b', 0, undefined],
    ['the document that failed', 'a', 0, 'store_recovered'],
    ['another document, shortly before the interval', 'b', STORE_EVENT_INTERVAL_MILLIS - 1, undefined],
    ['another document, once nothing failed for the interval', 'b', STORE_EVENT_INTERVAL_MILLIS, 'store_recovered'],
  ] as const)('say that it is back by a read of %s', (_what, key, afterMillis, told) => {
    let now = 0
    const events = createStoreEvents(() => now)
    expect(events.noteFailure('a', 'down')).toEqual({ event: 'store_failed', key: 'a', reason: 'down' })
    now += afterMillis
    expect(events.noteSuccess(key)?.event).toBe(told)
  })

  it('need no more memory than for so many documents', () => {
    const events = createStoreEvents(() => 0)
    for (let n = 0; n <= STORE_EVENT_KEYS_MAX; n++) events.noteFailure(`k${n}`, 'down')
    // The first one was forgotten: all others are read again, and it is back.
    for (let n = 1; n < STORE_EVENT_KEYS_MAX; n++) expect(events.noteSuccess(`k${n}`)).toBeUndefined()
    expect(events.noteSuccess(`k${STORE_EVENT_KEYS_MAX}`)?.event).toBe('store_recovered')
  })
})
