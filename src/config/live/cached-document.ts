// What one read of the store makes of a document, given what was known before: the rule that a bad document never
// displaces a good one, and that a deleted one is gone. Plain data; the store and the time come from the cache.

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
  /** Of memory: see `weighCompiled`. */
  readonly weightBytes: number
}

/** The stored document, whether or not it compiles. */
export interface Desired {
  readonly digest: string
  readonly documentBytes: number
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
  /** What this isolate itself read, but for bad documents. */
  readonly trail: Trail
  /** Nothing is in force although there are good versions: which of them is the last cannot be told. */
  readonly contested: boolean
  /** A record whose text no longer compiles, so that it is not compiled at every read. */
  readonly deadRecord: string | undefined
}

export interface Compiler {
  readonly compile: (bytes: Uint8Array<ArrayBuffer>, context: CompileContext) => CompileResult<unknown>
  readonly contextFor: (digest: string) => CompileContext
  readonly nowMillis: number
}

export interface Recall extends Compiler {
  /** The applied record. Rejects with a `StoreError` if it cannot be read. */
  readonly recall: () => Promise<AppliedRecord | undefined>
}

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
  /** Where the stored document is bad: the record of what goes on in force, if it is that of the record. */
  readonly record?: Extract<AppliedRecord, { readonly kind: 'applied' }>
  /** Where the stored document is bad: what the record has to become. */
  readonly mark?: Mark
}

/**
 * What is known after a read that found `bytes`. Nothing is compiled whose digest has been compiled before. Rejects
 * with a `StoreError` if the applied record is needed and cannot be read.
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

  // What is in force is known to compile, also when its author has just put it back.
  if (inForce?.digest === digest) return { known: { ...good, inForce } }
  const bad = { readAtMillis, inForce, trail, contested: false, deadRecord }
  if (last?.digest === digest && last.issues.length > 0) return fallBack({ ...bad, desired: last }, context)

  const compiled = compileSafely(digest, bytes, context.nowMillis, context)
  if (compiled.ok) return { known: { ...good, inForce: compiled.value } }
  const { issues } = compiled
  const weightBytes = weighCompiled(undefined, issues, bytes)
  return fallBack({ ...bad, desired: { ...desired, issues, weightBytes } }, context)
}

/** The stored document is bad: what is in force then? */
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
      // What is in memory is older than the record, and is not the last good version any more.
      return { known: { ...known, inForce: undefined, deadRecord: digest } }
    }
  }
}

/** The compiler promises not to throw. Should it, the document is bad, and the good one before it stays. */
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
    // Its message may hold anything; the document's digest is enough to look for the fault.
  }
  const message = 'Cannot compile the document: the compiler failed, which is a fault of Postern; please report it'
  return { ok: false, issues: [{ code: 'value_invalid', path: [], message, line: 1, column: 1 }] }
}

/** A record knows since when the version has been applied, also where another isolate applied it. */
export function setAppliedAt(known: Known, sinceMillis: number | undefined): Known {
  const { inForce } = known
  return inForce === undefined || sinceMillis === undefined
    ? known
    : { ...known, inForce: { ...inForce, appliedAtMillis: sinceMillis } }
}

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

/** What it takes of memory. */
export function weigh({ desired, inForce }: Known): number {
  return CONFIG_ENTRY_BYTES + (desired?.weightBytes ?? 0) + (inForce?.weightBytes ?? 0)
}
