// Anchors: what verified a token, as a session names it. A session outlives the document that admitted it, so it keeps
// the name of its anchor, and every use asks whether the document in force still holds one of that name.
import { digestText } from '../../core/digest.ts'
import { type KeySourceSpec, makeKeySourceId } from './key-source-spec.ts'
import type { PublicKey } from './public-key.ts'

/** Ids of sources. A pure function's results, kept for as long as the compiled document is. */
const sourceIds = new WeakMap<KeySourceSpec, string>()

/** Base64url SHA-256 of where the keys come from, or of the set itself: equal exactly for sources that verify alike. */
export function computeSourceDigest(spec: KeySourceSpec): string {
  const kept = sourceIds.get(spec)
  if (kept !== undefined) return kept
  const id = digestText(makeKeySourceId(spec))
  sourceIds.set(spec, id)
  return id
}

/**
 * The anchor of a token that `key` of `spec` has verified. Fetched keys: a digest of where they come from, since an
 * issuer rotates its keys by itself. Keys of the document: the thumbprint of that very key, so that an operator who
 * takes a leaked key out of the document revokes what it signed, and one who adds a key revokes nothing.
 */
export async function findAnchor(spec: KeySourceSpec, key: PublicKey): Promise<string> {
  return spec.kind === 'inline' ? key.thumbprint() : computeSourceDigest(spec)
}

/** Every anchor by which `spec` can verify, sorted, each once. */
export async function listAnchors(spec: KeySourceSpec): Promise<readonly string[]> {
  if (spec.kind !== 'inline') return [computeSourceDigest(spec)]
  const thumbprints = await Promise.all(spec.keys.keys.map((key) => key.thumbprint()))
  return [...new Set(thumbprints)].sort()
}
