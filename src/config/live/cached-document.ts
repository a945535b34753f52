// Updates the state of a cached document after a read of the store: an invalid document never displaces a valid
// version, and a deleted document is gone. Plain data; the store and the time come from the cache.

import { computeDigest } from '../../core/digest.ts'
import { CONFIG_ENTRY_BYTES } from '../../core/limits.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { AppliedRecord } from '../../token/applied-record.ts'
import type { CompileResult } from '../compile/compile.ts'
import { weighCompiled } from '../compile/compiled-weight.ts'
import type { CompileContext } from '../compile/section-context.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'
import type { ConfigRead } from './config-read.ts'
import { ABSENT, chooseFallback, extendTrail, type Mark, type Trail } from './version-order.ts'

/** A version that compiled. */
export interface Version {
  readonly digest: string
  readonly value: unknown
  readonly warnings: readonly LocatedIssue[]
  readonly appliedAtMillis: number
  /** Memory that it takes: see `weighCompiled`. */
  readonly weightBytes: number
}

/** The stored document, whether or not it compiles. */
export interface Desired {
  readonly digest: string
  readonly documentBytes: number
  readonly attemptedAtMillis: number
  /** Empty if it compiled. */
  readonly issues: readonly LocatedIssue[]
  /** Memory that the issues take. */
  readonly weightBytes: number
}

/** The state of one document as of the last successful read of the store. */
export interface Known {
  readonly readAtMillis: number
  /** `undefined`: absent. */
  readonly desired: Desired | undefined
  readonly inForce: Version | undefined
  /** What this isolate itself read, except invalid documents. */
  readonly trail: Trail
  /** Nothing is in force although valid versions exist, because which of them is the last is unknown. */
  readonly contested: boolean
  /** Digest of a record whose document no longer compiles; remembered so that it is not compiled at every read. */
  readonly deadRecord: string | undefined
}

export interface Compiler {
  readonly compile: (bytes: Uint8Array<ArrayBuffer>, context: CompileContext) => CompileResult<unknown>
  readonly contextFor: (digest: string) => CompileContext
  readonly nowMillis: number
}

export interface Recall extends Compiler {
  /** Reads the applied record. @throws {StoreError} if it cannot be read */
  readonly recall: () => Promise<AppliedRecord | undefined>
}

/** The state after a read that found no document. */
export function recordAbsence(readAtMillis: number, before?: Known): Known {
  return {
    readAtMillis,
    desired: undefined,
    inForce: undefined,
    trail: extendTrail(before?.trail ?? [], ABSENT, readAtMillis),
    contested: false,
    deadRecord: undefined,
  }
}

export interface KnownUpdate {
  readonly known: Known
  /** If the stored document is invalid and the version of the record stays in force: that record. */
  readonly record?: Extract<AppliedRecord, { readonly kind: 'applied' }>
  /** If the stored document is invalid: what the record must become. */
  readonly mark?: Mark
}

/**
 * Computes the state after a read that found `bytes`. A digest that was compiled before is not compiled again.
 *
 * @throws {StoreError} if the applied record is needed and cannot be read
 */
export async function updateKnown(
  bytes: Uint8Array<ArrayBuffer>,
  readAtMillis: number,
  before: Known | undefined,
  context: Recall,
): Promise<KnownUpdate> {
  const digest = await computeDigest(bytes)
  const { inForce, desired: last, trail = [], deadRecord } = before ?? {}
  const attemptedAtMillis = last?.digest === digest ? last.attemptedAtMillis : context.nowMillis
  const desired = { digest, documentBytes: bytes.length, attemptedAtMillis, issues: [], weightBytes: 0 }
  const good = { readAtMillis, desired, trail: extendTrail(trail, digest, readAtMillis), contested: false, deadRecord }

  // The version in force compiles, also if its author has just restored it.
  if (inForce?.digest === digest) return { known: { ...good, inForce } }
  const bad = { readAtMillis, inForce, trail, contested: false, deadRecord }
  if (last?.digest === digest && last.issues.length > 0) return fallBack({ ...bad, desired: last }, context)

  const compiled = compileSafely(digest, bytes, context.nowMillis, context)
  if (compiled.ok) return { known: { ...good, inForce: compiled.value } }
  const { issues } = compiled
  const weightBytes = weighCompiled(undefined, issues, bytes)
  return fallBack({ ...bad, desired: { ...desired, issues, weightBytes } }, context)
}

/** Chooses what is in force while the stored document is invalid. */
async function fallBack(known: Known, context: Recall): Promise<KnownUpdate> {
  const record = await context.recall()
  const fallback = chooseFallback(record, known.inForce?.digest, known.trail, context.nowMillis)
  switch (fallback.kind) {
    case 'memory':
      return record?.kind === 'applied' && record.digest === known.inForce?.digest ? { known, record } : { known }
    case 'nothing': {
      const { contested, mark } = fallback
      return { known: { ...known, inForce: undefined, contested }, ...(mark === undefined ? {} : { mark }) }
    }
    case 'record': {
      const { digest, text, appliedAtMillis } = fallback.record
      if (digest === known.deadRecord) return { known }
      const compiled = compileSafely(digest, encodeUtf8(text), appliedAtMillis, context)
      if (compiled.ok) return { known: { ...known, inForce: compiled.value }, record: fallback.record }
      // The version in memory is older than the record, so it is not the last valid one.
      return { known: { ...known, inForce: undefined, deadRecord: digest } }
    }
  }
}

/**
 * The compiler must not throw. If it does, the document counts as invalid, and the valid version before it stays in
 * force.
 */
function compileSafely(
  digest: string,
  bytes: Uint8Array<ArrayBuffer>,
  appliedAtMillis: number,
  { compile, contextFor }: Compiler,
): CompileResult<Version> {
  try {
    const compiled = compile(bytes, contextFor(digest))
    if (compiled.ok) {
      const { value, warnings } = compiled
      const weightBytes = weighCompiled(value, warnings, bytes)
      return { ok: true, value: { digest, value, warnings, appliedAtMillis, weightBytes }, warnings }
    }
    if (compiled.issues.length > 0) return compiled
  } catch {
    // The message of the error may hold anything, so it is dropped: the document's digest is enough to reproduce the
    // fault.
  }
  const message =
    'Cannot compile the document: the compiler failed, which is a fault in Postern. Report it with this document'
  return { ok: false, issues: [{ code: 'value_invalid', path: [], message, line: 1, column: 1 }] }
}

/** Takes the time since which the version is in force from its record, also if another isolate applied it. */
export function setAppliedAt(known: Known, sinceMillis: number | undefined): Known {
  const { inForce } = known
  return inForce === undefined || sinceMillis === undefined
    ? known
    : { ...known, inForce: { ...inForce, appliedAtMillis: sinceMillis } }
}

/** @param stale whether the store could not be read when a refresh was due */
export function toConfigRead(known: Known, stale: boolean): ConfigRead<unknown> {
  const { desired, inForce, contested } = known
  if (desired === undefined) return { kind: 'absent', stale }
  const { attemptedAtMillis, issues } = desired
  if (inForce === undefined)
    return { kind: 'invalid', issues, digest: desired.digest, stale, attemptedAtMillis, contested }
  const { value, digest, warnings, appliedAtMillis } = inForce
  const desiredDigest = desired.digest
  return { kind: 'in_force', value, digest, stale, desiredDigest, issues, warnings, attemptedAtMillis, appliedAtMillis }
}

/** Computes the memory that the state takes, in bytes. */
export function weigh({ desired, inForce }: Known): number {
  return CONFIG_ENTRY_BYTES + (desired?.weightBytes ?? 0) + (inForce?.weightBytes ?? 0)
}
