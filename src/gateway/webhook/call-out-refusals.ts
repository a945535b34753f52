// The refusals of calls to other services. The answer is the same whatever failed, so it reveals nothing of the policy; URL
// and reason go to the audit record.
import { describeCallOut } from '../../attest/call-out-facts.ts'
import type { Refusal, RefusalCode } from '../../core/refusal.ts'
import type { FetchFailure } from '../../net/bounded-fetch.ts'
import { fillFacts } from '../../net/cause-row.ts'
import { FETCH_CAUSES } from '../../net/fetch-causes.ts'

/** No usable answer came. */
export function refuseUnanswered(url: string, reason: string): Refusal {
  return {
    code: 'call_out_unanswered',
    detail: 'a service that the policy consults did not answer: try again',
    retryAfterSeconds: 1,
    audit: describeCallOut(url, reason),
  }
}

/** The gateway makes no call, until its operator changes a setting. */
export function refuseUnset(code: RefusalCode, url: string, reason: string): Refusal {
  return {
    code,
    detail: 'the gateway is not configured to call a service that the policy consults: contact its operator',
    retryAfterSeconds: 60,
    audit: describeCallOut(url, reason),
  }
}

export function refuseBusy(url: string, reason: string): Refusal {
  return {
    code: 'call_out_busy',
    detail: 'a service that the policy consults is slow, and too many logins wait for it: try again',
    retryAfterSeconds: 1,
    audit: describeCallOut(url, reason),
  }
}

export function describeFetchFailure({ kind, facts }: FetchFailure): string {
  return `${kind}: the answer ${fillFacts(FETCH_CAUSES[kind].what, facts)}`
}
