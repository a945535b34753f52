// Decides which version of a document is the last valid one. Stores are eventually consistent, isolates are
// short-lived, and records are written without compare-and-swap. So an order is accepted only if reads prove it;
// otherwise nothing is in force.
//
// It relies on two facts. (1) What a read finds was current at some time within SETTLE before it (propagation and
// cacheTtl). (2) The reads of one isolate do not go back in time. So of two versions the later one is known if one was
// read SETTLE after the other, or if one isolate read both, one after the other.
//
// The table shows what a read of the store does to the record of its document. A deletion counts as a version:
// `absent`, whose record is a tombstone. "good" means that the stored document compiles, "bad" that it does not.
//
//   stored     | record                          | then                          | first decision in the isolate
//   -----------+---------------------------------+-------------------------------+---------------------------------
//   good d, or | none, or one that does not fit  | d; absent: as it is           | waits for the write
//   absent d   | d                               | as it is; sealed again if old | waits for the read of the record
//              | x, known to be older than d     | d                             | waits for the write
//              | x, not known to be older        | contested: x, d               | waits for the write
//              | contested, no rival of d was    | d                             | waits for the write
//              |   decided by within SETTLE      |                               |
//              | contested, otherwise            | contested, with d, from now   | waits for the write
//   bad        | none, or one that does not fit  | as it is                      | what is in memory
//              | contested                       | as it is                      | what this isolate itself read
//              |                                 |                               |   SETTLE after its last rival was
//              |                                 |                               |   decided by, else nothing
//              | v, as in memory                 | sealed again if old           | v
//              | x, memory known to be later     | as it is                      | what is in memory
//              | x, read later than memory, or   | as it is                      | x, if it was confirmed within
//              |   nothing in memory             |                               |   TRUST, else nothing
//              | x, neither known to be later    | contested: x, v               | nothing
//
// An absent document refuses its requests, whatever the record. If the record cannot be read or written within one
// store timeout, a good version is used anyway, `state_write_failed` is reported, and the check is retried. While a
// document is bad and its record cannot be read, an older copy serves, stale, as while the store is down.
//
// Not covered: versions whose record could not be written (reported); versions that no isolate read; two gateways that
// write the record at the same time, neither seeing the other's write (the second check after SETTLE finds it, if it
// runs); and a version that is restored before any isolate read its replacement, which counts as never replaced.
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONTESTED_MARK_MILLIS,
  CONTESTED_RIVALS_MAX,
  READ_TRAIL_MAX,
} from '../../core/limits.ts'
import type { AppliedRecord, OpenedRecord, Rival } from '../../token/applied-record.ts'

/**
 * A version used within `CONTESTED_MARK_MILLIS` after its mark was not marked again, so its last use may be that much
 * later.
 */
const SETTLED_MILLIS = APPLIED_SETTLE_MILLIS + CONTESTED_MARK_MILLIS

/** The result of a read: the digest of a version that compiles, or {@link ABSENT}. */
export type Found = string
export const ABSENT: Found = 'absent'

/** Consecutive reads of this isolate with the same result, from the first to the last. */
export interface Sighting {
  readonly found: Found
  readonly sinceMillis: number
  readonly lastMillis: number
}

/** What this isolate read of one document, the latest first; invalid documents are not included. */
export type Trail = readonly Sighting[]

export function extendTrail(trail: Trail, found: Found, readAtMillis: number): Trail {
  const [last, ...older] = trail
  if (last?.found === found) return [{ ...last, lastMillis: readAtMillis }, ...older]
  return [{ found, sinceMillis: readAtMillis, lastMillis: readAtMillis }, ...trail].slice(0, READ_TRAIL_MAX)
}

/** A record to write; the caller adds the document itself. */
export type Mark =
  | { readonly kind: 'applied'; readonly appliedAtMillis: number; readonly readAtMillis: number }
  | { readonly kind: 'contested'; readonly rivals: readonly Rival[] }
  | { readonly kind: 'deleted'; readonly atMillis: number }

/**
 * Chooses what the record must become after a read of a version that compiles, or of absence.
 *
 * @param trail begins with that read
 * @returns `undefined` if the record is right. Absence without a record needs no tombstone: otherwise requests with
 *   made-up cluster ids would fill the store.
 */
export function chooseMark(opened: OpenedRecord | undefined, trail: Trail): Mark | undefined {
  const [seen, ...before] = trail
  if (seen === undefined) throw new RangeError('the trail is empty: nothing was read')
  const { found, lastMillis } = seen
  if (opened === undefined) return found === ABSENT ? undefined : nameVersion(seen)
  const { record, current } = opened
  if (record.kind === 'contested') {
    if (isFarFromRivals(record.rivals, seen)) return nameVersion(seen)
    const own = record.rivals.find((rival) => rival.found === found)
    const isMarked = own !== undefined && Math.abs(lastMillis - own.atMillis) < CONTESTED_MARK_MILLIS
    return isMarked ? undefined : contest([...record.rivals, { found, atMillis: lastMillis }])
  }
  if (readFound(record) === found) {
    const isOld = record.kind === 'applied' && Math.abs(lastMillis - record.confirmedAtMillis) > APPLIED_CONFIRM_MILLIS
    if (current && !isOld) return undefined
    return record.kind === 'applied' ? nameVersion(seen, record.appliedAtMillis) : nameVersion(seen)
  }
  if (isFarFrom(readTime(record), lastMillis) || sawDisplaced(record, before, seen)) return nameVersion(seen)
  return contest([
    { found: readFound(record), atMillis: readTime(record) },
    { found, atMillis: lastMillis },
  ])
}

function nameVersion({ found, sinceMillis, lastMillis }: Sighting, appliedAtMillis = sinceMillis): Mark {
  return found === ABSENT
    ? { kind: 'deleted', atMillis: lastMillis }
    : { kind: 'applied', appliedAtMillis, readAtMillis: lastMillis }
}

/** What is in force while the stored document is invalid. */
export type Fallback =
  /** The version in memory, if any. */
  | { readonly kind: 'memory' }
  /** The version of the record. */
  | { readonly kind: 'record'; readonly record: Extract<AppliedRecord, { readonly kind: 'applied' }> }
  /** Nothing. `contested`: valid versions exist, but which of them is the last is unknown. */
  | { readonly kind: 'nothing'; readonly contested: boolean; readonly mark?: Mark }

/**
 * Chooses what is in force while the stored document is invalid.
 *
 * @param inMemory digest of the version in force in this isolate, if any; it may come from a record
 * @param trail what this isolate read itself, without invalid documents
 */
export function chooseFallback(
  record: AppliedRecord | undefined,
  inMemory: string | undefined,
  trail: Trail,
  nowMillis: number,
): Fallback {
  if (record === undefined) return { kind: 'memory' }
  const [seen, ...before] = trail
  if (record.kind === 'contested') {
    const isLast = seen !== undefined && seen.lastMillis >= computeSettledMillis(record.rivals, seen.found)
    return isLast ? { kind: 'memory' } : { kind: 'nothing', contested: true }
  }
  const atMillis = readTime(record)
  const isKnownLater =
    seen !== undefined && (seen.lastMillis - atMillis >= APPLIED_SETTLE_MILLIS || sawDisplaced(record, before, seen))
  if (record.kind === 'deleted') return isKnownLater ? { kind: 'memory' } : { kind: 'nothing', contested: false }

  if (isKnownLater || record.digest === inMemory) return { kind: 'memory' }
  // Reads in the same millisecond have no known order.
  if (seen === undefined || atMillis > seen.lastMillis) {
    const isTrusted = nowMillis - record.confirmedAtMillis <= APPLIED_TRUST_MAX_MILLIS
    return isTrusted ? { kind: 'record', record } : { kind: 'nothing', contested: false }
  }
  const rivals = [
    { found: record.digest, atMillis },
    { found: seen.found, atMillis: seen.lastMillis },
  ]
  return { kind: 'nothing', contested: true, mark: contest(rivals) }
}

type NamingRecord = Exclude<AppliedRecord, { readonly kind: 'contested' }>

function readFound(record: NamingRecord): Found {
  return record.kind === 'applied' ? record.digest : ABSENT
}

/** Reads the time by which a record orders versions. */
function readTime(record: NamingRecord): number {
  return record.kind === 'applied' ? record.readAtMillis : record.atMillis
}

/**
 * A record may be in the future, if the clock was set back: the order is unknown then too, until the difference is
 * SETTLE.
 */
function isFarFrom(aMillis: number, bMillis: number): boolean {
  return Math.abs(aMillis - bMillis) >= APPLIED_SETTLE_MILLIS
}

/** Computes from when a read of `found` proves it later than every other version that was used while contested. */
export function computeSettledMillis(rivals: readonly Rival[], found: Found): number {
  const others = rivals.filter((rival) => rival.found !== found).map(({ atMillis }) => atMillis)
  return Math.max(Number.NEGATIVE_INFINITY, ...others) + SETTLED_MILLIS
}

/**
 * For a current read. Differences count in both directions: a rival marked by a fast clock must not contest versions
 * until then.
 */
function isFarFromRivals(rivals: readonly Rival[], { found, lastMillis }: Sighting): boolean {
  return rivals.every((rival) => Math.abs(lastMillis - rival.atMillis) >= SETTLED_MILLIS || rival.found === found)
}

/**
 * Whether this isolate itself read the version of the record, at the record's time or later, and then `seen`. False if
 * it also read `seen` shortly before that: then the store may have returned an older version.
 */
function sawDisplaced(record: NamingRecord, before: Trail, seen: Sighting): boolean {
  const wasRead = before.some(({ found, lastMillis }) => found === readFound(record) && lastMillis >= readTime(record))
  const isRepeated = before.some((one) => one.found === seen.found && !isFarFrom(one.lastMillis, seen.sinceMillis))
  return wasRead && !isRepeated
}

/** Makes a mark with the latest time of each version; if there are too many versions, of the latest ones. */
function contest(rivals: readonly Rival[]): Mark {
  const latest = new Map<Found, number>()
  for (const { found, atMillis } of rivals) latest.set(found, Math.max(atMillis, latest.get(found) ?? atMillis))
  const ordered = [...latest].map(([found, atMillis]) => ({ found, atMillis })).sort((a, b) => a.atMillis - b.atMillis)
  return { kind: 'contested', rivals: ordered.slice(-CONTESTED_RIVALS_MAX) }
}
