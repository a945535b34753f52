// The two result types: one for requests, one for authoring documents.
import type { Issue } from './issue.ts'
import type { Refusal } from './refusal.ts'

/** The result of every check of a request: a value, or the refusal that ends it. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

/** The result of every step of compiling a document: all its issues at once. A success may have warnings. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly [Issue, ...Issue[]] }

/**
 * Makes a successful {@link Checked}.
 *
 * @example return pass({ issuer, audiences })
 */
export function pass<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

/**
 * Makes a refused {@link Checked}.
 *
 * @param refusal Its `detail` is sent to the caller: describe the caller's input only, and quote no token.
 * @example return refuse({ code: 'claim_missing', where: 'exp', detail: 'Claim "exp" is missing' })
 */
export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal }
}
