// Which version of a document is the last good one. Stores are eventually consistent, isolates come and go, and a record
// is written without compare-and-set: so an order is believed only where reads prove it, and denied where they do not.
//
// Two facts carry everything. (1) What a read finds was current at some time within SETTLE before it (propagation and
// cacheTtl). (2) The reads of one isolate do not go back in time. So of two versions the later one is known if one was
// read SETTLE after the other, or if one isolate read both, one after the other.
//
// What a read of the store makes of the record (R) of its document:
//
//   stored      | record                        | then                          | first decision in the isolate
//   ------------+-------------------------------+-------------------------------+-----------------------------------
//   good d      | none, or one that does not fit| applied d                     | waits for the write
//               | applied d                     | as it is; sealed again if old | waits for nothing but the read
//               | applied x or deleted,         | applied d                     | waits for the write
//               |   known to be older than d    |                               |
//               | applied x or deleted, young   | contested x, d                | waits for the write
//               | contested, without d, or this | contested, with d, from now   | waits for the write
//               |   isolate saw d displace it   |                               |
//               | contested, d read all the     | applied d                     | (was made long ago)
//               |   time for SETTLE since then  |                               |
//               | contested, else               | as it is                      | waits for nothing but the read
//   absent      | none, deleted                 | as it is                      | denies
//               | applied, contested            | deleted                       | denies, after the write
//   bad         | none, or one that does not fit| as it is                      | what is in memory
//               | deleted, contested            | as it is                      | what this isolate itself read SETTLE
//               |                               |                               |   after the record, else nothing
//               | applied v, as in memory       | sealed again if old           | v
//               | applied x, memory known later | as it is                      | what is in memory
//               | applied x, read later than    | as it is                      | x, if it was confirmed within
//               |   memory, or nothing in memory|                               |   TRUST, else nothing
//               | applied x, neither known later| contested v, x                | nothing
//
// If the record cannot be read or written within one store time-out, a good version decides all the same, a deletion
// denies, and `state_write_failed` is told; it is tried again. A bad document with an unreadable record: an older copy
// serves, stale, as while the store is down.
//
// Not covered: versions whose record could not be written (told); versions that nobody read; two gateways that write the
// record in the same moment, neither seeing the other (the second look after SETTLE finds it, if there is one); and
// bytes that are put back before anybody read what had replaced them, which count as never replaced.
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONTESTED_DIGESTS_MAX,
  READ_TRAIL_MAX,
} from '../core/limits.ts'
import type { AppliedRecord, OpenedRecord } from '../token/applied-record.ts'

/** What a read found: the digest of a version that compiles, or that there was none. */
export type Found = string
export const ABSENT: Found = 'absent'

/** That this isolate found something in the store, from its first to its last read in a row. */
export interface Sighting {
  readonly found: Found
  readonly sinceMillis: number
  readonly lastMillis: number
}

/** What this isolate read of one document, the latest first; bad documents leave no sighting. */
export type Trail = readonly Sighting[]

export function extendTrail(trail: Trail, found: Found, readAtMillis: number): Trail {
  const [last, ...older] = trail
  if (last?.found === found) return [{ ...last, lastMillis: readAtMillis }, ...older]
  return [{ found, sinceMillis: readAtMillis, lastMillis: readAtMillis }, ...trail].slice(0, READ_TRAIL_MAX)
}

/** A record to write; the text of a version is added by who has it. */
export type Mark =
  | { readonly kind: 'applied'; readonly appliedAtMillis: number; readonly readAtMillis: number }
  | { readonly kind: 'contested'; readonly atMillis: number; readonly digests: readonly string[] }
  | { readonly kind: 'deleted'; readonly atMillis: number }

/** What the record must become now that `trail` begins with a version that compiles. `undefined`: it is right. */
export function markAfterVersion(opened: OpenedRecord | undefined, trail: Trail): Mark | undefined {
  const [seen, ...before] = trail
  if (seen === undefined || seen.found === ABSENT) throw new RangeError('the trail does not begin with a version')
  const digest = seen.found
  const readAtMillis = seen.lastMillis
  const applied = { kind: 'applied', appliedAtMillis: seen.sinceMillis, readAtMillis } as const
  if (opened === undefined) return applied
  const { record, current } = opened
  if (record.kind === 'contested') {
    const isSettled = isFarFrom(record.atMillis, readAtMillis)
    const isListed = record.digests.includes(digest)
    // Whoever had read something newer would have made a mark: so what is not listed is the newest there is.
    if (!isListed && isSettled) return applied
    const isNews = !isListed || (before.length > 0 && seen.sinceMillis > record.atMillis)
    if (isNews) return contest(readAtMillis, [...record.digests, digest])
    return isSettled && isFarFrom(seen.sinceMillis, readAtMillis) ? applied : undefined
  }
  if (record.kind === 'applied' && record.digest === digest) {
    const isOld = Math.abs(readAtMillis - record.confirmedAtMillis) > APPLIED_CONFIRM_MILLIS
    return current && !isOld ? undefined : { ...applied, appliedAtMillis: record.appliedAtMillis }
  }
  if (isFarFrom(timeOf(record), readAtMillis) || sawDisplaced(record, before, seen)) return applied
  return contest(readAtMillis, record.kind === 'applied' ? [record.digest, digest] : [digest])
}

/** What the record must become now that the document was found to be absent. */
export function markAfterAbsence(opened: OpenedRecord | undefined, readAtMillis: number): Mark | undefined {
  // Where there is nothing to bury nothing is written: else made-up cluster ids would fill the store.
  const isBuried = opened === undefined || opened.record.kind === 'deleted'
  return isBuried ? undefined : { kind: 'deleted', atMillis: readAtMillis }
}

/** What is in force while the stored document is bad. */
export type Fallback =
  /** What is in memory, which may be nothing. */
  | { readonly kind: 'memory' }
  /** The version of the record. */
  | { readonly kind: 'record'; readonly record: Extract<AppliedRecord, { readonly kind: 'applied' }> }
  /** Nothing. `contested`: there are good versions, and which one is the last cannot be told. */
  | { readonly kind: 'nothing'; readonly contested: boolean; readonly mark?: Mark }

/**
 * @param inMemory digest of the version in force in this isolate, if any; it may have come from a record
 * @param trail what this isolate read itself; a bad document is no sighting
 */
export function fallBackFrom(
  record: AppliedRecord | undefined,
  inMemory: string | undefined,
  trail: Trail,
  nowMillis: number,
): Fallback {
  if (record === undefined) return { kind: 'memory' }
  const [seen, ...before] = trail
  const atMillis = timeOf(record)
  const isKnownLater = seen !== undefined && seen.lastMillis - atMillis >= APPLIED_SETTLE_MILLIS
  if (record.kind === 'contested') return isKnownLater ? { kind: 'memory' } : { kind: 'nothing', contested: true }
  if (record.kind === 'deleted') return isKnownLater ? { kind: 'memory' } : { kind: 'nothing', contested: false }

  if (record.digest === inMemory) return { kind: 'memory' }
  if (seen !== undefined && (isKnownLater || sawDisplaced(record, before, seen))) return { kind: 'memory' }
  // In one millisecond nobody can tell which came first.
  if (seen === undefined || atMillis > seen.lastMillis) {
    const isTrusted = nowMillis - record.confirmedAtMillis <= APPLIED_TRUST_MAX_MILLIS
    return isTrusted ? { kind: 'record', record } : { kind: 'nothing', contested: false }
  }
  if (seen.found === ABSENT)
    return { kind: 'nothing', contested: false, mark: { kind: 'deleted', atMillis: seen.lastMillis } }
  const digests = [record.digest, seen.found]
  return { kind: 'nothing', contested: true, mark: contest(nowMillis, digests) }
}

/** The time by which a record orders versions. */
function timeOf(record: AppliedRecord): number {
  return record.kind === 'applied' ? record.readAtMillis : record.atMillis
}

/** A clock that went back makes a record of the future: then nothing is known either, until it is far away. */
function isFarFrom(aMillis: number, bMillis: number): boolean {
  return Math.abs(aMillis - bMillis) >= APPLIED_SETTLE_MILLIS
}

/**
 * Whether this isolate itself read what the record names, at the record's time or later, before it read `seen`. Not if
 * it has read `seen` shortly before that as well: then its store may have gone back after all.
 */
function sawDisplaced(record: AppliedRecord, before: Trail, seen: Sighting): boolean {
  if (record.kind === 'contested') return false
  const named = record.kind === 'applied' ? record.digest : ABSENT
  const wasRead = before.some(({ found, lastMillis }) => found === named && lastMillis >= timeOf(record))
  const isRepeated = before.some((one) => one.found === seen.found && !isFarFrom(one.lastMillis, seen.sinceMillis))
  return wasRead && !isRepeated
}

function contest(atMillis: number, digests: readonly string[]): Mark {
  return { kind: 'contested', atMillis, digests: [...new Set(digests)].slice(-CONTESTED_DIGESTS_MAX) }
}
