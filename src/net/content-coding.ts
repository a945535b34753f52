// Content codings (RFC 9110 section 8.4) of issuers' responses. The gateway requests none, but caches and CDNs on the
// way send some anyway. The host decodes them; this file lists the supported ones and the failures.

import { QUOTED_MAX_CHARACTERS } from '../core/limits.ts'
import { printable } from '../core/printable.ts'

export type Coding = 'gzip' | 'deflate' | 'br'

export type ContentFailure =
  /** The name is printable and bounded, since it is kept with the state of the issuer. */
  | { readonly kind: 'coding_unsupported'; readonly coding: string }
  | { readonly kind: 'coding_broken'; readonly coding: Coding }

/** By their registered names; `x-gzip` is the same as `gzip` (section 8.4.1.3). */
const CODINGS: ReadonlyMap<string, Coding> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'br'],
])

const failures = new WeakMap<Error, ContentFailure>()

/**
 * Reads the content coding that the host must decode.
 *
 * Every host refuses the same codings: workerd would pass on unsupported content undecoded.
 *
 * @returns The coding; `undefined` if the content is not encoded.
 * @throws The error of {@link makeContentError} for an unsupported coding, or for several.
 */
export function readCoding(headers: Headers): Coding | undefined {
  const name = headers.get('content-encoding') ?? ''
  if (name === '' || name === 'identity') return undefined
  const coding = CODINGS.get(name)
  if (coding === undefined)
    throw makeContentError({ kind: 'coding_unsupported', coding: printable(name, QUOTED_MAX_CHARACTERS) })
  return coding
}

/** Copies headers for decoded content, without `Content-Encoding` and `Content-Length`, which no longer apply. */
export function removeCoding(headers: Headers): Headers {
  const left = new Headers(headers)
  left.delete('content-encoding')
  left.delete('content-length')
  return left
}

/**
 * Makes the error with which a `FetchLike`, or a read of its body, rejects if the content cannot be decoded.
 *
 * @example controller.error(makeContentError({ kind: 'coding_broken', coding: 'gzip' }))
 */
export function makeContentError(failure: ContentFailure): Error {
  const error = new Error(`content cannot be decoded: ${failure.kind}`)
  failures.set(error, failure)
  return error
}

/** Finds the failure of an error of {@link makeContentError}; `undefined` for any other error. */
export function findContentFailure(error: unknown): ContentFailure | undefined {
  return error instanceof Error ? failures.get(error) : undefined
}
