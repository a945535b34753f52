// The answer to an admitted login.
import * as v from 'valibot'
import { configurationSchema, defineList, integer, time } from './shapes.ts'

export const attributeSchema = v.object({
  origin: v.string(),
  name: v.string(),
  value: v.union([v.string(), integer, defineList(v.string())]),
})

export const loginAnswerSchema = v.object({
  session: v.object({ token: v.string(), tokenType: v.literal('Bearer'), expiresAt: time }),
  policy: v.string(),
  attributes: defineList(attributeSchema),
  configuration: configurationSchema,
  /** Absent for an issuer, which logs in to the trust domain. */
  clusterId: v.exactOptional(v.string()),
})

export type LoginAnswer = v.InferOutput<typeof loginAnswerSchema>

/** For clients, which are told by whoever answers. Members that are not known are let pass: a gateway may be newer. */
export function isLoginAnswer(value: unknown): value is LoginAnswer {
  return v.is(loginAnswerSchema, value)
}
