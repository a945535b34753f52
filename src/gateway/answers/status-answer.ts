// The answer to a status request.
import * as v from 'valibot'
import {
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
