// The results of reading a configuration, and the functions that the cache gets from outside.

import type { CompileResult } from '../compile/compile.ts'
import type { CompileContext } from '../compile/section-context.ts'
import type { DocumentKey } from '../document-key.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'

/** Hands work to the host, which continues after the answer (`waitUntil`). The work must not reject. */
export type Background = (work: Promise<unknown>) => void

/** `Values` maps the names of sections to their compiled types. */
export type CompileSection<Values> = <Section extends keyof Values & string>(
  section: Section,
  bytes: Uint8Array<ArrayBuffer>,
  context: CompileContext,
) => CompileResult<Values[Section]>

export type ContextFor = (key: DocumentKey) => CompileContext

/** A document in force: the last version that compiled. */
export interface InForceRead<T> {
  readonly kind: 'in_force'
  readonly value: T
  readonly digest: string
  /** A refresh is due but the store cannot be read, so an older copy serves. */
  readonly stale: boolean
  /** The digest of the stored document; differs from `digest` if `issues` prevent it from coming into force. */
  readonly desiredDigest: string
  readonly issues: readonly LocatedIssue[]
  readonly warnings: readonly LocatedIssue[]
  /** When the stored document was first compiled, and when the one in force first came into force. */
  readonly attemptedAtMillis: number
  readonly appliedAtMillis: number
}

export type ConfigRead<T> =
  | InForceRead<T>
  /** The store was read, and has no such document. */
  | { readonly kind: 'absent'; readonly stale: boolean }
  /** A document is stored, but no known version of it ever compiled; or, if `contested`, several did. */
  | {
      readonly kind: 'invalid'
      readonly issues: readonly LocatedIssue[]
      readonly digest: string
      readonly stale: boolean
      readonly attemptedAtMillis: number
      /** Which valid version is the last is unknown, because they were stored too shortly after each other. */
      readonly contested: boolean
    }
  /**
   * The store could not be read, and no copy in memory is recent enough. `reason` is the store's error, for the audit
   * record.
   */
  | {
      readonly kind: 'unavailable'
      readonly retryAfterSeconds: number
      readonly reason: string
      /** Not the store: memory is too small for the documents in use, and this one is not compiled again yet. */
      readonly isOverBudget?: true
    }
