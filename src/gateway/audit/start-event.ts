// What a gateway says of itself when it starts: its settings, without anything secret.
import { VERSION } from '../../core/version.ts'
import type { Settings } from '../settings.ts'

export interface GatewayStarted {
  readonly event: 'started'
  readonly version: string
  readonly host: string
  readonly url?: string
  readonly trustDomain: string
  readonly issuerUrl: string
  readonly audience: string
  readonly sessionKeyIds: readonly string[]
  readonly sealKeys: number
  readonly keepsRecords: boolean
  readonly sessionTtlSeconds: number
  readonly clockSkewSeconds: number
  readonly allowLoopbackIssuers: boolean
  readonly privateIssuers: readonly string[]
}

/** `hasState`: the host has a store for applied records. `url`: where it listens, if it is the host that does. */
export function describeStart(
  settings: Settings,
  { name, hasState, url }: { readonly name: string; readonly hasState: boolean; readonly url?: string },
): GatewayStarted {
  const { trustDomain, issuerUrl, audience, sessionKeys, sealKeys } = settings
  const { sessionTtlSeconds, clockSkewSeconds, allowLoopbackIssuers, privateIssuers } = settings
  return {
    event: 'started',
    version: VERSION,
    host: name,
    ...(url === undefined ? {} : { url }),
    trustDomain,
    issuerUrl,
    audience,
    sessionKeyIds: sessionKeys.pairs.map(({ kid }) => kid),
    sealKeys: sealKeys.length,
    keepsRecords: hasState && sealKeys.length > 0,
    sessionTtlSeconds,
    clockSkewSeconds,
    allowLoopbackIssuers,
    privateIssuers,
  }
}
