// Events about the fetches of key sets: an issuer fails, also while its keys are in hand and no login shows it, or is
// back. One per change: a fetch that fails in the same way as the one before it is not reported again.
import { describeFailure } from './key-refusals.ts'
import type { FetchedSpec } from './key-source-spec.ts'
import type { LoadFailure } from './load-outcome.ts'
import { findFreshness, type SourceState } from './source-state.ts'

export interface IssuerFetchFailed {
  readonly event: 'issuer_fetch_failed'
  /** The issuer, or the `jwksURI` of the policy. */
  readonly source: string
  /** The document that could not be fetched. */
  readonly url: string
  readonly cause: string
  readonly reason: string
  readonly nextStep: string
  /** Keys that are still used. If 0, logins with tokens of this issuer get 503. */
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

/** The fetches before this one: how many failed in a row, and the failure of the last one. */
export interface FetchesBefore {
  readonly failures: number
  readonly failure: LoadFailure | undefined
}

/** The event to report after a load whose outcome has just been noted in the state; `undefined`: no change. */
export function describeLoad(
  spec: FetchedSpec,
  before: FetchesBefore,
  state: SourceState,
  nowMillis: number,
): IssuerFetchEvent | undefined {
  const { failures, lastFailure, keys } = state
  const source = spec.kind === 'discovery' ? spec.issuer : spec.url
  // Keys that are too old to use do not count as in hand.
  const keysInHand = keys === undefined || findFreshness(state, nowMillis) === 'absent' ? 0 : keys.set.count
  if (failures === 0) {
    if (before.failures === 0) return undefined
    return { event: 'issuer_fetch_recovered', source, failures: before.failures, keysInHand }
  }
  const failure = lastFailure?.failure
  if (failure === undefined) return undefined
  const isSame =
    before.failures > 0 &&
    before.failure !== undefined &&
    describeFailureKind(before.failure) === describeFailureKind(failure)
  if (isSame) return undefined
  return { event: 'issuer_fetch_failed', source, url: failure.url, ...describeFailure(failure), keysInHand }
}

function describeFailureKind({ document, kind }: LoadFailure): string {
  return `${document} ${kind}`
}
