// When the records under `applied/` are looked after: in the background, once per version and isolate, and at each read
// of the store that finds a document absent, never per request; a store that refuses (Workers KV takes one write per second per key) is asked again later.
import type { Clock } from '../core/clock.ts'
import {
  ABSENCE_CACHE_MAX,
  APPLIED_BACKOFF_MAX_MILLIS,
  APPLIED_BACKOFF_MIN_MILLIS,
  APPLIED_SETTLE_MILLIS,
  CONFIG_CACHE_MAX,
} from '../core/limits.ts'
import { createLru } from '../core/lru.ts'
import { type AppliedRecords, type AppliedVersion, TOLD_ABSENT, type Told } from './applied.ts'
import type { DocumentKey } from './document-key.ts'
import { isAhead } from './lease.ts'

interface Task {
  readonly subject: Told
  /** What this isolate knew before of this key: a record that tells of it may be replaced at once. */
  readonly displaced: Told | undefined
  readonly done: boolean
  readonly failures: number
  readonly nextMillis: number
}

export interface Upkeep {
  /** After a read that found a version in force. Work to hand to the host, if any is due; it never rejects. */
  afterVersion(
    key: DocumentKey,
    version: AppliedVersion,
    onKept: (sinceMillis: number) => void,
  ): Promise<void> | undefined
  /** After a read that found the document absent. */
  afterAbsence(key: DocumentKey): Promise<void> | undefined
}

export function createUpkeep(records: AppliedRecords, clock: Clock): Upkeep {
  const tasks = createLru<Task>({ maxEntries: CONFIG_CACHE_MAX + ABSENCE_CACHE_MAX })

  /** The task, if it is due now, so marked that no other request starts it as well. */
  function begin(key: DocumentKey, subject: Told): Task | undefined {
    const nowMillis = clock()
    const last = tasks.get(key.text)
    const goesOn = last?.subject === subject
    if (goesOn && (last.done || isAhead(last.nextMillis, nowMillis, APPLIED_BACKOFF_MAX_MILLIS))) return undefined
    const task: Task = {
      subject,
      displaced: goesOn ? last.displaced : last?.subject,
      done: false,
      failures: goesOn ? last.failures : 0,
      nextMillis: nowMillis + APPLIED_BACKOFF_MAX_MILLIS,
    }
    tasks.set(key.text, task)
    return task
  }

  /** Unless the document has changed meanwhile: then there is another task. */
  function end(key: DocumentKey, task: Task, change: Partial<Task>): void {
    if (tasks.get(key.text) === task) tasks.set(key.text, { ...task, ...change })
  }

  function retryLater(key: DocumentKey, task: Task): void {
    const waitMillis = Math.min(APPLIED_BACKOFF_MIN_MILLIS * 2 ** task.failures, APPLIED_BACKOFF_MAX_MILLIS)
    end(key, task, { failures: task.failures + 1, nextMillis: clock() + waitMillis })
  }

  async function keep(key: DocumentKey, version: AppliedVersion, task: Task, onKept: (since: number) => void) {
    try {
      const sinceMillis = await records.keep(key, version, task.displaced)
      if (sinceMillis === undefined) return end(key, task, { nextMillis: clock() + APPLIED_SETTLE_MILLIS })
      end(key, task, { done: true })
      onKept(sinceMillis)
    } catch {
      // A store that fails, or a record that will not seal: serving goes on without.
      retryLater(key, task)
    }
  }

  async function bury(key: DocumentKey, task: Task): Promise<void> {
    try {
      await records.bury(key)
      // Never done: another isolate may have recorded a version since that this one has slept through, or may put its
      // record back, not knowing of the deletion. Whoever reads that the document is absent looks again.
      end(key, task, { failures: 0, nextMillis: clock() })
    } catch {
      retryLater(key, task)
    }
  }

  return {
    afterVersion(key, version, onKept) {
      const task = begin(key, version.digest)
      return task === undefined ? undefined : keep(key, version, task, onKept)
    },
    afterAbsence(key) {
      const task = begin(key, TOLD_ABSENT)
      return task === undefined ? undefined : bury(key, task)
    },
  }
}
