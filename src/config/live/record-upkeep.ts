// Schedules checks of the records under `applied/`: before the first decision by a version in an isolate, again after
// the settle time, when a confirmation is due, and at each read that finds a document absent. Never per request. A
// store that refuses (Workers KV accepts one write per second per key) is retried later.
import type { Clock, Sleep } from '../../core/clock.ts'
import {
  APPLIED_BACKOFF_MAX_MILLIS,
  APPLIED_BACKOFF_MIN_MILLIS,
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
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

/**
 * A record could not be written, or could not be read to decide how it must change: a cold isolate may not know this
 * version.
 */
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

/** A check of the record: since when the version is recorded, in milliseconds since the epoch, if it is. */
export type Look = Promise<number | undefined>

export interface Upkeep {
  /**
   * After a read that found a version that compiles. Returns `undefined` if no check is due. The check never rejects.
   */
  afterVersion(key: DocumentKey, bytes: Uint8Array<ArrayBuffer>, trail: Trail): Look | undefined
  /** After a read that found the document absent. */
  afterAbsence(key: DocumentKey, trail: Trail): Look | undefined
  /**
   * After a read of an invalid document: writes the mark that it requires, or confirms the record that stays in force.
   */
  afterBad(key: DocumentKey, mark: Mark | undefined, record: AppliedRecord | undefined): Look | undefined
  /** Since when no check has succeeded, in milliseconds since the epoch; `undefined` if the last one has. */
  failingSinceMillis(): number | undefined
}

export interface UpkeepPorts {
  readonly records: AppliedRecords
  readonly clock: Clock
  readonly sleep: Sleep
  readonly tell: (event: StateWriteFailed) => void
  /** Documents whose last check is remembered; of others the record is read again. */
  readonly maxKeys: number
}

export function createUpkeep({ records, clock, sleep, tell, maxKeys }: UpkeepPorts): Upkeep {
  const tasks = createLru<Task>({ maxEntries: maxKeys })

  let failingSinceMillis: number | undefined

  function isDue(key: DocumentKey, found: Found): boolean {
    const task = tasks.get(key.text)
    return task?.found !== found || !isAhead(task.dueMillis, clock(), 2 * APPLIED_CONFIRM_MILLIS)
  }

  /** Checks once, within one store timeout; `look` returns when the next check is due, and what it found. */
  async function attempt(
    key: DocumentKey,
    found: Found,
    look: () => Promise<{ readonly nextMillis: number; readonly sinceMillis?: number }>,
  ): Look {
    const before = tasks.get(key.text)
    const failures = before?.found === found ? before.failures : 0
    // Marked first, so that no other request starts the same check.
    tasks.set(key.text, { found, failures, dueMillis: clock() + APPLIED_BACKOFF_MAX_MILLIS })
    try {
      const { nextMillis, sinceMillis } = await callStore(look, STORE_TIMEOUT_MILLIS, sleep)
      tasks.set(key.text, { found, failures: 0, dueMillis: nextMillis })
      failingSinceMillis = undefined
      return sinceMillis
    } catch (error) {
      const waitMillis = Math.min(APPLIED_BACKOFF_MIN_MILLIS * 2 ** failures, APPLIED_BACKOFF_MAX_MILLIS)
      tasks.set(key.text, { found, failures: failures + 1, dueMillis: clock() + waitMillis })
      failingSinceMillis ??= clock()
      if (failures === 0) reportFailure(key, found, error)
      return undefined
    }
  }

  function reportFailure(key: DocumentKey, found: Found, error: unknown): void {
    const reason = printable(describeError(error), STORE_REASON_MAX_LENGTH)
    tell({ event: 'state_write_failed', key: key.text, ...(found === ABSENT ? {} : { digest: found }), reason })
  }

  return {
    failingSinceMillis: () => failingSinceMillis,
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
        if (opened?.record.kind !== 'applied') throw new TypeError('a record without a mark must hold its version')
        const { confirmedAtMillis, appliedAtMillis } = opened.record
        return { nextMillis: confirmedAtMillis + APPLIED_CONFIRM_MILLIS + 1, sinceMillis: appliedAtMillis }
      })
    },

    afterAbsence(key, trail) {
      if (!isDue(key, ABSENT)) return undefined
      return attempt(key, ABSENT, async function lookAtAbsence() {
        const mark = chooseMark(await records.read(key), trail)
        if (mark !== undefined) await records.write(key, createAppliedRecord(key, mark, undefined))
        // Due again at the next read: another isolate may have recorded a version in the meantime.
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
