// What one read of the store makes of a document, given what was known before: the rule that a bad document never
// displaces a good one, and that a deleted one is gone. Plain data; the store and the time come from the cache.
import type { CompileContext } from '../attest/attestor.ts'
import { digestOf } from '../core/digest.ts'
import { CONFIG_BYTES_PER_DOCUMENT_BYTE, CONFIG_ENTRY_BYTES } from '../core/limits.ts'
import type { AppliedVersion } from './applied.ts'
import type { Compilation, ConfigRead } from './config-read.ts'
import type { LocatedIssue } from './located-issue.ts'

/** A version that compiled. */
export interface Version {
  readonly digest: string
  readonly value: unknown
  readonly warnings: readonly LocatedIssue[]
  readonly appliedAtMillis: number
  readonly documentBytes: number
}

/** The stored document, whether or not it compiles. */
export interface Desired {
  readonly digest: string
  readonly attemptedAtMillis: number
  /** Empty if it compiled. */
  readonly issues: readonly LocatedIssue[]
}

/** What is known of one document since the last successful read of the store. */
export interface Known {
  readonly readAtMillis: number
  /** `undefined`: absent. */
  readonly desired: Desired | undefined
  readonly inForce: Version | undefined
  /** When a read last found it absent: a record from before then is of a deleted document. */
  readonly absentAtMillis: number | undefined
  /** A record whose text no longer compiles, so that it is not compiled at every read. */
  readonly deadRecord: string | undefined
}

export interface Judge {
  readonly compile: (bytes: Uint8Array<ArrayBuffer>, context: CompileContext) => Compilation<unknown>
  readonly contextFor: (digest: string) => CompileContext
  /** The applied record. Rejects if it cannot be read. */
  readonly recall: () => Promise<AppliedVersion | undefined>
  readonly nowMillis: number
}

export function absentSince(readAtMillis: number): Known {
  return { readAtMillis, desired: undefined, inForce: undefined, absentAtMillis: readAtMillis, deadRecord: undefined }
}

/**
 * What is known after a read that found `bytes`. Nothing is compiled whose digest has been compiled before. Rejects if
 * the applied record is needed and cannot be read: that nothing good is on record is then not known.
 */
export async function knownAfter(
  bytes: Uint8Array<ArrayBuffer>,
  readAtMillis: number,
  before: Known | undefined,
  judge: Judge,
): Promise<Known> {
  const digest = await digestOf(bytes)
  const base = { readAtMillis, absentAtMillis: before?.absentAtMillis, deadRecord: before?.deadRecord }

  let desired = before?.desired
  if (desired?.digest !== digest) {
    desired = { digest, attemptedAtMillis: judge.nowMillis, issues: [] }
    // Back to the version that is in force: it is known to compile.
    if (before?.inForce?.digest !== digest) {
      const compiled = compileSafely(bytes, digest, judge)
      if (compiled.ok) {
        const { value, warnings } = compiled
        const appliedAtMillis = judge.nowMillis
        const inForce = { digest, value, warnings, appliedAtMillis, documentBytes: bytes.length }
        return { ...base, desired, inForce }
      }
      desired = { ...desired, issues: compiled.issues }
    }
  }
  if (desired.issues.length === 0 || before?.inForce !== undefined) {
    return { ...base, desired, inForce: before?.inForce }
  }

  const record = await judge.recall()
  const isOfDeleted =
    record !== undefined && record.appliedAtMillis <= (base.absentAtMillis ?? Number.NEGATIVE_INFINITY)
  if (record === undefined || isOfDeleted || record.digest === base.deadRecord) {
    return { ...base, desired, inForce: undefined }
  }
  const compiled = compileSafely(record.bytes, record.digest, judge)
  if (!compiled.ok) return { ...base, desired, inForce: undefined, deadRecord: record.digest }
  const { digest: recordDigest, appliedAtMillis } = record
  const { value, warnings } = compiled
  const inForce = { digest: recordDigest, value, warnings, appliedAtMillis, documentBytes: record.bytes.length }
  return { ...base, desired, inForce }
}

/** The compiler promises not to throw. Should it, the document is bad, and the good one before it stays. */
function compileSafely(bytes: Uint8Array<ArrayBuffer>, digest: string, judge: Judge): Compilation<unknown> {
  try {
    const compiled = judge.compile(bytes, judge.contextFor(digest))
    if (compiled.ok || compiled.issues.length > 0) return compiled
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

/** An estimate of the memory it takes. */
export function weigh(known: Known): number {
  const documentBytes = known.inForce?.documentBytes ?? 0
  const issues = (known.desired?.issues.length ?? 0) + (known.inForce?.warnings.length ?? 0)
  return CONFIG_ENTRY_BYTES * (1 + issues) + CONFIG_BYTES_PER_DOCUMENT_BYTE * documentBytes
}
