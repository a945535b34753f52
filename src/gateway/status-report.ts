// What a request for a status leaves behind: the answer, and a record if it was refused, since somebody may be looking
// around with a stolen or revoked session. One that is answered changes nothing, and some ask every few seconds.
import type { Context } from 'hono'
import type { SectionStatus } from '../config/live/status.ts'
import { AUDITED_ISSUES_MAX_BYTES, ISSUES_MAX } from '../core/limits.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import type { Session } from '../token/session/session-claims.ts'
import type { StatusAnswer } from './answers/status-answer.ts'
import { answerRecorded } from './audit/answer-recorded.ts'
import type { StatusRecord } from './audit/audit.ts'
import { auditFacts, auditString } from './audit/audit-space.ts'
import { auditClusterId, createRecordHead } from './audit/record-head.ts'
import { answerJson, answerProblem } from './problem.ts'
import { listConfiguration, type RequestSnapshot } from './request-snapshot.ts'
import type { GatewayEnv, Services } from './services.ts'

export interface StatusReport {
  /** Whose request it is. Before its session has verified, the answer tells nothing of the configuration. */
  noteIssuer(session: Session): void
  refuse(refusal: Refusal): Response
  answer(sections: readonly SectionStatus[]): Response
}

export function createStatusReport(
  c: Context<GatewayEnv>,
  clusterId: string,
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
        clusterId: auditClusterId(clusterId),
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
    answer(sections) {
      const health = sections.every((section) => section.health === 'HEALTHY') ? 'HEALTHY' : 'UNHEALTHY'
      const configuration = listConfiguration(snapshot.listUsed())
      return answerJson<StatusAnswer>(c, { clusterId, health, sections, configuration })
    },
  }
}
