// The answer to an admitted login.
import * as v from 'valibot'
import { type Configuration, configurationSchema, defineList, integer, time } from './shapes.ts'

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
}) satisfies v.GenericSchema<LoginAnswer>

export interface AnsweredAttribute {
  readonly origin: string
  readonly name: string
  readonly value: string | number | readonly string[]
}

export interface LoginAnswer {
  readonly session: { readonly token: string; readonly tokenType: 'Bearer'; readonly expiresAt: string }
  readonly policy: string
  readonly attributes: readonly AnsweredAttribute[]
  readonly configuration: Configuration
  /** Absent for an issuer, which logs in to the trust domain. */
  readonly clusterId?: string
}

/** For clients, which are told by whoever answers. Members that are not known are let pass: a gateway may be newer. */
export function isLoginAnswer(value: unknown): value is LoginAnswer {
  return v.is(loginAnswerSchema, value)
}
