// Likely mistakes in the list of clusters: two clusters that may render the same path, or whose names are easily
// confused.

import type { Report } from '../../attest/attest-context.ts'
import type { Path } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import { isUnderPath } from '../../identity/path-prefixes.ts'
import { foldName } from '../fold-name.ts'

export interface OwnedPrefix {
  readonly text: string
  /** The id of the cluster. */
  readonly owner: string
  /** Its place in the document. */
  readonly path: Path
}

/** A prefix above the current one. `other` is another cluster with a prefix above it. */
interface Above extends OwnedPrefix {
  readonly other: string | undefined
}

/**
 * Reports each prefix of a cluster at or below another cluster's: both may then render the same identity. In sorted
 * order a prefix is followed by all below it, so one pass with a stack finds every prefix above.
 */
export function lintOverlaps(prefixes: readonly OwnedPrefix[], report: Report): void {
  const ordered = prefixes.map((prefix) => ({ ...prefix, key: `${prefix.text}/` }))
  // The sort is stable: of equal prefixes the first in the document stays first, and the others are reported.
  ordered.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const above: Above[] = []
  for (const prefix of ordered) {
    while (above.length > 0 && !isUnderPath(prefix.text, above.at(-1)?.text ?? '')) above.pop()
    const nearest = above.at(-1)
    const other = nearest === undefined || nearest.owner !== prefix.owner ? nearest?.owner : nearest.other
    above.push({ ...prefix, other })
    if (other === undefined) continue
    const message = `Cluster ${quoteText(other)} may use this path as well, so workloads of both can get the same identity: choose prefixes that do not overlap`
    report({ code: 'trust_overlapping', path: prefix.path, message })
  }
}

/**
 * Lists the folded names and ids of all clusters. Reports each name that equals another cluster's name or id, case
 * ignored: templates render both, and a relying party cannot see which of them a claim holds.
 */
export function lintNames(
  clusters: ReadonlyMap<string, { readonly name: string }>,
  report: Report,
): ReadonlySet<string> {
  const ids = new Map(Array.from(clusters.keys(), (id) => [foldName(id), id]))
  const names = new Map<string, string>()
  for (const [id, { name }] of clusters) {
    const folded = foldName(name)
    const other = [ids.get(folded), names.get(folded)].find((owner) => owner !== undefined && owner !== id)
    names.set(folded, names.get(folded) ?? id)
    // An identical name has been reported as an error already.
    if (other === undefined || clusters.get(other)?.name === name) continue
    const message = `Cluster ${quoteText(other)} has this name or id as well (case ignored), so a relying party can confuse their claims: choose another name`
    report({ code: 'trust_overlapping', path: ['clusters', id, 'name'], message })
  }
  return new Set([...ids.keys(), ...names.keys()])
}
