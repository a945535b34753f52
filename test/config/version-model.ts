// A model of the world that documents live in: places to which the store shows what was put some time later, isolates
// that start, answer and die there, a state store that loses writes. It knows the true order of what was put, and checks
// every answer of the real cache against it.

import type { AppliedRecords } from '../../src/config/live/applied-records.ts'
import type { ConfigCache } from '../../src/config/live/cache.ts'
import { createConfigCache } from '../../src/config/live/cache.ts'
import { ABSENCE_RECHECK_MILLIS, APPLIED_SETTLE_MILLIS, CONFIG_REVALIDATE_MILLIS } from '../../src/core/limits.ts'
import type { AppliedRecord, OpenedRecord } from '../../src/token/applied-record.ts'
import { COMPILE_CONTEXT } from './compile-context.ts'
import { KEY, START, type Values } from './rig.ts'

/** How long a place may show what was replaced: propagation and `cacheTtl`, as the settle time assumes. */
export const LAG_MAX_MILLIS = APPLIED_SETTLE_MILLIS
/** The sum of docs/operate.md, propagation + `cacheTtl` + 60 s: what a gateway answers by is at most this much behind. */
export const BOUND_MILLIS = LAG_MAX_MILLIS + CONFIG_REVALIDATE_MILLIS

export type Step =
  | { readonly do: 'put'; readonly text: string }
  | { readonly do: 'delete' }
  | { readonly do: 'pass'; readonly millis: number }
  /**
   * One request in an isolate, whose place shows the store as it was `lagMillis` ago, unless it has shown newer. `blinks`:
   * what it has shown before is absent for a moment, as a file that is being replaced; then the time may come for another.
   */
  | { readonly do: 'ask'; readonly isolate: number; readonly lagMillis: number; readonly blinks?: boolean }
  | { readonly do: 'restart'; readonly isolate: number }
  | { readonly do: 'state'; readonly works: boolean }

interface Put {
  readonly atMillis: number
  /** `undefined`: deleted. */
  readonly text: string | undefined
}

/** What one isolate holds on to: since which put it has read these bytes without seeing others. */
interface Holding {
  readonly text: string | undefined
  readonly put: number
}

interface Isolate {
  cache: ConfigCache<Values>
  /** The newest put that its place has shown. */
  shown: number
  holding: Holding | undefined
  /** It has the document in memory, good or bad. */
  knows: boolean
}

export interface World {
  /** Takes a step; throws a sentence if an answer breaks the property. */
  take(step: Step): Promise<void>
  /** Answers while a bad document was stored: by a good one all the same, or none because the order is unknown. */
  readonly answers: { contested: number; fellBack: number; rechecked: number }
}

/** Undoes one of the cures, to see that the model would notice. */
export type Sabotage = 'none' | 'contested not written' | 'contested not heeded' | 'tombstones not written'

export function createVersionWorld(isolateCount: number, sabotage: Sabotage = 'none'): World {
  const puts: Put[] = [{ atMillis: START - 10 * LAG_MAX_MILLIS, text: undefined }]
  const read = new Set<number>()
  let now = START
  let stateWorks = true
  let record: OpenedRecord | undefined
  /** Puts whose mark could not be written: told, and not covered. */
  const uncovered = new Set<number>()
  /** The newest put that anybody has answered by, over time. */
  const answered: { readonly put: number; readonly atMillis: number }[] = []
  const answers = { contested: 0, fellBack: 0, rechecked: 0 }
  let asking: { readonly isolate: Isolate; readonly lagMillis: number; blinks: boolean } | undefined
  let readNow: number | undefined

  const records: AppliedRecords = {
    async read() {
      if (!stateWorks) throw new Error('the state store is down')
      return sabotage === 'contested not heeded' && record?.record.kind === 'contested' ? undefined : record
    },
    async write(_key, written: AppliedRecord) {
      if (!stateWorks) throw new Error('the state store is down')
      if (asking !== undefined && readNow !== undefined) uncovered.delete(originOf(asking.isolate.holding, readNow))
      if (sabotage === 'contested not written' && written.kind === 'contested') return
      const isTombstone =
        written.kind === 'deleted' ||
        (written.kind === 'contested' && written.rivals.some(({ found }) => found === 'absent'))
      if (sabotage === 'tombstones not written' && isTombstone) return
      record = { record: written, current: true }
    },
  }

  async function readSource(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (asking === undefined) throw new Error('nobody is asking')
    const { isolate, lagMillis } = asking
    if (asking.blinks && isolate.knows) {
      asking.blinks = false
      return undefined
    }
    const shownAt = puts.findLastIndex((put) => put.atMillis <= now - lagMillis)
    isolate.shown = Math.max(isolate.shown, shownAt)
    read.add(isolate.shown)
    readNow = isolate.shown
    const { text } = puts[isolate.shown] ?? { text: undefined }
    return text === undefined ? undefined : new Uint8Array(new TextEncoder().encode(text))
  }

  function startCache(isolate: () => Isolate): ConfigCache<Values> {
    return createConfigCache<Values>({
      source: { read: readSource },
      records,
      tell({ event }) {
        if (event !== 'state_write_failed') return
        const { holding } = isolate()
        if (readNow !== undefined) uncovered.add(originOf(holding, readNow))
      },
      clock: () => now,
      // Nothing hangs here: a time-out never fires. Only the wait before an absence is believed ends.
      async sleep(millis) {
        if (millis !== ABSENCE_RECHECK_MILLIS) return new Promise(() => {})
        now += millis
        answers.rechecked++
      },
      compile(section, bytes) {
        const text = new TextDecoder().decode(bytes)
        if (text.startsWith('good')) return { ok: true, value: text, warnings: [] }
        return { ok: false, issues: [{ code: 'yaml_syntax', message: section, path: [], line: 1, column: 1 }] }
      },
      contextFor: () => COMPILE_CONTEXT,
      clusterSections: [],
    })
  }

  function start(): Isolate {
    const isolate: Isolate = { cache: startCache(() => isolate), shown: 0, holding: undefined, knows: false }
    return isolate
  }
  const isolates = Array.from({ length: isolateCount }, start)

  /**
   * The put that bytes just read count as. Bytes that were put back count as never replaced, for an isolate that has
   * held them all the time, and for everybody if nobody has read what was put in between.
   */
  function originOf(holding: Holding | undefined, put: number): number {
    const { text } = puts[put] ?? { text: undefined }
    if (holding !== undefined && holding.text === text) return holding.put
    let origin = put
    for (let before = put - 1; before >= 0; before--) {
      const between = puts[before]?.text
      if (between === text) origin = before
      // A bad document is no version: it replaces nothing.
      else if (read.has(before) && between?.startsWith('bad') !== true) break
    }
    return origin
  }

  async function ask(isolate: Isolate, lagMillis: number, blinks: boolean): Promise<void> {
    asking = { isolate, lagMillis, blinks }
    readNow = undefined
    const knew = isolate.knows
    const work: Promise<unknown>[] = []
    const answer = await isolate.cache.get(KEY, (promise) => void work.push(promise))
    await Promise.all(work)
    asking = undefined
    if (readNow !== undefined) {
      const text = puts[readNow]?.text
      // A bad document is no version: it is neither held nor answered by.
      if (text?.startsWith('bad') !== true) isolate.holding = { text, put: originOf(isolate.holding, readNow) }
    }
    const isGone = readNow !== undefined && puts[readNow]?.text === undefined
    isolate.knows = (answer.kind === 'in_force' || answer.kind === 'invalid') && !isGone
    // A store of records that cannot be read leaves an older copy, for a stated time: that is told, and no promise.
    if (answer.kind === 'unavailable' || answer.stale) return
    if (answer.kind === 'invalid') {
      if (answer.contested) answers.contested++
      return
    }
    const text = answer.kind === 'in_force' ? answer.value : undefined
    // Only what a read has found may be answered by: a moment is no absence.
    if (text === undefined && knew && readNow === undefined) throw new Error('a moment of absence was believed')
    if (answer.kind === 'in_force' && answer.issues.length > 0) answers.fellBack++
    check(isolate, text)
  }

  function check(isolate: Isolate, text: string | undefined): void {
    const held = isolate.holding?.text === text ? isolate.holding?.put : undefined
    // The newest put of these bytes is what the answer is by, at the best.
    const newest = held ?? puts.findLastIndex((put) => put.text === text)
    const later = answered.find(
      ({ put, atMillis }) =>
        put > newest &&
        now - atMillis > BOUND_MILLIS &&
        !uncovered.has(put) &&
        !uncovered.has(newest) &&
        isNewer(put, newest),
    )
    if (later !== undefined) {
      throw new Error(
        `answered by put ${newest} (${text}), ${now - later.atMillis} ms after put ${later.put} (${puts[later.put]?.text})`,
      )
    }
    // A deletion is an answer as well: what it deleted must not come back.
    if (held !== undefined) answered.push({ put: held, atMillis: now })
  }

  /** Bytes that were put again later are newer than what was between. */
  function isNewer(put: number, than: number): boolean {
    return puts.findLastIndex(({ text }) => text === puts[than]?.text) < put
  }

  return {
    answers,
    async take(step) {
      // No two things happen in the same millisecond.
      now++
      switch (step.do) {
        case 'put':
          puts.push({ atMillis: now, text: step.text })
          break
        case 'delete':
          puts.push({ atMillis: now, text: undefined })
          break
        case 'pass':
          now += step.millis
          break
        case 'state':
          stateWorks = step.works
          break
        case 'restart':
          isolates[step.isolate % isolateCount] = start()
          break
        case 'ask': {
          const isolate = isolates[step.isolate % isolateCount]
          if (isolate !== undefined) await ask(isolate, step.lagMillis, step.blinks ?? false)
          break
        }
      }
    },
  }
}
