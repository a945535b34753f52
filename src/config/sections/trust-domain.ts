// Section TrustDomain: settings of all clusters, and the names and paths that each cluster may use. Specific to
// Postern; the whole section is optional, but only clusters listed here are confined to their own names and paths.
import * as v from 'valibot'
import type { Report } from '../../attest/attest-context.ts'
import { SPIFFE_ID_MAX_BYTES } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import { createPathPrefixes, type PathPrefixes } from '../../identity/path-prefixes.ts'
import { checkSegment, isReservedSegment, SEGMENT_FAULTS } from '../../identity/spiffe-id.ts'
import { CLUSTER_ID_WORDS, parseClusterId } from '../document-key.ts'
import { clusterNameSchema, readNotBefore, sessionsNotBeforeSchema } from './cluster.ts'
import { lintNames, lintOverlaps, type OwnedPrefix } from './listing-lint.ts'
import { SALVAGED } from './salvaged.ts'
import { defineSection, type SectionRow } from './section.ts'

export interface ListedCluster {
  readonly name: string
  /** Compared by whole segments: `/prod` does not contain `/production`. */
  readonly pathPrefixes: PathPrefixes
}

/** How mappings of unlisted clusters are handled. */
export const UNLISTED = ['refuse', 'warn'] as const

export interface TrustDomainSettings {
  readonly sessionsNotBeforeSeconds?: number
  /** By the cluster's id. */
  readonly clusters: ReadonlyMap<string, ListedCluster>
  /** Default: `refuse` if any cluster is listed, else `warn`. */
  readonly unlisted: (typeof UNLISTED)[number]
  /** The names and ids of all listed clusters, folded: no other cluster may use one of them. */
  readonly listedNames: ReadonlySet<string>
  /** The prefixes of all listed clusters. */
  readonly listedPrefixes: PathPrefixes
}

const clusterSchema = v.strictObject({
  name: clusterNameSchema,
  pathPrefixes: v.pipe(
    v.array(v.pipe(v.string(), v.nonEmpty(), v.maxLength(SPIFFE_ID_MAX_BYTES))),
    v.nonEmpty('Cannot list a cluster without a path prefix, which would forbid all of its paths: add at least one'),
    v.description('Prefixes of the paths of the cluster, compared by whole segments: /prod'),
  ),
})

const specSchema = v.strictObject({
  sessionsNotBefore: v.optional(sessionsNotBeforeSchema),
  clusters: v.optional(
    v.pipe(v.record(v.string(), clusterSchema), v.metadata(SALVAGED), v.description('The clusters, by id')),
  ),
  unlisted: v.optional(
    v.pipe(
      v.picklist(UNLISTED),
      v.description(
        'Unlisted clusters: refuse, the default if any cluster is listed, refuses their mappings; warn maps them outside the names and prefixes of listed clusters',
      ),
    ),
  ),
})

export const trustDomain: SectionRow<TrustDomainSettings> = defineSection({
  scopes: ['trust-domain'],
  description: 'Settings of all clusters, and the names and paths that each cluster may use',
  spec: specSchema,
  compile({ sessionsNotBefore, clusters = {}, unlisted }, _context, report) {
    const notBefore = readNotBefore(sessionsNotBefore, report)
    const listed = new Map<string, ListedCluster>()
    const names = new Map<string, string>()
    const prefixes: OwnedPrefix[] = []
    for (const [id, { name, pathPrefixes }] of Object.entries(clusters)) {
      const path = ['clusters', id]
      if (parseClusterId(id) === undefined) {
        const message = `Cannot use ${quoteText(id)} as the id of a cluster: expected ${CLUSTER_ID_WORDS}`
        report({ code: 'name_invalid', path, message, atKey: true })
      }
      const namesake = names.get(name)
      if (namesake !== undefined) {
        const message = `Cannot name two clusters ${quoteText(name)}: cluster ${quoteText(namesake)} has that name already`
        report({ code: 'name_duplicate', path: [...path, 'name'], message })
      }
      names.set(name, namesake ?? id)
      for (const [index, text] of pathPrefixes.entries()) {
        const at = [...path, 'pathPrefixes', index]
        checkPrefix(text, (issue) => report({ ...issue, path: at }))
        prefixes.push({ text, owner: id, path: at })
      }
      listed.set(id, { name, pathPrefixes: createPathPrefixes(pathPrefixes) })
    }
    lintOverlaps(prefixes, report)
    const listedNames = lintNames(listed, report)
    if (listed.size > 0 && unlisted === undefined) {
      const message =
        'Mapping is refused (cluster_unlisted) for every unlisted cluster: list all clusters and set unlisted: refuse, or set unlisted: warn to map the others outside these names and prefixes'
      report({ code: 'unlisted_unset', path: ['clusters'], message, atKey: true })
    }
    return {
      ...(notBefore === undefined ? {} : { sessionsNotBeforeSeconds: notBefore }),
      clusters: listed,
      unlisted: unlisted ?? (listed.size > 0 ? 'refuse' : 'warn'),
      listedNames,
      listedPrefixes: createPathPrefixes(prefixes.map(({ text }) => text)),
    }
  },
})

/** Reports the first fault of a prefix: `path_invalid` or `path_reserved`. */
function checkPrefix(text: string, report: Report): void {
  if (!text.startsWith('/') || text === '/') {
    const message = `Cannot use ${quoteText(text)} as a path prefix: expected "/" and at least one segment`
    report({ code: 'path_invalid', path: [], message })
    return
  }
  const segments = text.slice(1).split('/')
  let offset = 1
  for (const segment of segments) {
    const checked = checkSegment(segment)
    if (!checked.ok) {
      const message = `Cannot use ${quoteText(text)} as a path prefix: ${SEGMENT_FAULTS[checked.reason]}`
      report({ code: 'path_invalid', path: [], message, offset: offset + checked.offset })
      return
    }
    offset += segment.length + 1
  }
  const [first = ''] = segments
  if (isReservedSegment(first)) {
    report({
      code: 'path_reserved',
      path: [],
      message: `Cannot use paths under /${first}: they are reserved and never rendered`,
    })
  }
}
