// The named schemas in the description of the interface. `npm run schemas` writes the schemas that parse requests, and
// those that answers' types are inferred from, to schemas/openapi-schemas.json, which is served. At run time only types
// are used.

import * as v from 'valibot'
import {
  clusterSummarySchema,
  healthSchema,
  sectionStatusSchema,
  sectionSummarySchema,
} from '../../config/live/section-status.ts'
import { challengeAnswerSchema } from '../answers/challenge-answer.ts'
import { claimsAnswerSchema, identitySchema, workloadErrorSchema } from '../answers/claims-answer.ts'
import { discoverySchema, keySetSchema } from '../answers/discovery.ts'
import { checksSchema, livenessSchema, readinessSchema } from '../answers/health-answers.ts'
import { introspectionAnswerSchema } from '../answers/introspection-answer.ts'
import { attributeSchema, loginAnswerSchema } from '../answers/login-answer.ts'
import { problemSchema } from '../answers/problem-body.ts'
import { serverlessAnswerSchema } from '../answers/serverless-answer.ts'
import { configurationSchema } from '../answers/shapes.ts'
import { statusAnswerSchema, statusPageSchema } from '../answers/status-answer.ts'
import { loginBodySchema } from '../attestations.ts'
import { claimsBodySchema } from '../claims-body.ts'
import { challengeBodySchema } from '../routes/challenge.ts'
import { introspectionFormSchema } from '../routes/introspection.ts'

/** Generated clients use these names: never change them. */
export const OPENAPI_SCHEMAS = {
  LoginRequest: loginBodySchema,
  LoginAnswer: loginAnswerSchema,
  ChallengeRequest: challengeBodySchema,
  ChallengeAnswer: challengeAnswerSchema,
  Attribute: attributeSchema,
  Configuration: configurationSchema,
  ClaimsRequest: claimsBodySchema,
  ClaimsAnswer: claimsAnswerSchema,
  ServerlessAnswer: serverlessAnswerSchema,
  Identity: identitySchema,
  WorkloadError: workloadErrorSchema,
  StatusAnswer: statusAnswerSchema,
  StatusPageAnswer: statusPageSchema,
  ClusterSummary: clusterSummarySchema,
  SectionSummary: sectionSummarySchema,
  IntrospectionRequest: introspectionFormSchema,
  IntrospectionAnswer: introspectionAnswerSchema,
  Health: healthSchema,
  SectionStatus: sectionStatusSchema,
  Discovery: discoverySchema,
  KeySet: keySetSchema,
  Liveness: livenessSchema,
  Readiness: readinessSchema,
  Checks: checksSchema,
  Document: v.record(v.string(), v.unknown()),
  Problem: problemSchema,
} as const satisfies Readonly<Record<string, v.GenericSchema>>

export type SchemaName = keyof typeof OPENAPI_SCHEMAS
