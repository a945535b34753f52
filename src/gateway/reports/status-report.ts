// Ends a status request: the answer, and an audit record if it was refused, which may show reconnaissance with a stolen
// or revoked session. An answered one is not recorded: it changes nothing, and some clients poll every few seconds.
import type { Context } from 'hono'
import { combineHealth, type SectionStatus } from '../../config/live/status.ts'
import { AUDITED_ISSUES_MAX_BYTES, ISSUES_MAX } from '../../core/limits.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import type { Session } from '../../token/session/session-claims.ts'
import type { StatusAnswer, StatusPageAnswer } from '../answers/status-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import type { StatusRecord } from '../audit/audit.ts'
import { auditFacts, auditString } from '../audit/audit-space.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem } from '../problem.ts'
import { listConfiguration, type RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'

export interface StatusReport {
  /** The issuer, once its session has verified. Before that the answer reveals nothing of the configuration. */
  noteIssuer(session: Session): void
  refuse(refusal: Refusal): Response
  answer(clusterId: string, sections: readonly SectionStatus[]): Response
  answerPage(page: StatusPageAnswer): Response
}

/** @param clusterId as the path has it; absent if the request is for all clusters */
export function createStatusReport(
  c: Context<GatewayEnv>,
  clusterId: string | undefined,
  services: Pick<Services, 'clock' | 'audit'>,
  snapshot: RequestSnapshot,
): StatusReport {
  let issuer: StatusRecord['issuer']
  return {
    noteIssuer({ id, subject }) {
      issuer = { id, subject }
    },
    refuse(refusal) {
      const { code, detail } = refusal
      const configuration = snapshot.listUsed()
      const extras = issuer === undefined ? {} : { configuration: listConfiguration(configuration) }
      const record: StatusRecord = {
        ...createRecordHead('status', c, services),
        ...(clusterId === undefined ? {} : { clusterId: auditClusterId(clusterId) }),
        status: REFUSALS[code].status,
        outcome: 'refused',
        code,
        detail: auditString(detail),
        ...(configuration.length === 0 ? {} : { configuration }),
        ...(issuer === undefined ? {} : { issuer }),
        ...auditFacts(refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES }),
      }
      return answerRecorded(c, services, record, () => answerProblem(c, refusal, extras))
    },
    answer(id, sections) {
      const configuration = listConfiguration(snapshot.listUsed())
      return answerJson<StatusAnswer>(c, { clusterId: id, health: combineHealth(sections), sections, configuration })
    },
    answerPage: (page) => answerJson<StatusPageAnswer>(c, page),
  }
}
