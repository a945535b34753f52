// What an operator sets. The host reads and checks it (runtime/settings.ts); here it is what the gateway needs.
import type { TrustDomain } from '../identity/trust-domain.ts'
import type { SealKeys } from '../token/seal-key.ts'
import type { SessionKeys } from '../token/session/session-keys.ts'

export interface Settings {
  readonly trustDomain: TrustDomain
  /** Never taken from a request: behind a proxy the Host header is the caller's to choose. */
  readonly issuerUrl: string
  /** What `k8s_token` evidence must be meant for unless a policy says otherwise. */
  readonly audience: string
  readonly sessionKeys: SessionKeys
  /** Empty: nothing is sealed, and no applied record is kept. */
  readonly sealKeys: SealKeys
  readonly sessionTtlSeconds: number
  readonly clockSkewSeconds: number
  readonly allowLoopbackIssuers: boolean
  /** Origins that may resolve to private addresses (Node and Deno). */
  readonly privateIssuers: readonly string[]
}
