// What one read of the store makes of a document, given what was known before: the rule that a bad document never
// displaces a good one, and that a deleted one is gone. Plain data; the store and the time come from the cache.
import type { CompileContext } from '../attest/attestor.ts'
import { digestOf } from '../core/digest.ts'
import { CONFIG_ENTRY_BYTES } from '../core/limits.ts'
import type { AppliedVersion, Recalled } from './applied.ts'
import type { CompileResult } from './compile.ts'
import { weighCompiled } from './compiled-weight.ts'
import type { ConfigRead } from './config-read.ts'
import type { LocatedIssue } from './located-issue.ts'

/** A version that compiled. */
export interface Version {
  readonly digest: string
  readonly value: unknown
  readonly warnings: readonly LocatedIssue[]
  readonly appliedAtMillis: number
  /** Of memory: see `weighCompiled`. */
  readonly weightBytes: number
}

/** The stored document, whether or not it compiles. */
export interface Desired {
  readonly digest: string
  readonly attemptedAtMillis: number
  /** Empty if it compiled. */
  readonly issues: readonly LocatedIssue[]
  /** Of the issues, in memory. */
  readonly weightBytes: number
}

/** What is known of one document since the last successful read of the store. */
export interface Known {
  readonly readAtMillis: number
  /** `undefined`: absent. */
  readonly desired: Desired | undefined
  readonly inForce: Version | undefined
  /** When the stored document last was what is in force; for an absent one, when it last was absent. */
  readonly confirmedAtMillis: number | undefined
  /** A record whose text no longer compiles, so that it is not compiled at every read. */
  readonly deadRecord: string | undefined
}

export interface Judge {
  readonly compile: (bytes: Uint8Array<ArrayBuffer>, context: CompileContext) => CompileResult<unknown>
  readonly contextFor: (digest: string) => CompileContext
  /** The applied record. Rejects with a `StoreError` if it cannot be read. */
  readonly recall: () => Promise<Recalled | undefined>
  readonly nowMillis: number
}

export function absentSince(readAtMillis: number): Known {
  return {
    readAtMillis,
    desired: undefined,
    inForce: undefined,
    confirmedAtMillis: readAtMillis,
    deadRecord: undefined,
  }
}

/**
 * What is known after a read that found `bytes`. Nothing is compiled whose digest has been compiled before. Rejects
 * with a `StoreError` if the applied record is needed and cannot be read.
 */
export async function knownAfter(
  bytes: Uint8Array<ArrayBuffer>,
  readAtMillis: number,
  before: Known | undefined,
  judge: Judge,
): Promise<Known> {
  const digest = await digestOf(bytes)
  const { inForce, desired: last } = before ?? {}
  const attemptedAtMillis = last?.digest === digest ? last.attemptedAtMillis : judge.nowMillis
  const confirmed = { readAtMillis, confirmedAtMillis: readAtMillis, deadRecord: before?.deadRecord }
  const desired = { digest, attemptedAtMillis, issues: [], weightBytes: 0 }

  // What is in force is known to compile, also when its author has just put it back.
  if (inForce?.digest === digest) return { ...confirmed, desired, inForce }
  if (last?.digest === digest) return fallBack({ ...before, readAtMillis, desired: last }, judge)

  const compiled = compileSafely({ digest, bytes, appliedAtMillis: judge.nowMillis }, judge)
  if (compiled.ok) return { ...confirmed, desired, inForce: compiled.value }
  const { issues } = compiled
  const bad = { ...desired, issues, weightBytes: weighCompiled(undefined, issues, bytes) }
  return fallBack({ ...before, readAtMillis, desired: bad }, judge)
}

/**
 * The stored document is bad: what is in force then? What is in memory, unless the record tells of something later: of
 * a version, or of a deletion, that this isolate has slept through. A record from before a deletion that this isolate
 * has seen tells nothing: to obey it would bring a deleted document back.
 */
async function fallBack(bad: Partial<Known> & Pick<Known, 'readAtMillis' | 'desired'>, judge: Judge): Promise<Known> {
  const known: Known = { inForce: undefined, confirmedAtMillis: undefined, deadRecord: undefined, ...bad }
  const record = await judge.recall()
  const seenAtMillis = known.confirmedAtMillis ?? Number.NEGATIVE_INFINITY
  // In one millisecond nobody can tell which came first: then the deletion holds, for to deny is the safer mistake.
  const isLater =
    record !== undefined &&
    (record.atMillis > seenAtMillis || (record.kind === 'deleted' && record.atMillis === seenAtMillis))
  if (!isLater) return known
  if (record.kind === 'deleted') return { ...known, inForce: undefined, confirmedAtMillis: record.atMillis }

  const { version } = record
  if (version.digest === known.inForce?.digest || version.digest === known.deadRecord) return known
  const compiled = compileSafely(version, judge)
  if (!compiled.ok) return { ...known, deadRecord: version.digest }
  return { ...known, inForce: compiled.value, confirmedAtMillis: record.atMillis }
}

/** The compiler promises not to throw. Should it, the document is bad, and the good one before it stays. */
function compileSafely({ digest, bytes, appliedAtMillis }: AppliedVersion, judge: Judge): CompileResult<Version> {
  try {
    const compiled = judge.compile(bytes, judge.contextFor(digest))
    if (compiled.ok) {
      const { value, warnings } = compiled
      const weightBytes = weighCompiled(value, warnings, bytes)
      return { ok: true, value: { digest, value, warnings, appliedAtMillis, weightBytes }, warnings }
    }
    if (compiled.issues.length > 0) return compiled
  } catch {
    // Its message may hold anything; the document's digest is enough to look for the fault.
  }
  const message = 'Cannot compile the document: the compiler failed, which is a fault of Postern; please report it'
  return { ok: false, issues: [{ code: 'value_invalid', path: [], message, line: 1, column: 1 }] }
}

export function readOf(known: Known, stale: boolean): ConfigRead<unknown> {
  const { desired, inForce } = known
  if (desired === undefined) return { kind: 'absent', stale }
  const { attemptedAtMillis, issues } = desired
  if (inForce === undefined) return { kind: 'invalid', issues, digest: desired.digest, stale, attemptedAtMillis }
  const { value, digest, warnings, appliedAtMillis } = inForce
  const desiredDigest = desired.digest
  return { kind: 'in_force', value, digest, stale, desiredDigest, issues, warnings, attemptedAtMillis, appliedAtMillis }
}

/** What it takes of memory. */
export function weigh({ desired, inForce }: Known): number {
  return CONFIG_ENTRY_BYTES + (desired?.weightBytes ?? 0) + (inForce?.weightBytes ?? 0)
}
