// Content codings (RFC 9110 section 8.4) of what an issuer sends. The gateway asks for none, and caches and CDNs on the
// way send some all the same. How a coding is undone is the host's; which ones, and what a failure is called, is here.

import { QUOTED_MAX_CHARACTERS } from '../core/limits.ts'
import { printable } from '../core/printable.ts'

export type Coding = 'gzip' | 'deflate' | 'br'

export type ContentFailure =
  /** The name is printable and bounded: it is kept with the state of the issuer. */
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
 * The coding that has to be undone, if there is one. Throws {@link makeContentError} for any that cannot be, two in a row
 * among them: workerd hands on unsupported content undecoded, and what one host refuses no other may read.
 */
export function readCoding(headers: Headers): Coding | undefined {
  const name = headers.get('content-encoding') ?? ''
  if (name === '' || name === 'identity') return undefined
  const coding = CODINGS.get(name)
  if (coding === undefined)
    throw makeContentError({ kind: 'coding_unsupported', coding: printable(name, QUOTED_MAX_CHARACTERS) })
  return coding
}

/** The headers of the content once its coding is undone: neither the coding nor the length is true of it. */
export function removeCoding(headers: Headers): Headers {
  const left = new Headers(headers)
  left.delete('content-encoding')
  left.delete('content-length')
  return left
}

/** What a `FetchLike`, or a read of its body, rejects with if the content cannot be decoded. */
export function makeContentError(failure: ContentFailure): Error {
  const error = new Error(`content cannot be decoded: ${failure.kind}`)
  failures.set(error, failure)
  return error
}

/** The failure that {@link makeContentError} was made of; `undefined` for every other error. */
export function findContentFailure(error: unknown): ContentFailure | undefined {
  return error instanceof Error ? failures.get(error) : undefined
}
