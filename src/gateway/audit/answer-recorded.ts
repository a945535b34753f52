// An answer is given only where its record was taken: a session that no record tells of must not be issued, and refusals
// must not go unseen while somebody tries tokens.
import type { Context } from 'hono'
import { AUDIT_RETRY_AFTER_SECONDS } from '../../core/limits.ts'
import { answerProblem } from '../problem.ts'
import type { GatewayEnv, Services } from '../services.ts'
import type { AuditRecord } from './audit.ts'

/** `answer`, or `503 audit_unavailable` if the record of it is refused. */
export function answerRecorded(
  c: Context<GatewayEnv>,
  { audit }: Pick<Services, 'audit'>,
  record: AuditRecord,
  answer: () => Response,
): Response {
  if (audit(record)) return answer()
  return answerProblem(c, {
    code: 'audit_unavailable',
    detail: 'the gateway cannot write its audit record now, and answers nothing without one: try again later',
    retryAfterSeconds: AUDIT_RETRY_AFTER_SECONDS,
  })
}
