// How one load of a key source ended.
import type { FetchFailure } from '../../net/bounded-fetch.ts'
import type { KeySet } from './key-set.ts'

/** The document that failed, and how. For the operator only: the facts describe the deployment. */
export interface LoadFailure extends FetchFailure {
  readonly document: 'discovery' | 'keys'
  readonly url: string
  /** Name of an environment variable that configures an egress proxy, which is not used. */
  readonly unusedProxy?: string
}

export type Loaded =
  | { readonly ok: true; readonly keys: KeySet; readonly bytes: number; readonly ageMaxSeconds: number }
  | { readonly ok: false; readonly failure: LoadFailure }
