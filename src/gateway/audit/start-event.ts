// The event that a gateway reports when it starts: its settings, without secrets.
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

/**
 * Makes the event.
 *
 * @param name the host's name and version
 * @param hasState whether the host has a store for applied records
 * @param url where the host listens; absent on Workers
 */
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
