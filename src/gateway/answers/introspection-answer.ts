// The answer to an introspection (RFC 7662 section 2.2). Its member names are those of the RFC and of the session's claims.
import * as v from 'valibot'
import { type AnsweredAttribute, attributeSchema } from './login-answer.ts'
import { defineList, integer } from './shapes.ts'

export const introspectionAnswerSchema = v.object({
  active: v.pipe(
    v.boolean(),
    v.description('Whether the session may be used now. If false, there are no other members'),
  ),
  token_type: v.exactOptional(v.literal('Bearer')),
  iss: v.exactOptional(v.string()),
  sub: v.exactOptional(v.string()),
  aud: v.exactOptional(v.string()),
  jti: v.exactOptional(v.string()),
  iat: v.exactOptional(integer),
  exp: v.exactOptional(integer),
  role: v.exactOptional(v.literal('agent')),
  cluster_id: v.exactOptional(v.string()),
  policy: v.exactOptional(v.string()),
  attributes: v.exactOptional(defineList(attributeSchema)),
}) satisfies v.GenericSchema<IntrospectionAnswer>

export interface IntrospectionAnswer {
  /** Whether the session may be used now. If false, there are no other members. */
  readonly active: boolean
  readonly token_type?: 'Bearer'
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string
  readonly jti?: string
  readonly iat?: number
  readonly exp?: number
  readonly role?: 'agent'
  readonly cluster_id?: string
  readonly policy?: string
  readonly attributes?: readonly AnsweredAttribute[]
}

/** For clients, which are told by whoever answers. */
export function isIntrospectionAnswer(value: unknown): value is IntrospectionAnswer {
  return v.is(introspectionAnswerSchema, value)
}
