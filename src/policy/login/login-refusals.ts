// Why a login does not get in, where no attestor and no condition says so itself: one sentence each.
import { quoteText } from '../../core/printable.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import type { Policy } from '../policy.ts'

/** Keys that could not be fetched might still verify it. */
export function isWaiting({ code }: Refusal): boolean {
  return REFUSALS[code].reason === 'keys_unavailable'
}

/** The policy asks for evidence of this type, and none of it was sent that fits. */
export function attestorMissing(type: string, { requirements }: Policy): Refusal {
  const detail = `evidence of type "${type}" is required as well`
  const audit = { requiredAttestors: requirements.map((requirement) => requirement.type) }
  return { code: 'attestor_missing', detail, audit }
}

export const SPENT: Refusal = {
  code: 'token_expired',
  detail: 'JWT verification failed: the evidence expires now, and no session can outlive it: send fresh evidence',
}

export function notRequired(type: string): Refusal {
  return {
    code: 'evidence_not_required',
    detail: `no policy of this cluster asks for evidence of type ${quoteText(type)}: it was ignored`,
  }
}

/** Also the reason why a policy that requires it is never satisfied. */
export function unsupported(type: string): Refusal {
  return {
    code: 'attestor_unsupported',
    detail: `this version of the gateway does not support evidence of type ${quoteText(type)}`,
  }
}

export function emptyPolicy(): Refusal {
  return {
    code: 'policy_empty',
    detail: 'the policy requires no attestor, and so admits nobody',
    audit: { requiredAttestors: [] },
  }
}
