// The type of every answer that is made per request. Published documents are made once: see `discovery.ts`.
import type { ChallengeAnswer } from './challenge-answer.ts'
import type { ClaimsAnswer } from './claims-answer.ts'
import type { Liveness, Readiness } from './health-answers.ts'
import type { IntrospectionAnswer } from './introspection-answer.ts'
import type { LoginAnswer } from './login-answer.ts'
import type { ServerlessAnswer } from './serverless-answer.ts'
import type { StatusAnswer, StatusPageAnswer } from './status-answer.ts'

export type Answer =
  | LoginAnswer
  | ChallengeAnswer
  | ClaimsAnswer
  | ServerlessAnswer
  | StatusAnswer
  | StatusPageAnswer
  | IntrospectionAnswer
  | Liveness
  | Readiness
