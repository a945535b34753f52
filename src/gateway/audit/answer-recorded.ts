// Answers only if the audit record was accepted: no session may be issued without a record, and refusals of an attacker
// who tries tokens must not go unrecorded.
import type { Context } from 'hono'
import { AUDIT_RETRY_AFTER_SECONDS } from '../../core/limits.ts'
import { answerProblem } from '../problem.ts'
import type { GatewayEnv, Services } from '../services.ts'
import type { AuditRecord } from './audit.ts'

/** Answers with `answer`, or with `503 audit_unavailable` if the sink refuses the record. */
export function answerRecorded(
  c: Context<GatewayEnv>,
  { audit }: Pick<Services, 'audit'>,
  record: AuditRecord,
  answer: () => Response,
): Response {
  if (audit(record)) return answer()
  return answerProblem(c, {
    code: 'audit_unavailable',
    detail: 'the gateway cannot write the audit record that this request requires: try again later',
    retryAfterSeconds: AUDIT_RETRY_AFTER_SECONDS,
  })
}
