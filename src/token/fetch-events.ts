// What is told of the fetches of key sets: that an issuer fails, also while its keys are in hand and no login shows it, and
// that it is back. Once per change: an outage has a back-off, and what fails in the same way is not told again.
import type { LoadFailure } from './discovery.ts'
import { describeFailure } from './key-refusals.ts'
import type { KeySourceSpec } from './key-source.ts'
import type { SourceState } from './source-state.ts'

export interface IssuerFetchFailed {
  readonly event: 'issuer_fetch_failed'
  /** The issuer, or the `jwksURI` of the policy. */
  readonly source: string
  /** The document that could not be had. */
  readonly url: string
  readonly cause: string
  readonly reason: string
  /** Keys that go on serving; with none, logins of this issuer are answered with 503. */
  readonly keysInHand: number
}

export interface IssuerFetchRecovered {
  readonly event: 'issuer_fetch_recovered'
  readonly source: string
  /** Fetches in a row that had failed. */
  readonly failures: number
  readonly keysInHand: number
}

export type IssuerFetchEvent = IssuerFetchFailed | IssuerFetchRecovered

/** The fetches before this one: how many of them failed in a row, and how the last of those did. */
export interface FetchesBefore {
  readonly failures: number
  readonly failure: LoadFailure | undefined
}

/** What is to be told of a load that has just been noted in `state`. */
export function describeLoad(
  spec: Exclude<KeySourceSpec, { readonly kind: 'inline' }>,
  before: FetchesBefore,
  { failures, lastFailure, keys }: SourceState,
): IssuerFetchEvent | undefined {
  const source = spec.kind === 'discovery' ? spec.issuer : spec.url
  const keysInHand = keys?.set.count ?? 0
  if (failures === 0) {
    if (before.failures === 0) return undefined
    return { event: 'issuer_fetch_recovered', source, failures: before.failures, keysInHand }
  }
  const failure = lastFailure?.failure
  if (failure === undefined) return undefined
  const isSame = before.failures > 0 && before.failure !== undefined && kindOf(before.failure) === kindOf(failure)
  if (isSame) return undefined
  const { url, cause } = failure
  const reason = describeFailure(failure)
  return { event: 'issuer_fetch_failed', source, url, cause: cause.kind, reason, keysInHand }
}

function kindOf({ document, cause }: LoadFailure): string {
  return `${document} ${cause.kind}`
}
