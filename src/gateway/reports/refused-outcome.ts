// What is recorded and answered of evidence that no policy admitted, be it a login's or a serverless request's.

import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import type { LoginOutcome, RefusedReason } from '../../policy/login/login.ts'
import type { ProblemExtras } from '../problem.ts'

export type NotAdmitted = Exclude<LoginOutcome, { readonly kind: 'admitted' }>

export interface RefusedOutcome {
  /** For the head of the record. */
  readonly facts: {
    readonly status: number
    readonly outcome: 'refused'
    readonly code: RefusalCode
    readonly reason?: RefusedReason
  }
  readonly problem: Refusal
  readonly extras: ProblemExtras
}

/**
 * @param details a sentence for each reason
 * @param chooseStatus of a refusal that is not an outage
 */
export function describeRefusedOutcome(
  outcome: NotAdmitted,
  details: Readonly<Record<RefusedReason, string>>,
  chooseStatus: (reason: RefusedReason) => 401 | 403,
): RefusedOutcome {
  const { refusals } = outcome
  if (outcome.kind === 'unavailable') {
    const { code, detail, retryAfterSeconds } = outcome
    const facts = { status: 503, outcome: 'refused', code } as const
    return { facts, problem: { code, detail, retryAfterSeconds }, extras: { refusals } }
  }
  const { reason } = outcome
  const code = 'login_refused'
  const status = chooseStatus(reason)
  const facts = { status, outcome: 'refused', code, reason } as const
  return { facts, problem: { code, detail: details[reason] }, extras: { status, reason, refusals } }
}
