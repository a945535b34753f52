// When the records under `applied/` are looked after: before a version's first decision in an isolate, once more after
// the settle time, when a confirmation is due, and at each read that finds a document absent. Never per request; a store
// that refuses (Workers KV takes one write per second per key) is asked again later.
import type { Clock, Sleep } from '../../core/clock.ts'
import {
  ABSENCE_CACHE_MAX,
  APPLIED_BACKOFF_MAX_MILLIS,
  APPLIED_BACKOFF_MIN_MILLIS,
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  CONFIG_CACHE_MAX,
  STORE_REASON_MAX_LENGTH,
  STORE_TIMEOUT_MILLIS,
} from '../../core/limits.ts'
import { createLru } from '../../core/lru.ts'
import { printable } from '../../core/printable.ts'
import { describeError } from '../../core/thrown.ts'
import type { AppliedRecord } from '../../token/applied-record.ts'
import type { DocumentKey } from '../document-key.ts'
import { callStore } from '../source.ts'
import { type AppliedRecords, createAppliedRecord } from './applied-records.ts'
import { isAhead } from './lease.ts'
import { ABSENT, chooseMark, computeSettledMillis, type Found, type Mark, type Trail } from './version-order.ts'

/** That a record could not be written, or read to know how it must change: versions in this state are not covered. */
export interface StateWriteFailed {
  readonly event: 'state_write_failed'
  /** `clusters/<id>/<Section>` or `trust-domain/<Section>` */
  readonly key: string
  /** Absent for a deletion. */
  readonly digest?: string
  readonly reason: string
}

interface Task {
  readonly found: Found
  readonly failures: number
  readonly dueMillis: number
}

/** What a look at the record has shown: since when the version is on record, if it is. */
export type Look = Promise<number | undefined>

export interface Upkeep {
  /** After a read that found a version that compiles. `undefined`: nothing is due. It never rejects. */
  afterVersion(key: DocumentKey, bytes: Uint8Array<ArrayBuffer>, trail: Trail): Look | undefined
  /** After a read that found the document absent. */
  afterAbsence(key: DocumentKey, trail: Trail): Look | undefined
  /** After a read of a bad document: the mark that it asks for, or the confirmation of what goes on in force. */
  afterBad(key: DocumentKey, mark: Mark | undefined, record: AppliedRecord | undefined): Look | undefined
}

export interface UpkeepPorts {
  readonly records: AppliedRecords
  readonly clock: Clock
  readonly sleep: Sleep
  readonly tell: (event: StateWriteFailed) => void
}

export function createUpkeep({ records, clock, sleep, tell }: UpkeepPorts): Upkeep {
  const tasks = createLru<Task>({ maxEntries: CONFIG_CACHE_MAX + ABSENCE_CACHE_MAX })

  function isDue(key: DocumentKey, found: Found): boolean {
    const task = tasks.get(key.text)
    return task?.found !== found || !isAhead(task.dueMillis, clock(), 2 * APPLIED_CONFIRM_MILLIS)
  }

  /** Looks once, within one store time-out; `look` answers when the next one is due, and what it has found. */
  async function attempt(
    key: DocumentKey,
    found: Found,
    look: () => Promise<{ readonly nextMillis: number; readonly sinceMillis?: number }>,
  ): Look {
    const before = tasks.get(key.text)
    const failures = before?.found === found ? before.failures : 0
    // So marked that no other request starts it as well.
    tasks.set(key.text, { found, failures, dueMillis: clock() + APPLIED_BACKOFF_MAX_MILLIS })
    try {
      const { nextMillis, sinceMillis } = await callStore(look, STORE_TIMEOUT_MILLIS, sleep)
      tasks.set(key.text, { found, failures: 0, dueMillis: nextMillis })
      return sinceMillis
    } catch (error) {
      const waitMillis = Math.min(APPLIED_BACKOFF_MIN_MILLIS * 2 ** failures, APPLIED_BACKOFF_MAX_MILLIS)
      tasks.set(key.text, { found, failures: failures + 1, dueMillis: clock() + waitMillis })
      if (failures === 0) reportFailure(key, found, error)
      return undefined
    }
  }

  function reportFailure(key: DocumentKey, found: Found, error: unknown): void {
    const reason = printable(describeError(error), STORE_REASON_MAX_LENGTH)
    tell({ event: 'state_write_failed', key: key.text, ...(found === ABSENT ? {} : { digest: found }), reason })
  }

  return {
    afterVersion(key, bytes, trail) {
      const digest = trail[0]?.found
      if (digest === undefined || !isDue(key, digest)) return undefined
      return attempt(key, digest, async function lookAtVersion() {
        const opened = await records.read(key)
        const mark = chooseMark(opened, trail)
        if (mark !== undefined) await records.write(key, createAppliedRecord(key, mark, { digest, bytes }))
        if (mark?.kind === 'applied')
          return { nextMillis: clock() + APPLIED_SETTLE_MILLIS, sinceMillis: mark.appliedAtMillis }
        if (mark?.kind === 'contested') return { nextMillis: computeSettledMillis(mark.rivals, digest) }
        if (opened?.record.kind === 'contested')
          return { nextMillis: computeSettledMillis(opened.record.rivals, digest) }
        if (opened?.record.kind !== 'applied') throw new TypeError('a record that needs no mark names its version')
        const { confirmedAtMillis, appliedAtMillis } = opened.record
        return { nextMillis: confirmedAtMillis + APPLIED_CONFIRM_MILLIS + 1, sinceMillis: appliedAtMillis }
      })
    },

    afterAbsence(key, trail) {
      if (!isDue(key, ABSENT)) return undefined
      return attempt(key, ABSENT, async function lookAtAbsence() {
        const mark = chooseMark(await records.read(key), trail)
        if (mark !== undefined) await records.write(key, createAppliedRecord(key, mark, undefined))
        // Never done: another isolate may have recorded a version since that this one has slept through.
        return { nextMillis: clock() }
      })
    },

    afterBad(key, mark, record) {
      const nowMillis = clock()
      const isOld = record?.kind === 'applied' && nowMillis - record.confirmedAtMillis > APPLIED_CONFIRM_MILLIS
      const confirmed = isOld ? { ...record, confirmedAtMillis: nowMillis } : undefined
      const next = mark === undefined ? confirmed : createAppliedRecord(key, mark, undefined)
      const found = `bad: ${next?.kind}`
      if (next === undefined || !isDue(key, found)) return undefined
      return attempt(key, found, async function replaceRecord() {
        await records.write(key, next)
        return { nextMillis: nowMillis }
      })
    },
  }
}
