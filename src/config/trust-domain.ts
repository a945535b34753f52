// Section TrustDomain: what holds for all clusters, and which names and paths each cluster may use. Ours, and optional
// as a whole: a cluster speaks only for itself where it is listed here.
import * as v from 'valibot'
import type { Report } from '../attest/attestor.ts'
import { SPIFFE_ID_MAX_BYTES } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import { checkSegment, isReservedSegment, SEGMENT_FAULTS } from '../identity/spiffe-id.ts'
import { clusterNameSchema, readNotBefore, sessionsNotBeforeSchema } from './cluster.ts'
import { parseClusterId } from './document-key.ts'
import { SALVAGED } from './policies.ts'
import { defineSection, type SectionRow } from './section.ts'

export interface ListedCluster {
  readonly name: string
  /** Each as its segments: `/prod/eu` is `['prod', 'eu']`. Paths are compared by whole segments. */
  readonly pathPrefixes: readonly (readonly string[])[]
}

export interface TrustDomainSettings {
  readonly sessionsNotBeforeSeconds?: number
  /** By the cluster's id. */
  readonly clusters: ReadonlyMap<string, ListedCluster>
}

const clusterSchema = v.strictObject({
  name: clusterNameSchema,
  pathPrefixes: v.pipe(
    v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(SPIFFE_ID_MAX_BYTES))),
    v.nonEmpty('Cannot list a cluster without a path prefix, none of its paths could be rendered: name at least one'),
    v.description('Where the paths of the cluster begin, by whole segments: /prod'),
  ),
})

const specSchema = v.strictObject({
  sessionsNotBefore: v.optional(sessionsNotBeforeSchema),
  clusters: v.optional(
    v.pipe(v.record(v.string(), clusterSchema), v.metadata(SALVAGED), v.description('The clusters, by id')),
  ),
})

export const trustDomain: SectionRow<TrustDomainSettings> = defineSection({
  scope: 'trust-domain',
  description: 'What holds for all clusters, and which names and paths each cluster may use',
  spec: specSchema,
  compile({ sessionsNotBefore, clusters = {} }, _context, report) {
    const notBefore = readNotBefore(sessionsNotBefore, report)
    const listed = new Map<string, ListedCluster>()
    const names = new Map<string, string>()
    for (const [id, { name, pathPrefixes }] of Object.entries(clusters)) {
      const path = ['clusters', id]
      if (parseClusterId(id) === undefined) {
        const message = `Cannot use ${quoteText(id)} as the id of a cluster: 1 to 63 letters, digits, "_" or "-"`
        report({ code: 'name_invalid', path, message, atKey: true })
      }
      const namesake = names.get(name)
      if (namesake !== undefined) {
        const message = `Cannot name two clusters ${quoteText(name)}: ${quoteText(namesake)} has that name`
        report({ code: 'name_duplicate', path: [...path, 'name'], message })
      }
      names.set(name, namesake ?? id)
      const prefixes = pathPrefixes.map((text, index) =>
        readPrefix(text, (issue) => report({ ...issue, path: [...path, 'pathPrefixes', index] })),
      )
      listed.set(id, { name, pathPrefixes: prefixes })
    }
    lintOverlaps(listed, report)
    return { ...(notBefore === undefined ? {} : { sessionsNotBeforeSeconds: notBefore }), clusters: listed }
  },
})

/** The segments of a prefix; reports what is wrong with them. */
function readPrefix(text: string, report: Report): readonly string[] {
  if (!text.startsWith('/') || text === '/') {
    const message = `Cannot use ${quoteText(text)} as a path prefix: it starts with "/" and has at least one segment`
    report({ code: 'path_invalid', path: [], message })
    return []
  }
  const segments = text.slice(1).split('/')
  let offset = 1
  for (const segment of segments) {
    const checked = checkSegment(segment)
    if (!checked.ok) {
      const message = `Cannot use ${quoteText(text)} as a path prefix: ${SEGMENT_FAULTS[checked.reason]}`
      report({ code: 'path_invalid', path: [], message, offset: offset + checked.offset })
      return segments
    }
    offset += segment.length + 1
  }
  const [first = ''] = segments
  if (isReservedSegment(first)) {
    report({ code: 'path_reserved', path: [], message: `Cannot use paths under /${first}: they are never rendered` })
  }
  return segments
}

/** Prefixes by their segments, so that finding the one above another costs no more than reading it. */
interface PrefixTree {
  readonly below: Map<string, PrefixTree>
  owner?: string
}

/** A prefix of one cluster at or below another's: then the two may render one identity. */
function lintOverlaps(clusters: ReadonlyMap<string, ListedCluster>, report: Report): void {
  const root: PrefixTree = { below: new Map() }
  for (const [id, { pathPrefixes }] of clusters) {
    for (const segments of pathPrefixes) {
      let tree = root
      for (const segment of segments) {
        const next: PrefixTree = tree.below.get(segment) ?? { below: new Map() }
        tree.below.set(segment, next)
        tree = next
      }
      tree.owner ??= id
    }
  }
  for (const [id, { pathPrefixes }] of clusters) {
    for (const [index, segments] of pathPrefixes.entries()) {
      const owner = ownerAbove(root, segments, id)
      if (owner === undefined) continue
      const message = `Cluster "${owner}" may use this path as well, so a workload of each can get the same identity`
      report({ code: 'trust_overlapping', path: ['clusters', id, 'pathPrefixes', index], message })
    }
  }
}

function ownerAbove(root: PrefixTree, segments: readonly string[], id: string): string | undefined {
  let tree: PrefixTree | undefined = root
  for (const segment of segments) {
    tree = tree?.below.get(segment)
    if (tree?.owner !== undefined && tree.owner !== id) return tree.owner
  }
  return undefined
}
