// The event that a gateway reports when it starts: its settings, without secrets.
import { VERSION } from '../../core/version.ts'
import type { ReplayStore } from '../../policy/single-use/replay-store.ts'
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
  readonly replayStore: string
  readonly replayScope?: string
  readonly sessionTtlSeconds: number
  readonly clockSkewSeconds: number
  readonly allowLoopbackIssuers: boolean
  readonly privateIssuers: readonly string[]
  readonly webhooks: readonly string[]
  readonly httpDnsNetworks?: readonly string[]
  readonly anonymousPerMinute: number
  readonly clientAddress: string
}

export interface StartedHost {
  /** Its name and version. */
  readonly name: string
  /** Whether it has a store for applied records. */
  readonly hasState: boolean
  /** Its store of used evidence. */
  readonly replay: Pick<ReplayStore, 'kind' | 'scope'> | undefined
  /** Where it listens; absent on Workers. */
  readonly url?: string
  /** Where the host knows the other end of a connection from: `socket`, or the name of a header of its platform. */
  readonly peer: string
}

/** Makes the event. */
export function describeStart(settings: Settings, { name, hasState, replay, url, peer }: StartedHost): GatewayStarted {
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
    replayStore: replay?.kind ?? 'none',
    ...(replay === undefined ? {} : { replayScope: replay.scope }),
    sessionTtlSeconds,
    clockSkewSeconds,
    allowLoopbackIssuers,
    privateIssuers,
    webhooks: [...(settings.webhooks?.keys() ?? [])],
    ...(settings.httpDnsNetworks === undefined ? {} : { httpDnsNetworks: settings.httpDnsNetworks }),
    anonymousPerMinute: settings.anonymousPerMinute ?? 0,
    clientAddress: settings.trustedProxies?.header ?? peer,
  }
}
