// `postern/client`: requests to a gateway, for agents and issuers.
export {
  type ClaimsRequest,
  type Client,
  type ClientAttestation,
  type ClientOptions,
  type ClientWorkload,
  createClient,
} from '../client/client.ts'
export { type ClientFetch, describeFailure, type Failure, type Reply } from '../client/transport.ts'
export type { ChallengeAnswer } from '../gateway/answers/challenge-answer.ts'
export type { ClaimsAnswer } from '../gateway/answers/claims-answer.ts'
export type { IntrospectionAnswer } from '../gateway/answers/introspection-answer.ts'
export type { LoginAnswer } from '../gateway/answers/login-answer.ts'
export type { ProblemBody } from '../gateway/answers/problem-body.ts'
export type { StatusAnswer } from '../gateway/answers/status-answer.ts'
