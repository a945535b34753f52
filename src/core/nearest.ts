// "Did you mean": the nearest right name for a misspelt one.
import { distance } from 'fastest-levenshtein'

const LONGEST_NAME = 96

/**
 * The candidate nearest to `name` by Levenshtein distance, ignoring case, or `undefined` if none is near.
 *
 * Near is at most a quarter of the name in edits, no more than 4, and at least 2 from four characters on: two letters that
 * changed places count as two edits. `gcp_token` is not meant to be `k8s_token`. Longer names than 96 UTF-16 units are not
 * compared.
 */
export function findNearest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.min(4, Math.max(name.length < 4 ? 1 : 2, Math.floor(name.length / 4))) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance || candidate.length > LONGEST_NAME) continue
    const edits = distance(wanted, candidate.toLowerCase())
    if (edits < bestDistance) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}

/** A sentence fragment, `; did you mean "x"?`, or nothing. */
export function suggestNearest(name: string, candidates: Iterable<string>): string {
  const best = findNearest(name, candidates)
  return best === undefined ? '' : `; did you mean "${best}"?`
}
