// The status of a section as JSON carries it: in an answer of the gateway, which the tool reads, and out of the tool.
import * as v from 'valibot'

const integer = v.pipe(v.number(), v.integer())
/** RFC 3339. Not checked: who reads a status shows it as it is. */
const time = v.pipe(v.string(), v.metadata({ format: 'date-time' }))

export const issueStatusSchema = v.object({
  code: v.string(),
  path: v.pipe(v.string(), v.description('spec.policies[0].name; empty for the document as a whole')),
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
    v.description('unknown: the store could not be read, and nothing in memory is young enough to tell'),
  ),
  stale: v.pipe(v.boolean(), v.description('The store could not be read lately; this is of an older read')),
  issues,
  warnings: issues,
  desiredDigest: v.exactOptional(v.string()),
  attemptedAt: v.exactOptional(v.pipe(time, v.description('When the stored version was first compiled'))),
  appliedDigest: v.exactOptional(v.string()),
  appliedAt: v.exactOptional(time),
})

const sectionStatusesSchema = v.array(sectionStatusSchema)

/** The statuses that a gateway answered; without the members that only a later version knows. `undefined`: it is none. */
export function readSectionStatuses(json: unknown): v.InferOutput<typeof sectionStatusesSchema> | undefined {
  const read = v.safeParse(sectionStatusesSchema, json)
  return read.success ? read.output : undefined
}
