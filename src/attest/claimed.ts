// What evidence says of itself before anything has verified it. For the audit record of a refused login alone: it shows
// an operator whose evidence it was. Anybody can claim anything, so no decision may rest on it.
import type { Json } from '../core/json.ts'

/** Only what could be read strictly is there; nothing is bounded or made printable yet. */
export interface Claimed {
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

/** The members of `facts` that hold something. */
export function pickClaimed(facts: { readonly [Name in keyof Claimed]: Claimed[Name] | undefined }): Claimed {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))
}

export function readClaimedText(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The strings among an `aud`, which may be one or a list (RFC 7519 section 4.1.3). */
export function readClaimedTexts(value: Json | undefined): readonly string[] | undefined {
  const texts = [value].flat().filter((one): one is string => typeof one === 'string')
  return texts.length === 0 ? undefined : texts
}

/** Seconds since 1970, where they are a time at all (RFC 7519 section 2, NumericDate). */
export function readClaimedTime(value: Json | undefined): string | undefined {
  if (typeof value !== 'number') return undefined
  const time = new Date(value * 1000)
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString()
}
