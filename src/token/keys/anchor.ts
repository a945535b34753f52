// Anchors: what verified a token, as a session names it. A session outlives the document that admitted it, so it keeps
// the name of its anchor, and every use checks whether the document in force still has an anchor of that name.
import { digestText } from '../../core/digest.ts'
import { type KeySourceSpec, makeKeySourceId } from './key-source-spec.ts'
import type { PublicKey } from './public-key.ts'

/** Ids of sources. A pure function's results, kept for as long as the compiled document is. */
const sourceIds = new WeakMap<KeySourceSpec, string>()

/** The base64url SHA-256 of the place that the keys come from, or of an inline set: equal exactly for equal trust. */
export function computeSourceDigest(spec: KeySourceSpec): string {
  const kept = sourceIds.get(spec)
  if (kept !== undefined) return kept
  const id = digestText(makeKeySourceId(spec))
  sourceIds.set(spec, id)
  return id
}

/**
 * The anchor of a token that `key` of `spec` has verified. Fetched keys: a digest of the place that they come from,
 * since an issuer rotates its keys by itself. Keys in the document: the thumbprint of that key (RFC 7638). So removing
 * a leaked key from the document revokes what it signed, and adding a key revokes nothing.
 */
export async function findAnchor(spec: KeySourceSpec, key: PublicKey): Promise<string> {
  return spec.kind === 'inline' ? key.thumbprint() : computeSourceDigest(spec)
}

/** Every anchor of `spec`, sorted, without duplicates. */
export async function listAnchors(spec: KeySourceSpec): Promise<readonly string[]> {
  if (spec.kind !== 'inline') return [computeSourceDigest(spec)]
  const thumbprints = await Promise.all(spec.keys.keys.map((key) => key.thumbprint()))
  return [...new Set(thumbprints)].sort()
}
