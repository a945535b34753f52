// The answers to status requests: of one cluster, and of many.
import * as v from 'valibot'
import {
  type ClusterSummary,
  clusterSummarySchema,
  type Health,
  healthSchema,
  type SectionStatusBody,
  sectionStatusSchema,
} from '../../config/live/section-status.ts'
import { type Configuration, configurationSchema, defineList } from './shapes.ts'

export const statusAnswerSchema = v.object({
  clusterId: v.string(),
  health: healthSchema,
  sections: defineList(sectionStatusSchema),
  configuration: configurationSchema,
}) satisfies v.GenericSchema<StatusAnswer>

export interface StatusAnswer {
  readonly clusterId: string
  readonly health: Health
  readonly sections: readonly SectionStatusBody[]
  readonly configuration: Configuration
}

/** For clients, which are told by whoever answers. */
export function isStatusAnswer(value: unknown): value is StatusAnswer {
  return v.is(statusAnswerSchema, value)
}

export const statusPageSchema = v.object({
  clusters: v.pipe(defineList(clusterSummarySchema), v.description('May be fewer than were asked for, or none')),
  cursor: v.exactOptional(v.pipe(v.string(), v.description('Of the next page; absent on the last one'))),
  configuration: configurationSchema,
}) satisfies v.GenericSchema<StatusPageAnswer>

export interface StatusPageAnswer {
  /** May be fewer than were asked for, or none. */
  readonly clusters: readonly ClusterSummary[]
  /** Of the next page; absent on the last one. */
  readonly cursor?: string
  readonly configuration: Configuration
}
