// Whatever happens to a store, in whatever order: an answer is by a text that compiled, or it is a refusal; a deleted
// one is gone within the bound, and stays gone.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  CONFIG_FRESH_MILLIS,
  CONFIG_REVALIDATE_MILLIS,
  CONFIG_STALE_MAX_MILLIS,
  STORE_BACKOFF_MAX_MILLIS,
} from '../../src/core/limits.ts'
import { createRig, KEY } from './rig.ts'

type Step =
  | { readonly do: 'put_good' | 'put_bad' | 'delete' | 'fail' | 'hang' | 'recover' | 'evict_all' }
  | { readonly do: 'pass'; readonly millis: number }
  | { readonly do: 'get'; readonly isolate: 0 | 1 }

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'put_good' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'put_bad' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'delete' }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ do: 'fail' }, { do: 'hang' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'recover' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'evict_all' }) },
  {
    weight: 4,
    arbitrary: fc
      .oneof(
        fc.nat(2 * CONFIG_REVALIDATE_MILLIS),
        fc.constantFrom(CONFIG_FRESH_MILLIS + 1, CONFIG_REVALIDATE_MILLIS + 1, CONFIG_STALE_MAX_MILLIS),
      )
      .map((millis): Step => ({ do: 'pass', millis })),
  },
  { weight: 8, arbitrary: fc.constantFrom<Step>({ do: 'get', isolate: 0 }, { do: 'get', isolate: 1 }) },
)

/** A deletion in the very millisecond in which another isolate has read the document. */
const SAME_MILLISECOND: Step[] = [
  { do: 'put_good' },
  { do: 'get', isolate: 0 },
  { do: 'delete' },
  { do: 'get', isolate: 1 },
  { do: 'put_bad' },
  { do: 'pass', millis: CONFIG_REVALIDATE_MILLIS + 1 },
  { do: 'get', isolate: 0 },
]

/** A version that came and went while an isolate, to which the document was absent before, was not asked. */
const SLEPT_THROUGH: Step[] = [
  { do: 'get', isolate: 1 },
  { do: 'put_good' },
  { do: 'get', isolate: 0 },
  { do: 'delete' },
  { do: 'pass', millis: CONFIG_FRESH_MILLIS + 1 },
  { do: 'get', isolate: 1 },
  { do: 'pass', millis: CONFIG_REVALIDATE_MILLIS + 1 },
  { do: 'put_bad' },
  { do: 'get', isolate: 0 },
]

it('never answers by a text that did not compile, or that was deleted longer ago than the bound', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const rig = createRig()
      let isolates = [rig.isolate(), rig.isolate()]
      let texts = 0
      let stored: string | undefined
      /** When the store became readable last, and whether it is. */
      let readable: number | undefined = rig.clock()
      let absentAtMillis: number | undefined = rig.clock()
      const good = new Set<string>()
      /** Good texts from before a deletion that an isolate has seen: gone for good, in every isolate that reads. */
      const buried = new Map<string, number>()

      for (const one of steps) {
        switch (one.do) {
          case 'put_good':
          case 'put_bad':
            stored = `${one.do === 'put_good' ? 'good' : 'bad'}: ${++texts}`
            absentAtMillis = undefined
            if (one.do === 'put_good') good.add(stored)
            rig.source.put(KEY.text, stored)
            break
          case 'delete':
            if (stored !== undefined) absentAtMillis = rig.clock()
            stored = undefined
            rig.source.values.delete(KEY.text)
            break
          case 'fail':
          case 'hang':
            readable = undefined
            rig.source.readTrouble = one.do === 'fail' ? 'error' : 'hang'
            break
          case 'recover':
            readable ??= rig.clock()
            rig.source.readTrouble = 'none'
            break
          case 'evict_all':
            isolates = [rig.isolate(), rig.isolate()]
            break
          case 'pass':
            rig.pass(one.millis)
            break
          case 'get': {
            const asked = rig.clock()
            const isolate = isolates[one.isolate]
            if (isolate === undefined) throw new Error('there are two')
            const readsBefore = rig.source.reads.length
            const read = await rig.get(isolate)
            // An absence from memory is of before: only one that was read just now tells of this deletion.
            const hasRead = rig.source.reads.length > readsBefore
            const readableFor = readable === undefined ? -1 : asked - readable
            if (
              hasRead &&
              read.kind === 'absent' &&
              !read.stale &&
              absentAtMillis !== undefined &&
              readable !== undefined
            ) {
              for (const text of good) if (!buried.has(text)) buried.set(text, asked)
            }
            if (read.kind === 'unavailable') expect(readableFor).toBeLessThan(STORE_BACKOFF_MAX_MILLIS)
            if (read.kind !== 'in_force') break

            expect(good).toContain(read.value)
            expect(read.digest === read.desiredDigest).toBe(read.issues.length === 0)
            const settled = readableFor >= STORE_BACKOFF_MAX_MILLIS
            const bound = settled ? CONFIG_REVALIDATE_MILLIS : CONFIG_STALE_MAX_MILLIS
            if (absentAtMillis !== undefined) expect(asked - absentAtMillis).toBeLessThanOrEqual(bound)
            const buriedAt = buried.get(read.value)
            if (buriedAt !== undefined) expect(asked - buriedAt).toBeLessThanOrEqual(bound)
            if (settled) expect(read.stale).toBe(false)
            break
          }
        }
      }
    }),
    { numRuns: 300, examples: [[SAME_MILLISECOND], [SLEPT_THROUGH]] },
  )
}, 120_000)
