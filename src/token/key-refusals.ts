// The sentences about keys: what the caller may read, and what goes to the audit record and the status alone.
import { QUOTED_CLAIM_MAX_CHARACTERS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Refusal } from '../core/refusal.ts'
import { type CauseRow, fillFacts } from './cause-row.ts'
import type { LoadFailure } from './discovery.ts'
import { FETCH_CAUSES, type FetchCause } from './fetch-causes.ts'
import type { KeySelection } from './key-set.ts'
import type { ParsedToken } from './parse.ts'
import { nextAttemptMillisOf, type SourceState } from './source-state.ts'

const DOCUMENTS = { discovery: 'the discovery document', keys: 'the key set' } as const

/** A failure as its operator reads it. */
export interface FailureReport {
  readonly cause: FetchCause
  /** What happened, without the URL. */
  readonly reason: string
  readonly nextStep: string
}

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
 * Keys could not be fetched (503): the fault is not the caller's, and trying again is right. The caller reads the same
 * sentence whatever failed; the cause goes to the audit record.
 */
export function fetchFailed(state: SourceState, nowMillis: number): Refusal {
  const wait = Math.ceil(((nextAttemptMillisOf(state) ?? nowMillis) - nowMillis) / 1000)
  const failure = state.lastFailure?.failure
  const isUnasked = failure === undefined && state.lease === undefined && state.loads === 0
  return {
    code: 'signing_key_fetch_failed',
    detail: "failed to fetch signing key: the gateway cannot reach the issuer's keys now; try again",
    retryAfterSeconds: Math.max(1, wait),
    audit: {
      consecutiveFailures: state.failures,
      ...(isUnasked ? { keyFetchFailure: 'not asked: too many first loads' } : {}),
      ...(failure === undefined ? {} : auditFacts(failure)),
    },
  }
}

function auditFacts(failure: LoadFailure): NonNullable<Refusal['audit']> {
  const { cause, reason, nextStep } = describeFailure(failure)
  return {
    keyFetchUrl: failure.url,
    keyFetchFailure: cause,
    keyFetchReason: reason,
    keyFetchNextStep: nextStep,
  }
}

/** The keys are there, and none of them is the token's (401). A `kid` is printable, and the caller's own. */
export function selectionRefusal(selection: Exclude<KeySelection, { kind: 'found' }>, token: ParsedToken): Refusal {
  const { alg, kid } = token.header
  const key = kid === undefined ? `a key for ${alg}` : `the key ${quoteText(kid, QUOTED_CLAIM_MAX_CHARACTERS)}`
  switch (selection.kind) {
    case 'unknown':
      return {
        code: 'signing_key_unknown',
        detail: `JWT verification failed: unknown key: the issuer does not publish ${key}; check that the token is of this issuer, and send a fresh one`,
      }
    case 'ambiguous':
      return {
        code: 'signing_key_ambiguous',
        detail: `JWT verification failed: several keys of the issuer fit ${key}; send a token whose "kid" names one`,
      }
    case 'unusable':
      return {
        code: 'signing_key_unusable',
        detail: `JWT verification failed: ${key} cannot be used: ${selection.reason}; have the issuer sign with a sound key`,
      }
  }
}
