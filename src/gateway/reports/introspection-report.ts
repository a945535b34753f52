// Ends an introspection: the answer to the issuer, and the audit record, which alone says why a session is not active.
import type { Context } from 'hono'
import { AUDITED_ISSUES_MAX_BYTES, ISSUES_MAX } from '../../core/limits.ts'
import { printableJson } from '../../core/printable.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import type { Session } from '../../token/session/session-claims.ts'
import type { IntrospectionAnswer } from '../answers/introspection-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import type { IntrospectionRecord } from '../audit/audit.ts'
import { auditFacts, auditString } from '../audit/audit-space.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem } from '../problem.ts'
import { listConfiguration, type RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'

export interface IntrospectionReport {
  /** The issuer, once its session has verified. Before that the answer reveals nothing of the configuration. */
  noteIssuer(session: Session): void
  /** The session that was asked about, once it has verified as one of a cluster of the issuer. */
  noteSession(session: Session): void
  /** Refuses the request: nothing is said about the session. */
  refuse(refusal: Refusal): Response
  answerActive(session: Session): Response
  answerInactive(why: Refusal): Response
}

export function createIntrospectionReport(
  c: Context<GatewayEnv>,
  services: Pick<Services, 'clock' | 'audit' | 'authority'>,
  snapshot: RequestSnapshot,
): IntrospectionReport {
  let issuer: IntrospectionRecord['issuer']
  let asked: IntrospectionRecord['session']

  function record(
    status: number,
    facts: Pick<IntrospectionRecord, 'outcome' | 'active'>,
    refusal?: Refusal,
  ): IntrospectionRecord {
    const configuration = snapshot.listUsed()
    return {
      ...createRecordHead('introspection', c, services),
      status,
      ...facts,
      ...(refusal === undefined ? {} : { code: refusal.code, detail: auditString(refusal.detail) }),
      ...(configuration.length === 0 ? {} : { configuration }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(asked === undefined ? {} : { session: asked }),
      ...(refusal === undefined ? {} : auditFacts(refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES })),
    }
  }

  return {
    noteIssuer({ id, subject }) {
      issuer = { id, subject }
    },
    noteSession({ id, subject, clusterId = '' }) {
      asked = { id, subject, clusterId: auditClusterId(clusterId) }
    },
    refuse(refusal) {
      const extras = issuer === undefined ? {} : { configuration: listConfiguration(snapshot.listUsed()) }
      const { status } = REFUSALS[refusal.code]
      return answerRecorded(c, services, record(status, { outcome: 'refused' }, refusal), () =>
        answerProblem(c, refusal, extras),
      )
    },
    answerActive(session) {
      const { issuerUrl, trustDomain } = services.authority
      const answer: IntrospectionAnswer = {
        active: true,
        token_type: 'Bearer',
        iss: issuerUrl,
        sub: session.subject,
        aud: `spiffe://${trustDomain}`,
        jti: session.id,
        iat: session.issuedAtSeconds,
        exp: session.expiresAtSeconds,
        role: 'agent',
        cluster_id: session.clusterId ?? '',
        policy: session.policy,
        attributes: session.attributes,
      }
      return answerRecorded(c, services, record(200, { outcome: 'answered', active: true }), () =>
        answerJson<IntrospectionAnswer>(c, answer, printableJson),
      )
    },
    answerInactive(why) {
      return answerRecorded(c, services, record(200, { outcome: 'answered', active: false }, why), () =>
        answerJson<IntrospectionAnswer>(c, { active: false }),
      )
    },
  }
}
