// The refusals of a login that come neither from an attestor nor from a condition.
import { HOST_FEATURES, type HostFeature } from '../../attest/host-features.ts'
import { quoteText } from '../../core/printable.ts'
import { REFUSALS, type Refusal, type RefusalCode } from '../../core/refusal.ts'
import type { Policy } from '../policy.ts'

/** Tells whether the refusal is temporary: the login might pass once the source answers. */
export function isWaiting({ code }: Refusal): boolean {
  return findAnswerCode(code) !== undefined
}

/** Finds the code of the 503 that this refusal leads to; `undefined` if the login ends with 401 or 403. */
export function findAnswerCode(code: RefusalCode): RefusalCode | undefined {
  const row = REFUSALS[code]
  return 'answer' in row ? row.answer : undefined
}

/** The policy requires evidence of this type, and no matching evidence was sent. */
export function describeMissingAttestor(type: string, { requirements }: Policy): Refusal {
  const detail = `evidence of type "${type}" is missing: send it in the same login`
  const audit = { requiredAttestors: requirements.map((requirement) => requirement.type) }
  return { code: 'attestor_missing', detail, audit }
}

export const SPENT: Refusal = {
  code: 'token_expired',
  detail: 'JWT verification failed: the evidence expires now, so no session can be issued: send fresh evidence',
}

/**
 * Too many anchors have the name that the evidence gives. The compiler refuses such documents if the names are inline.
 */
export const ANCHOR_AMBIGUOUS: Refusal = {
  code: 'signing_key_ambiguous',
  detail: 'the evidence names no key and could match too many key sets: send evidence that names its key',
}

export const CHALLENGE_MISSING: Refusal = {
  code: 'challenge_missing',
  detail: 'this evidence requires a challenge: request one and send it back as "challenge"',
}

/** For the evidence of a call-out that was not made. */
export const NOT_ASKED: Refusal = {
  code: 'evidence_not_required',
  detail: 'no call-out was made for this evidence: other evidence did not pass, and that decides first',
}

export const TOO_MANY_CALL_OUTS: Refusal = {
  code: 'call_out_unanswered',
  detail: 'the policies of this request need more call-outs than one request may make',
  retryAfterSeconds: 60,
  audit: { callOutFailure: 'not made: too many call-outs in one request' },
}

/** For an attestor without a `refuseSelector` of its own. */
export function describeUnknownSelector(type: string, expected: readonly string[]): Refusal {
  return {
    code: 'issuer_mismatch',
    detail: `no policy of this cluster accepts the issuer of this evidence of type ${quoteText(type)}`,
    audit: { expected },
  }
}

export function describeUnrequired(type: string): Refusal {
  return {
    code: 'evidence_not_required',
    detail: `no policy of this cluster asks for evidence of type ${quoteText(type)}: it was ignored`,
  }
}

/** Also the reason why a policy that requires it is never satisfied. */
export function describeUnsupported(type: string): Refusal {
  return {
    code: 'attestor_unsupported',
    detail: `this version of the gateway does not support evidence of type ${quoteText(type)}`,
  }
}

/** Other hosts of the same gateway may verify it, and may be reached by trying again. */
export function describeUnsupportedHere(type: string, feature: HostFeature): Refusal {
  return {
    code: 'host_unsupported',
    detail: `this host of the gateway cannot verify evidence of type ${quoteText(type)}: its operator must run one that can`,
    retryAfterSeconds: 60,
    audit: { hostCannot: HOST_FEATURES[feature].does, hostsThatCan: HOST_FEATURES[feature].hosts },
  }
}

export function describeEmptyPolicy(): Refusal {
  return {
    code: 'policy_empty',
    detail: 'the policy requires no attestor and therefore admits no login',
    audit: { requiredAttestors: [] },
  }
}
