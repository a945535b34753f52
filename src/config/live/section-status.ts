// The status of a section in JSON: in answers of the gateway, which the command line reads, and in its own output.
import * as v from 'valibot'

export type Health = 'HEALTHY' | 'UNHEALTHY'

export interface IssueBody {
  readonly code: string
  /** Such as `spec.policies[0].name`; empty for the whole document. */
  readonly path: string
  readonly message: string
  /** Absent for a finding across sections. */
  readonly line?: number
  readonly column?: number
}

export interface SectionStatusBody {
  readonly section: string
  readonly health: Health
  /** `unknown`: the store could not be read, and no copy in memory is recent enough. */
  readonly stored: 'present' | 'absent' | 'unknown'
  readonly stale: boolean
  readonly issues: readonly IssueBody[]
  readonly warnings: readonly IssueBody[]
  readonly desiredDigest?: string
  readonly attemptedAt?: string
  readonly appliedDigest?: string
  readonly appliedAt?: string
}

/** A section in the status of many clusters: findings are counted, and only the first error is listed. */
export interface SectionSummary extends Omit<SectionStatusBody, 'issues' | 'warnings'> {
  /** At most 100 are counted. */
  readonly errors: number
  readonly warnings: number
  readonly issue?: IssueBody
}

export interface ClusterSummary {
  readonly clusterId: string
  readonly health: Health
  /** Those that are stored, or unhealthy. */
  readonly sections: readonly SectionSummary[]
}

export interface ClusterPage {
  readonly clusters: readonly ClusterSummary[]
  readonly cursor?: string
}

const integer = v.pipe(v.number(), v.integer())
/** RFC 3339. Not validated: a status is displayed unchanged. */
const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))

const issueStatusSchema = v.object({
  code: v.string(),
  path: v.pipe(v.string(), v.description('Such as spec.policies[0].name; empty for the whole document')),
  message: v.string(),
  line: v.exactOptional(v.pipe(integer, v.description('Absent for a finding across sections'))),
  column: v.exactOptional(integer),
})

const issues = v.pipe(v.array(issueStatusSchema), v.readonly())

export const healthSchema = v.picklist(['HEALTHY', 'UNHEALTHY'])

export const sectionStatusSchema = v.object({
  section: v.string(),
  health: healthSchema,
  stored: v.pipe(
    v.picklist(['present', 'absent', 'unknown']),
    v.description('unknown: the store could not be read, and no copy in memory is recent enough'),
  ),
  stale: v.pipe(v.boolean(), v.description('The store could not be read lately; this is the result of an older read')),
  issues,
  warnings: issues,
  desiredDigest: v.exactOptional(v.string()),
  attemptedAt: v.exactOptional(v.pipe(time, v.description('When the stored version was first compiled'))),
  appliedDigest: v.exactOptional(v.string()),
  appliedAt: v.exactOptional(time),
}) satisfies v.GenericSchema<SectionStatusBody>

/** A section in the status of many clusters: findings are counted, and only the first error is listed. */
export const sectionSummarySchema = v.object({
  ...v.omit(sectionStatusSchema, ['issues', 'warnings']).entries,
  errors: v.pipe(integer, v.description('At most 100 are counted')),
  warnings: integer,
  issue: v.exactOptional(issueStatusSchema),
})

export const clusterSummarySchema = v.object({
  clusterId: v.string(),
  health: healthSchema,
  sections: v.pipe(v.array(sectionSummarySchema), v.readonly(), v.description('Those that are stored, or unhealthy')),
})

const clusterPageSchema = v.object({
  clusters: v.array(clusterSummarySchema),
  cursor: v.exactOptional(v.string()),
})

/** Reads a page of the status of many clusters; `undefined` if `json` is not one. */
export function readClusterPage(json: unknown): ClusterPage | undefined {
  const read = v.safeParse(clusterPageSchema, json)
  return read.success ? read.output : undefined
}

const sectionStatusesSchema = v.array(sectionStatusSchema)

/**
 * Reads the statuses in a gateway's answer, dropping members of later versions; `undefined` if `json` is not a list of
 * statuses.
 */
export function readSectionStatuses(json: unknown): readonly SectionStatusBody[] | undefined {
  const read = v.safeParse(sectionStatusesSchema, json)
  return read.success ? read.output : undefined
}
