// The body of a refusal: RFC 9457, with extension members.
import * as v from 'valibot'
import { REFUSALS } from '../../core/refusal.ts'
import { type Checks, checksSchema } from './health-answers.ts'
import { type Configuration, configurationSchema, defineList, integer } from './shapes.ts'

export const problemSchema = v.object({
  type: v.pipe(v.string(), v.url(), v.description('urn:postern:<code>')),
  title: v.string(),
  status: integer,
  code: v.picklist(Object.keys(REFUSALS)),
  detail: v.string(),
  requestId: v.pipe(v.string(), v.uuid()),
  reason: v.exactOptional(v.string()),
  where: v.exactOptional(
    v.pipe(v.string(), v.description('The refused member of the request, or the refused attribute')),
  ),
  refusals: v.exactOptional(
    defineList(v.object({ type: v.string(), code: v.string(), reason: v.string(), detail: v.string() })),
  ),
  configuration: v.exactOptional(configurationSchema),
  checks: v.exactOptional(checksSchema),
}) satisfies v.GenericSchema<ProblemBody>

/** One piece of evidence of a refused login. */
export interface RefusedEvidence {
  readonly type: string
  readonly code: string
  readonly reason: string
  readonly detail: string
}

export interface ProblemBody {
  /** `urn:postern:<code>`. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly requestId: string
  readonly reason?: string
  /** The refused member of the request, or the refused attribute. */
  readonly where?: string
  readonly refusals?: readonly RefusedEvidence[]
  readonly configuration?: Configuration
  readonly checks?: Checks
}
