// The sentences about keys: what the caller may read, and what goes to the audit record alone (URLs).
import { AUDITED_EXPECTED_MAX, QUOTED_CLAIM_MAX_CHARACTERS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Refusal } from '../core/refusal.ts'
import type { LoadFailure } from './discovery.ts'
import type { KeySelection, KeySet, SkippedKey } from './key-set.ts'
import type { ParsedToken } from './parse.ts'
import { nextAttemptMillisOf, type SourceState } from './source-state.ts'

const DOCUMENTS = { discovery: 'the discovery document', keys: 'the key set' } as const

/** What failed, as a sentence without any URL. Public, since a status page shows it too. */
export function describeFailure({ document, cause }: LoadFailure): string {
  const name = DOCUMENTS[document]
  switch (cause.kind) {
    case 'unreachable':
      return `${name} could not be fetched: the issuer could not be reached`
    case 'timeout':
      return `${name} did not arrive within ${cause.timeoutMillis} ms`
    case 'redirected':
      return document === 'discovery'
        ? `discovery answered ${cause.status}: redirects are not followed`
        : `the key set answered ${cause.status}: redirects are not followed`
    case 'status':
      return `${name} answered ${cause.status} instead of 200`
    case 'too_large':
      return `${name} is larger than ${cause.maxBytes} bytes`
    case 'malformed':
      return `${name} is not strict JSON (${cause.fault})`
    case 'url_forbidden':
      return `${name} is at a URL that may not be fetched: ${cause.reason}`
    case 'issuer_mismatch':
      return 'the discovery document names another issuer'
    case 'jwks_uri_missing':
      return 'the discovery document has no jwks_uri'
    case 'jwks_origin_forbidden':
      return 'the discovery document places the key set at another origin than the issuer'
    case 'not_a_key_set':
      return 'the key set has no list "keys"'
  }
}

/** What to do besides waiting: a document that may not be used stays so until the policy names the keys otherwise. */
function cureOf({ document, cause }: LoadFailure): string {
  switch (cause.kind) {
    case 'unreachable':
    case 'timeout':
    case 'status':
      return 'check that the issuer is up and may be reached from the gateway'
    case 'redirected':
    case 'too_large':
    case 'malformed':
    case 'jwks_uri_missing':
    case 'not_a_key_set':
      return `have the issuer serve ${DOCUMENTS[document]} as it should`
    case 'url_forbidden':
    case 'issuer_mismatch':
    case 'jwks_origin_forbidden':
      return 'have the policy name the key set itself (jwksURI or jwks)'
  }
}

/** Keys could not be fetched (503): the fault is not the caller's, and trying again is right. */
export function fetchFailed(state: SourceState, nowMillis: number): Refusal {
  const wait = Math.ceil(((nextAttemptMillisOf(state) ?? nowMillis) - nowMillis) / 1000)
  const retryAfterSeconds = Math.max(1, wait)
  const failure = state.lastFailure?.failure
  const what = failure === undefined ? 'the issuer has not answered yet' : describeFailure(failure)
  const cure = failure === undefined ? '' : `; if it lasts, ${cureOf(failure)}`
  return {
    code: 'signing_key_fetch_failed',
    detail: `failed to fetch signing key: ${what}; try again in ${retryAfterSeconds} s${cure}`,
    retryAfterSeconds,
    audit: {
      consecutiveFailures: state.failures,
      ...(failure === undefined ? {} : { keyFetchUrl: failure.url, keyFetchFailure: failure.cause.kind }),
    },
  }
}

function describeSkipped({ index, reason }: SkippedKey): string {
  return `keys[${index}]: ${reason}`
}

/** Who publishes the keys: the issuer, or the document of a policy, whose `jwks` is the operator's to keep current. */
export type KeyPublisher = 'issuer' | 'document'

const CURES = {
  issuer: {
    unknown: 'check that the token is of this issuer, and send a fresh one',
    ambiguous: 'send a token whose "kid" names one',
    unusable: "fix the key in the issuer's key set, or have the issuer sign with another one",
  },
  document: {
    unknown: 'add the new key to it if the keys were rotated',
    ambiguous: 'send a token whose "kid" names one',
    unusable: 'fix the key there',
  },
} as const

/**
 * The keys are there, and none of them is the token's (401). A `kid` is printable, and the caller's own. The audit
 * record says what `set` holds instead: a key that was skipped for its own `kid` is found by nothing else.
 */
export function selectionRefusal(
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
        detail: `JWT verification failed: several keys ${from} fit ${key}; ${cure}`,
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
