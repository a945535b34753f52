// What a request for a status leaves behind: a record if it was refused, since it may be a stolen or revoked session that
// looks around. An answered one changes nothing, and is asked for every few seconds by some.
import type { Context } from 'hono'
import { AUDITED_ISSUES_MAX_BYTES, ISSUES_MAX } from '../core/limits.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import type { Session } from '../token/session/session-claims.ts'
import type { StatusRecord } from './audit/audit.ts'
import { auditedFacts, auditedText } from './audit/audit-space.ts'
import { auditedClusterId, recordHead } from './audit/record-head.ts'
import { recorded } from './audit/recorded.ts'
import { problem } from './problem.ts'
import type { GatewayEnv, Parts } from './services.ts'

export interface StatusReport {
  /** The issuer that asks. */
  asked(session: Session): void
  refused(refusal: Refusal): Response
}

export function createStatusReport(c: Context<GatewayEnv>, clusterId: string, parts: Parts): StatusReport {
  let issuer: StatusRecord['issuer']
  return {
    asked({ id, subject }) {
      issuer = { id, subject }
    },
    refused(refusal) {
      const { code, detail } = refusal
      const record: StatusRecord = {
        ...recordHead('status', c, parts),
        clusterId: auditedClusterId(clusterId),
        status: REFUSALS[code].status,
        outcome: 'refused',
        code,
        detail: auditedText(detail),
        ...(issuer === undefined ? {} : { issuer }),
        ...auditedFacts(refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES }),
      }
      return recorded(c, parts, record, () => problem(c, refusal))
    },
  }
}
