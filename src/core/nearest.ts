// "Did you mean": finds the valid name that is nearest to a misspelt one.
import { distance } from 'fastest-levenshtein'

const LONGEST_NAME = 96

/**
 * Finds the candidate nearest to `name` by Levenshtein distance, ignoring case; `undefined` if none is near.
 *
 * Near means: at most a quarter of the name's length in edits, at most 4, and from four characters on at least 2,
 * because two transposed letters count as two edits. So `gcp_token` is not near `k8s_token`. Names over 96 UTF-16 units
 * are not compared.
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

/** Writes the end of a sentence, `; did you mean "x"?`, or an empty string. */
export function suggestNearest(name: string, candidates: Iterable<string>): string {
  const best = findNearest(name, candidates)
  return best === undefined ? '' : `; did you mean "${best}"?`
}
