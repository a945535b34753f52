// The settings of the operator, in the form that the gateway needs. The host reads and checks them
// (runtime/settings.ts).

import type { TrustDomain } from '../identity/trust-domain.ts'
import type { TrustedProxies } from '../net/client-address.ts'
import type { SealKeys } from '../token/seal-key.ts'
import type { SessionKeys } from '../token/session/session-keys.ts'
import type { Webhooks } from './webhook/webhooks.ts'

export interface Settings {
  readonly trustDomain: TrustDomain
  /**
   * URL of this gateway as an issuer (`iss` of sessions). Never taken from a request: the caller chooses the Host
   * header.
   */
  readonly issuerUrl: string
  /** The audience that `k8s_token` evidence must have, unless a policy sets another one. */
  readonly audience: string
  readonly sessionKeys: SessionKeys
  /** Empty: no challenge is issued and no applied record is kept. */
  readonly sealKeys: SealKeys
  readonly sessionTtlSeconds: number
  readonly clockSkewSeconds: number
  readonly allowLoopbackIssuers: boolean
  /** Origins of issuers that may resolve to private addresses (Node and Deno). */
  readonly privateIssuers: readonly string[]
  /** The webhooks that documents may have called, with their secrets. Never printed. Absent: none. */
  readonly webhooks?: Webhooks
  /** Networks in CIDR notation that hosts of `http_dns` may be in (Node and Deno). Absent: public addresses only. */
  readonly httpDnsNetworks?: readonly string[]
  /** `redis://` or `rediss://`, with its password (Node and Deno). Never printed. */
  readonly replayUrl?: string
  /** Requests of one client address that verify nothing, per minute. Absent: no limit. */
  readonly anonymousPerMinute?: number
  /** Absent: a client's address is that of its connection. */
  readonly trustedProxies?: TrustedProxies
  /** Memory for compiled configurations and for key sets, in bytes. Absent: the host's default. */
  readonly configCacheMaxBytes?: number
  readonly keyCacheMaxBytes?: number
  /** Whether answers say in `Server-Timing` how long they took. */
  readonly serverTiming?: boolean
  /** Whether the host hands in the files of the playground. */
  readonly playground?: boolean
}
