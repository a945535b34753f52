// What is likely a mistake in the list of clusters: two of them that may render one path, or whose names are
// easily confused.

import type { Report } from '../../attest/attest-context.ts'
import type { Path } from '../../core/issue.ts'
import { quoteText } from '../../core/printable.ts'
import { isUnderPath } from '../../identity/path-prefixes.ts'
import { foldName } from '../fold-name.ts'

export interface OwnedPrefix {
  readonly text: string
  /** The id of the cluster. */
  readonly owner: string
  /** Where it stands in the document. */
  readonly path: Path
}

/** A prefix above the current one. `other` is a cluster above it that is not its own. */
interface Above extends OwnedPrefix {
  readonly other: string | undefined
}

/**
 * Reports each prefix of one cluster at or below another's: then the two may render one identity. Sorted, what lies
 * below a prefix follows it, so one pass sees all that is above.
 */
export function lintOverlaps(prefixes: readonly OwnedPrefix[], report: Report): void {
  const ordered = prefixes.map((prefix) => ({ ...prefix, key: `${prefix.text}/` }))
  // Of equal ones the first of the document stays the first: the others are reported.
  ordered.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const above: Above[] = []
  for (const prefix of ordered) {
    while (above.length > 0 && !isUnderPath(prefix.text, above.at(-1)?.text ?? '')) above.pop()
    const nearest = above.at(-1)
    const other = nearest === undefined || nearest.owner !== prefix.owner ? nearest?.owner : nearest.other
    above.push({ ...prefix, other })
    if (other === undefined) continue
    const message = `Cluster ${quoteText(other)} may use this path as well, so a workload of each can get the same identity`
    report({ code: 'trust_overlapping', path: prefix.path, message })
  }
}

/**
 * The folded names and ids of all clusters. Reports each name that equals the name or the id of another
 * cluster, case ignored: templates render both, and a claim does not say which of them it holds.
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
    // The same name in the same case is an error already.
    if (other === undefined || clusters.get(other)?.name === name) continue
    const message = `Cluster ${quoteText(other)} has this name or id as well (case ignored), so claims of one can be taken for the other's`
    report({ code: 'trust_overlapping', path: ['clusters', id, 'name'], message })
  }
  return new Set([...ids.keys(), ...names.keys()])
}
