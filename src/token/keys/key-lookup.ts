// The key of a token in a key set, or the refusal that says why it has none.
import type { Refusal } from '../../core/refusal.ts'
import type { ParsedToken } from '../parse.ts'
import { type KeyPublisher, refuseSelection } from './key-refusals.ts'
import { type KeySelection, type KeySet, selectKey } from './key-set.ts'
import type { PublicKey } from './public-key.ts'

export type KeyLookup =
  | {
      readonly kind: 'found'
      readonly key: PublicKey
      /** The keys are older than their `max-age`, because the issuer cannot be reached. */
      readonly stale: boolean
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** Finds the token's key in `set` alone. `publisher`: the one that a refusal names. */
export function lookUpIn(set: KeySet, token: ParsedToken, publisher: KeyPublisher): KeyLookup {
  return makeLookup(selectKey(set, token), token, { stale: false, publisher, set })
}

/** A `kid` is printable, so none equals the name of a token without a `kid`. */
export function describeKeyName({ header: { kid, alg } }: ParsedToken): string {
  return kid ?? `\0${alg}`
}

export const NO_KEYS: KeySet = { keys: [], skipped: [], count: 0 }

interface Place {
  readonly stale: boolean
  readonly publisher: KeyPublisher
  readonly set: KeySet
}

export function makeLookup(selection: KeySelection, token: ParsedToken, { stale, publisher, set }: Place): KeyLookup {
  return selection.kind === 'found'
    ? { kind: 'found', key: selection.key, stale }
    : { kind: 'refused', refusal: refuseSelection(selection, token, publisher, set) }
}
