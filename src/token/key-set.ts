// A JWK Set (RFC 7517 section 5) becomes a list of usable public keys, read key by key: a key that is weak, unknown or
// not meant for signatures is skipped and its reason kept, so that one such key never costs the whole set. At the next
// rotation to an algorithm that we do not know, the other keys go on.
import { KEY_SET_MAX_KEYS } from '../core/limits.ts'
import type { ParsedToken } from './parse.ts'
import { type PublicKey, readKid, readPublicKey } from './public-key.ts'

export interface SkippedKey {
  /** Its place in the list `keys`. */
  readonly index: number
  readonly kid?: string
  readonly reason: string
}

export interface KeySet {
  readonly keys: readonly PublicKey[]
  readonly skipped: readonly SkippedKey[]
  /** Usable keys. */
  readonly count: number
}

/** The keys of a set. `undefined` in the one case where there is none to read: not an object with a list `keys`. */
export function readKeySet(json: unknown): KeySet | undefined {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'keys')) return undefined
  const { keys: entries } = json as { readonly keys: unknown }
  if (!Array.isArray(entries)) return undefined

  const found: { readonly index: number; readonly key: PublicKey }[] = []
  const skipped: SkippedKey[] = []
  const skip = (index: number, kid: string | undefined, reason: string): void => {
    skipped.push({ index, ...(kid === undefined ? {} : { kid }), reason })
  }
  for (const [index, entry] of entries.slice(0, KEY_SET_MAX_KEYS).entries()) {
    const key = readPublicKey(entry)
    if (key.ok) found.push({ index, key: key.value })
    else skip(index, readKid(entry), key.reason)
  }
  if (entries.length > KEY_SET_MAX_KEYS) {
    skip(
      KEY_SET_MAX_KEYS,
      undefined,
      `the set has ${entries.length} keys, and only the first ${KEY_SET_MAX_KEYS} are read`,
    )
  }

  const keys: PublicKey[] = []
  for (const { index, key } of found) {
    const fault = rivalFault(index, key, found)
    if (fault === undefined) keys.push(key)
    else skip(index, key.kid, fault)
  }
  return { keys, skipped: skipped.sort((a, b) => a.index - b.index), count: keys.length }
}

/**
 * What to do with equal `kid`s. The same key again is read once. Of two different keys that fit one algorithm neither
 * is used: a `kid` that names two keys names none, and "the first wins" would let the order of a list decide who may
 * log in. Keys that no algorithm shares may have one `kid` (RFC 7517 section 4.5).
 */
function rivalFault(
  index: number,
  key: PublicKey,
  found: readonly { readonly index: number; readonly key: PublicKey }[],
): string | undefined {
  if (key.kid === undefined) return undefined
  const rivals = found.filter((other) => other.index !== index && other.key.kid === key.kid)
  if (rivals.some((other) => other.index < index && other.key.identity === key.identity))
    return 'the same key is listed before'
  const isRival = (other: PublicKey): boolean =>
    other.identity !== key.identity && key.algorithms.some((alg) => other.algorithms.includes(alg))
  return rivals.some((other) => isRival(other.key)) ? 'another key has the same kid' : undefined
}

export type KeySelection =
  | { readonly kind: 'found'; readonly key: PublicKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unusable'; readonly reason: string }

/**
 * The one key that may have signed the token. With a `kid`: exactly that key, and it must fit the algorithm. Without:
 * only if exactly one key fits, since trying keys in turn makes the weakest of them the lock. A `kid` that names only
 * a skipped key is `unusable` with its reason, so that "RSA exponent 1" is not reported as "unknown".
 */
export function selectKey(set: KeySet, { header: { alg, kid } }: ParsedToken): KeySelection {
  const fitting = set.keys.filter((key) => key.algorithms.includes(alg) && (kid === undefined || key.kid === kid))
  const [key] = fitting
  if (key !== undefined) return fitting.length === 1 ? { kind: 'found', key } : { kind: 'ambiguous' }
  if (kid === undefined) return { kind: 'unknown' }
  if (set.keys.some((candidate) => candidate.kid === kid)) {
    return { kind: 'unusable', reason: `the key is not for ${alg}` }
  }
  const skipped = set.skipped.find((candidate) => candidate.kid === kid)
  return skipped === undefined ? { kind: 'unknown' } : { kind: 'unusable', reason: skipped.reason }
}
