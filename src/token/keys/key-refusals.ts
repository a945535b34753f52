// Messages about keys: those that the caller may read, and those for the audit record and the status only.
import { roundUpToSeconds } from '../../core/duration.ts'
import { AUDITED_EXPECTED_MAX, QUOTED_CLAIM_MAX_CHARACTERS } from '../../core/limits.ts'
import { quoteText } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import { type CauseRow, fillFacts } from '../../net/cause-row.ts'
import { FETCH_CAUSES, type FetchCause } from '../../net/fetch-causes.ts'
import type { ParsedToken } from '../parse.ts'
import type { KeySelection, KeySet, SkippedKey } from './key-set.ts'
import type { LoadFailure } from './load-outcome.ts'
import { findNextAttemptMillis, type SourceState } from './source-state.ts'

const DOCUMENTS = { discovery: 'the discovery document', keys: 'the key set' } as const

/** A failure as the operator reads it. */
export interface FailureReport {
  readonly cause: FetchCause
  /** What happened, without the URL. */
  readonly reason: string
  readonly nextStep: string
}

/** Describes a failed load for the operator. Never send it to a caller: it names hosts and certificates. */
export function describeFailure(failure: LoadFailure): FailureReport {
  const { document, kind, unusedProxy } = failure
  const row: CauseRow = FETCH_CAUSES[kind]
  const facts = { ...failure.facts, origin: quoteText(URL.parse(failure.url)?.origin ?? '') }
  const proxy =
    unusedProxy === undefined || row.isConnection !== true ? '' : ` (${unusedProxy} is set, and Postern uses no proxy)`
  return {
    cause: kind,
    reason: `${DOCUMENTS[document]} ${fillFacts(row.what, facts)}${proxy}`,
    nextStep: fillFacts(row.next, facts),
  }
}

/**
 * Refuses because keys could not be fetched (503). The fault is not the caller's, who should try again. The caller
 * reads the same message whatever failed; the cause goes to the audit record.
 */
export function refuseFailedFetch(state: SourceState, nowMillis: number): Refusal {
  const waitMillis = (findNextAttemptMillis(state) ?? nowMillis) - nowMillis
  const failure = state.lastFailure?.failure
  const isUnasked = failure === undefined && state.lease === undefined && state.loads === 0
  return {
    code: 'signing_key_fetch_failed',
    detail: "failed to fetch signing key: the gateway cannot reach the issuer's keys now; try again",
    retryAfterSeconds: roundUpToSeconds(waitMillis),
    audit: {
      consecutiveFailures: state.failures,
      ...(isUnasked ? { keyFetchFailure: 'not asked: too many first loads' } : {}),
      ...(failure === undefined ? {} : makeAuditFacts(failure)),
    },
  }
}

/** Refuses because this request has used up its fetches. On a retry, other requests may have loaded the keys. */
export function refuseUnfetched(): Refusal {
  return {
    code: 'signing_key_fetch_failed',
    detail: "failed to fetch signing key: the gateway cannot reach the issuer's keys now; try again",
    retryAfterSeconds: 1,
    audit: { keyFetchFailure: 'not asked: this request has caused enough fetches' },
  }
}

function makeAuditFacts(failure: LoadFailure): NonNullable<Refusal['audit']> {
  const { cause, reason, nextStep } = describeFailure(failure)
  return {
    keyFetchUrl: failure.url,
    keyFetchFailure: cause,
    keyFetchReason: reason,
    keyFetchNextStep: nextStep,
  }
}

function describeSkipped({ index, reason }: SkippedKey): string {
  return `keys[${index}]: ${reason}`
}

/** Who publishes the keys: the issuer, or the document of a policy, whose `jwks` the operator keeps current. */
export type KeyPublisher = 'issuer' | 'document'

const CURES = {
  issuer: {
    unknown: 'check that this issuer issued the token, and send a fresh token',
    ambiguous: 'send a token whose "kid" names exactly one key',
    unusable: "fix the key in the issuer's key set, or have the issuer sign with another key",
  },
  document: {
    unknown: 'if the keys were rotated, add the new key to it',
    ambiguous: 'send a token whose "kid" names exactly one key',
    unusable: 'fix that key',
  },
} as const

/**
 * Refuses because no key of the set is the token's (401). The quoted `kid` is printable, and the caller's own. The
 * audit record lists what the set contains instead: nothing else shows a key that was skipped because of its own `kid`.
 */
export function refuseSelection(
  selection: Exclude<KeySelection, { kind: 'found' }>,
  token: ParsedToken,
  publisher: KeyPublisher,
  { count, skipped }: KeySet,
): Refusal {
  const { alg, kid } = token.header
  const key = kid === undefined ? `a key for ${alg}` : `the key ${quoteText(kid, QUOTED_CLAIM_MAX_CHARACTERS)}`
  const cure = CURES[publisher][selection.kind]
  const audit = {
    usableKeys: count,
    ...(skipped.length === 0
      ? {}
      : { skippedKeys: skipped.length, skipped: skipped.slice(0, AUDITED_EXPECTED_MAX).map(describeSkipped) }),
  }
  const from = publisher === 'issuer' ? 'of the issuer' : "in the document's jwks"
  switch (selection.kind) {
    case 'unknown': {
      const what = publisher === 'issuer' ? 'the issuer does not publish' : "the document's jwks does not hold"
      return {
        code: 'signing_key_unknown',
        detail: `JWT verification failed: unknown key: ${what} ${key}; ${cure}`,
        audit,
      }
    }
    case 'ambiguous':
      return {
        code: 'signing_key_ambiguous',
        detail: `JWT verification failed: several keys ${from} match ${key}; ${cure}`,
        audit,
      }
    case 'unusable':
      return {
        code: 'signing_key_unusable',
        detail: `JWT verification failed: ${key} ${from} cannot be used: ${selection.reason}; ${cure}`,
        audit,
      }
  }
}
