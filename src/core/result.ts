// The two shapes of failure: one for the request path, one for the authoring path.
import type { Issue } from './issue.ts'
import type { Refusal } from './refusal.ts'

/** What every check on the request path returns. The first refusal ends the login. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal }

/** What every step on the authoring path returns: all the issues at once; a success may carry warnings. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T; readonly warnings: readonly Issue[] }
  | { readonly ok: false; readonly issues: readonly [Issue, ...Issue[]] }

export function pass<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function refuse(refusal: Refusal): { readonly ok: false; readonly refusal: Refusal } {
  return { ok: false, refusal }
}
