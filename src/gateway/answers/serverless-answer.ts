// The answer to a workload without an agent whose evidence satisfied a policy: its identity, and never a session.
import * as v from 'valibot'
import { type Identity, svidFields } from './claims-answer.ts'
import { type Configuration, configurationSchema } from './shapes.ts'

export const serverlessAnswerSchema = v.object({
  spiffeId: v.pipe(v.string(), v.url()),
  policy: v.object({
    source: v.literal('policy'),
    /** The policy of ServerlessAttestation that the evidence satisfied. */
    name: v.string(),
  }),
  ...svidFields,
  configuration: configurationSchema,
  /** Absent for the trust domain. */
  clusterId: v.exactOptional(v.string()),
}) satisfies v.GenericSchema<ServerlessAnswer>

export interface ServerlessAnswer extends Pick<Identity, 'spiffeId' | 'jwt' | 'x509'> {
  readonly policy: { readonly source: 'policy'; readonly name: string }
  readonly configuration: Configuration
  /** Absent for the trust domain. */
  readonly clusterId?: string
}

/** For clients. Members that are not known are let pass: a gateway may be newer. */
export function isServerlessAnswer(value: unknown): value is ServerlessAnswer {
  return v.is(serverlessAnswerSchema, value)
}
