// The answers to status requests: of one cluster, and of many.
import * as v from 'valibot'
import { clusterSummarySchema, healthSchema, sectionStatusSchema } from '../../config/live/section-status.ts'
import { configurationSchema, defineList } from './shapes.ts'

export const statusAnswerSchema = v.object({
  clusterId: v.string(),
  health: healthSchema,
  sections: defineList(sectionStatusSchema),
  configuration: configurationSchema,
})

export const statusPageSchema = v.object({
  clusters: v.pipe(defineList(clusterSummarySchema), v.description('May be fewer than were asked for, or none')),
  cursor: v.exactOptional(v.pipe(v.string(), v.description('Of the next page; absent on the last one'))),
  configuration: configurationSchema,
})

export type StatusPageAnswer = v.InferOutput<typeof statusPageSchema>
export type StatusAnswer = v.InferOutput<typeof statusAnswerSchema>
