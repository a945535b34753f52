// What evidence claims before it is verified. Used only in the audit record of a refused login, where it shows operators
// whose evidence was refused. A caller can claim anything, so no decision may depend on it.
import type { Json } from '../core/json.ts'

/**
 * Claims that could be read strictly. Their length is not bounded and they may contain control characters. A row may add
 * members of its own.
 */
export interface Claimed {
  readonly [own: string]: string | readonly string[]
  readonly issuer?: string
  readonly subject?: string
  readonly keyId?: string
  readonly namespace?: string
  readonly serviceAccount?: string
  readonly pod?: string
  readonly node?: string
  /** RFC 3339 */
  readonly issuedAt?: string
  readonly notBefore?: string
  readonly expiresAt?: string
  readonly audiences?: readonly string[]
}

/** Picks the members of `facts` that are not `undefined`. */
export function pickClaimed(facts: { readonly [name: string]: string | readonly string[] | undefined }): Claimed {
  const picked: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(facts)) if (value !== undefined) picked[name] = value
  return picked
}

/** Reads a non-empty string; `undefined` for anything else. */
export function readClaimedText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Reads the strings of an `aud`, which is a string or an array (RFC 7519 section 4.1.3). */
export function readClaimedTexts(value: Json | undefined): readonly string[] | undefined {
  const texts = [value].flat().filter((one): one is string => typeof one === 'string')
  return texts.length === 0 ? undefined : texts
}

/** Reads a NumericDate (RFC 7519 section 2, seconds since 1970) as RFC 3339; `undefined` if it is out of range. */
export function readClaimedTime(value: Json | undefined): string | undefined {
  if (typeof value !== 'number') return undefined
  const time = new Date(value * 1000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
