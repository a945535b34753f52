// What a read of a configuration can yield, and what the cache is handed to work with.

import type { CompileResult } from '../compile/compile.ts'
import type { CompileContext } from '../compile/section-context.ts'
import type { DocumentKey } from '../document-key.ts'
import type { LocatedIssue } from '../yaml/located-issue.ts'

/** Hands work to the host, to be done after the answer (`waitUntil`). The work never rejects. */
export type Background = (work: Promise<unknown>) => void

/** `Values` maps the names of sections to their compiled types. */
export type CompileSection<Values> = <Section extends keyof Values & string>(
  section: Section,
  bytes: Uint8Array<ArrayBuffer>,
  context: CompileContext,
) => CompileResult<Values[Section]>

export type ContextFor = (key: DocumentKey) => CompileContext

/** A document that is in force: it compiled, and nothing later that compiled has displaced it. */
export interface InForceRead<T> {
  readonly kind: 'in_force'
  readonly value: T
  readonly digest: string
  /** Served although it is due to be read again, because the store could not be read. */
  readonly stale: boolean
  /** The stored document, which is another one while `issues` keep it from coming into force. */
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
  /** There is a document, and no version of it that is known has ever compiled; or, `contested`, several have. */
  | {
      readonly kind: 'invalid'
      readonly issues: readonly LocatedIssue[]
      readonly digest: string
      readonly stale: boolean
      readonly attemptedAtMillis: number
      /** Which good version is the last cannot be told: they were stored too shortly after each other. */
      readonly contested: boolean
    }
  /** The store could not be read, and nothing in memory is young enough. The reason is the store's, for the audit record. */
  | { readonly kind: 'unavailable'; readonly retryAfterSeconds: number; readonly reason: string }
