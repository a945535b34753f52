// The sentences about keys: what the caller may read, and what goes to the audit record alone (URLs).
import { QUOTED_CLAIM_MAX_CHARACTERS, QUOTED_MAX_CHARACTERS } from '../core/limits.ts'
import { quoteText } from '../core/printable.ts'
import type { Refusal } from '../core/refusal.ts'
import type { LoadFailure } from './discovery.ts'
import type { KeySelection } from './key-set.ts'
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
    case 'coding_unsupported':
      return `${name} has the content coding ${quoteText(cause.coding, QUOTED_MAX_CHARACTERS)}, which is not supported: expected one of gzip, deflate, br, or none`
    case 'content_damaged':
      return `${name} has the content coding ${cause.coding} and cannot be decoded by it`
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
    case 'coding_unsupported':
    case 'content_damaged':
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
  const isUnasked = failure === undefined && state.lease === undefined && state.loads === 0
  const unanswered = isUnasked ? 'too many issuers are asked for the first time' : 'the issuer has not answered yet'
  const what = failure === undefined ? unanswered : describeFailure(failure)
  const cure = failure === undefined ? '' : `; if it lasts, ${cureOf(failure)}`
  return {
    code: 'signing_key_fetch_failed',
    detail: `failed to fetch signing key: ${what}; try again in ${retryAfterSeconds} s${cure}`,
    retryAfterSeconds,
    audit: {
      consecutiveFailures: state.failures,
      ...(isUnasked ? { keyFetchFailure: 'not asked: too many first loads' } : {}),
      ...(failure === undefined ? {} : { keyFetchUrl: failure.url, keyFetchFailure: failure.cause.kind }),
    },
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
