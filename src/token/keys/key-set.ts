// Reads a JWK Set (RFC 7517 section 5) key by key into usable public keys. A key that is weak, unknown or not meant for
// signatures is skipped with its reason, so that it does not invalidate the whole set: when an issuer rotates to an
// algorithm that we do not support, its other keys still verify.
import { KEY_SET_UNNAMED_SKIPPED_MAX } from '../../core/limits.ts'
import type { Algorithm } from '../algorithms.ts'
import type { ParsedToken } from '../parse.ts'
import { type PublicKey, readKid, readPublicKey } from './public-key.ts'

export interface SkippedKey {
  /** Its place in the list `keys`. */
  readonly index: number
  readonly kid?: string
  /** The key is usable otherwise: skipped for these algorithms alone. */
  readonly algorithms?: readonly Algorithm[]
  readonly reason: string
}

export interface KeySet {
  readonly keys: readonly PublicKey[]
  /** In the order of the list. Of entries without a `kid` so many as the limit says; one more entry counts the rest. */
  readonly skipped: readonly SkippedKey[]
  /** Usable keys. */
  readonly count: number
  /** The keys have no names, as PEM has none: the `kid` of a token is not looked at. */
  readonly isNameless?: true
}

/**
 * Reads the keys of a set. Their number is not bounded, since issuers append a new key to the others and sign with it:
 * the size of the document bounds it, and the work is proportional to that.
 *
 * @param json The parsed set, from our JSON reader or from a document.
 * @returns The keys and the skipped ones; `undefined` if `json` is not an object with an array `keys`.
 */
export function readKeySet(json: unknown): KeySet | undefined {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, 'keys')) return undefined
  const { keys: entries } = json as { readonly keys: unknown }
  if (!Array.isArray(entries)) return undefined

  const keys: PublicKey[] = []
  const skipped: SkippedKey[] = []
  const groups = new Map<string, Found[]>()
  for (const [index, entry] of entries.entries()) {
    const key = readPublicKey(entry)
    if (!key.ok) {
      skipped.push(makeSkippedKey(index, readKid(entry), key.reason))
      continue
    }
    const { kid } = key.value
    const group = kid === undefined ? undefined : groups.get(kid)
    if (group !== undefined) group.push({ index, key: key.value })
    else groups.set(kid ?? `\0${index}`, [{ index, key: key.value }])
  }
  for (const group of groups.values()) resolveRivals(group, keys, skipped)
  return { keys, skipped: boundSkipped(skipped), count: keys.length }
}

interface Found {
  readonly index: number
  readonly key: PublicKey
}

/**
 * Resolves keys that share a `kid`. A repeated key is read once. Of two different keys for one algorithm neither is
 * used: the `kid` is ambiguous, and "the first wins" would let the order of a list decide who may log in. Keys may
 * share a `kid` where they share no algorithm (RFC 7517 section 4.5), and one RSA key may be listed once for each of
 * its algorithms.
 */
function resolveRivals(group: readonly Found[], keys: PublicKey[], skipped: SkippedKey[]): void {
  const [first] = group
  if (group.length === 1 && first !== undefined) {
    keys.push(first.key)
    return
  }
  const owners = new Map<Algorithm, Set<string>>()
  for (const { key } of group) {
    for (const algorithm of key.algorithms)
      owners.set(algorithm, (owners.get(algorithm) ?? new Set()).add(key.identity))
  }
  const listed = new Set<string>()
  for (const { index, key } of group) {
    const contested = key.algorithms.filter((algorithm) => (owners.get(algorithm)?.size ?? 0) > 1)
    const own = key.algorithms.filter(
      (algorithm) => !contested.includes(algorithm) && !listed.has(`${algorithm} ${key.identity}`),
    )
    for (const algorithm of own) listed.add(`${algorithm} ${key.identity}`)
    if (own.length > 0) keys.push(own.length === key.algorithms.length ? key : { ...key, algorithms: own })
    if (contested.length > 0) {
      const reason = `for ${contested.join(', ')} another key has the same kid`
      skipped.push({ ...makeSkippedKey(index, key.kid, reason), ...(own.length > 0 ? { algorithms: contested } : {}) })
    } else if (own.length === 0) skipped.push(makeSkippedKey(index, key.kid, 'the same key is listed before it'))
  }
}

function makeSkippedKey(index: number, kid: string | undefined, reason: string): SkippedKey {
  return { index, ...(kid === undefined ? {} : { kid }), reason }
}

/** Bounds the reasons kept: a set that contains only `null` would otherwise keep one for every five of its bytes. */
function boundSkipped(skipped: readonly SkippedKey[]): readonly SkippedKey[] {
  const kept: SkippedKey[] = []
  const rest: SkippedKey[] = []
  let unnamed = 0
  for (const entry of skipped) {
    if (entry.kid === undefined && ++unnamed > KEY_SET_UNNAMED_SKIPPED_MAX) rest.push(entry)
    else kept.push(entry)
  }
  const [first] = rest
  if (first !== undefined) kept.push(makeSkippedKey(first.index, undefined, describeRest(rest.length)))
  return kept.sort((a, b) => a.index - b.index)
}

function describeRest(count: number): string {
  return `this and later ones, ${count} entries without a usable kid in all, are not usable keys either`
}

export type KeySelection =
  | { readonly kind: 'found'; readonly key: PublicKey }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'ambiguous' }
  | { readonly kind: 'unusable'; readonly reason: string }

/**
 * Selects the one key that may have signed the token. With a `kid`: exactly that key, and it must fit the algorithm.
 * Without: only if exactly one key fits, since trying keys in turn is as weak as the weakest key. A `kid` that names
 * only a skipped key is `unusable` with its reason, so that "RSA exponent 1" is not reported as "unknown".
 */
export function selectKey(set: KeySet, { header }: ParsedToken): KeySelection {
  const { alg } = header
  const kid = set.isNameless === true ? undefined : header.kid
  const fitting = set.keys.filter((key) => key.algorithms.includes(alg) && (kid === undefined || key.kid === kid))
  const [key] = fitting
  if (key !== undefined) return fitting.length === 1 ? { kind: 'found', key } : { kind: 'ambiguous' }
  if (kid === undefined) return { kind: 'unknown' }
  const skipped = set.skipped.filter((candidate) => candidate.kid === kid)
  const contested = skipped.find(({ algorithms }) => algorithms?.includes(alg) === true)
  if (contested !== undefined) return { kind: 'unusable', reason: contested.reason }
  if (set.keys.some((candidate) => candidate.kid === kid)) {
    return { kind: 'unusable', reason: `the key is not for ${alg}` }
  }
  const [other] = skipped
  return other === undefined ? { kind: 'unknown' } : { kind: 'unusable', reason: other.reason }
}
