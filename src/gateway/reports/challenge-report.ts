// Ends a challenge request: the answer, and an audit record if it was refused. An issued challenge is not recorded: it
// proves and changes nothing, and the login that uses it is recorded.
import type { Context } from 'hono'
import { AUDITED_ISSUES_MAX_BYTES, ISSUES_MAX } from '../../core/limits.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import type { EvidenceRefusal } from '../../policy/login/trials.ts'
import type { ChallengeAnswer } from '../answers/challenge-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import type { ChallengeRecord } from '../audit/audit.ts'
import { auditFacts, auditString } from '../audit/audit-space.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem } from '../problem.ts'
import type { RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'

export interface ChallengeReport {
  /** @param cause the attestor's own refusal, if that is the reason */
  refuse(refusal: Refusal, cause?: EvidenceRefusal): Response
  answer(given: ChallengeAnswer): Response
}

export function createChallengeReport(
  c: Context<GatewayEnv>,
  clusterId: string | undefined,
  services: Pick<Services, 'clock' | 'audit'>,
  snapshot: RequestSnapshot,
): ChallengeReport {
  return {
    refuse(refusal, cause) {
      const { code, detail } = refusal
      const configuration = snapshot.listUsed()
      const record: ChallengeRecord = {
        ...createRecordHead('challenge', c, services),
        ...(clusterId === undefined ? {} : { clusterId: auditClusterId(clusterId) }),
        status: REFUSALS[code].status,
        outcome: 'refused',
        code,
        detail: auditString(detail),
        ...(cause === undefined ? {} : { attestor: cause.type, cause: cause.refusal.code }),
        ...(configuration.length === 0 ? {} : { configuration }),
        ...auditFacts(cause?.refusal ?? refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES }),
      }
      const extras = cause === undefined ? {} : { refusals: [cause] }
      return answerRecorded(c, services, record, () => answerProblem(c, refusal, extras))
    },
    answer: (given) => answerJson<ChallengeAnswer>(c, given),
  }
}
