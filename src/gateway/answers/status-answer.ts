// The answer to a status request.
import * as v from 'valibot'
import { healthSchema, sectionStatusSchema } from '../../config/live/section-status.ts'
import { configurationSchema, defineList } from './shapes.ts'

export const statusAnswerSchema = v.object({
  clusterId: v.string(),
  health: healthSchema,
  sections: defineList(sectionStatusSchema),
  configuration: configurationSchema,
})

export type StatusAnswer = v.InferOutput<typeof statusAnswerSchema>
