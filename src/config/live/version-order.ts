// Which version of a document is the last good one. Stores are eventually consistent, isolates come and go, and a record
// is written without compare-and-set: so an order is believed only where reads prove it, and denied where they do not.
//
// Two facts carry everything. (1) What a read finds was current at some time within SETTLE before it (propagation and
// cacheTtl). (2) The reads of one isolate do not go back in time. So of two versions the later one is known if one was
// read SETTLE after the other, or if one isolate read both, one after the other.
//
// What a read of the store makes of the record of its document. A deletion is a version like any other here: the
// version `absent`, whose record is a tombstone.
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
// Absent itself denies, whatever the record. If the record cannot be read or written within one store time-out, a good
// version decides all the same, `state_write_failed` is told, and it is tried again. While a document is bad and its
// record cannot be read, an older copy serves, stale, as while the store is down.
//
// Not covered: versions whose record could not be written (told); versions that nobody read; two gateways that write the
// record in the same moment, neither seeing the other (the second look after SETTLE finds it, if there is one); and
// bytes that are put back before anybody read what had replaced them, which count as never replaced.
import {
  APPLIED_CONFIRM_MILLIS,
  APPLIED_SETTLE_MILLIS,
  APPLIED_TRUST_MAX_MILLIS,
  CONTESTED_MARK_MILLIS,
  CONTESTED_RIVALS_MAX,
  READ_TRAIL_MAX,
} from '../../core/limits.ts'
import type { AppliedRecord, OpenedRecord, Rival } from '../../token/applied-record.ts'

/** What was decided by shortly after a mark was not marked again. */
const SETTLED_MILLIS = APPLIED_SETTLE_MILLIS + CONTESTED_MARK_MILLIS

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
  | { readonly kind: 'contested'; readonly rivals: readonly Rival[] }
  | { readonly kind: 'deleted'; readonly atMillis: number }

/**
 * What the record must become now that `trail` begins with a version that compiles, or with absence. `undefined`: it is
 * right. Where there is nothing to bury nothing is written: else made-up cluster ids would fill the store.
 */
export function chooseMark(opened: OpenedRecord | undefined, trail: Trail): Mark | undefined {
  const [seen, ...before] = trail
  if (seen === undefined) throw new RangeError('nothing was read')
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
  // In one millisecond nobody can tell which came first.
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

/** The time by which a record orders versions. */
function readTime(record: NamingRecord): number {
  return record.kind === 'applied' ? record.readAtMillis : record.atMillis
}

/** A clock that went back makes a record of the future: then nothing is known either, until it is far away. */
function isFarFrom(aMillis: number, bMillis: number): boolean {
  return Math.abs(aMillis - bMillis) >= APPLIED_SETTLE_MILLIS
}

/** When a read of `found` will prove it later than every other version that was decided by while they were contested. */
export function computeSettledMillis(rivals: readonly Rival[], found: Found): number {
  const others = rivals.filter((rival) => rival.found !== found).map(({ atMillis }) => atMillis)
  return Math.max(Number.NEGATIVE_INFINITY, ...others) + SETTLED_MILLIS
}

/** For a read of now: a rival that a clock which was ahead has marked must not contest everything for as long. */
function isFarFromRivals(rivals: readonly Rival[], { found, lastMillis }: Sighting): boolean {
  return rivals.every((rival) => Math.abs(lastMillis - rival.atMillis) >= SETTLED_MILLIS || rival.found === found)
}

/**
 * Whether this isolate itself read what the record names, at the record's time or later, before it read `seen`. Not if
 * it has read `seen` shortly before that as well: then its store may have gone back after all.
 */
function sawDisplaced(record: NamingRecord, before: Trail, seen: Sighting): boolean {
  const wasRead = before.some(({ found, lastMillis }) => found === readFound(record) && lastMillis >= readTime(record))
  const isRepeated = before.some((one) => one.found === seen.found && !isFarFrom(one.lastMillis, seen.sinceMillis))
  return wasRead && !isRepeated
}

/** Of each version the latest mark; of too many versions the latest ones. */
function contest(rivals: readonly Rival[]): Mark {
  const latest = new Map<Found, number>()
  for (const { found, atMillis } of rivals) latest.set(found, Math.max(atMillis, latest.get(found) ?? atMillis))
  const ordered = [...latest].map(([found, atMillis]) => ({ found, atMillis })).sort((a, b) => a.atMillis - b.atMillis)
  return { kind: 'contested', rivals: ordered.slice(-CONTESTED_RIVALS_MAX) }
}
