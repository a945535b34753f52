// Creates the context of compilation from the settings. The gateway and the tool both use it, so that a document is never
// valid for one and refused by the other.

import type { HostFeature } from '../../attest/host-features.ts'
import type { AttestorTable } from '../../attest/table.ts'
import type { UrlPolicy } from '../../net/url-policy.ts'
import type { ContextFor } from '../live/config-read.ts'
import { checkConfigSchemas } from './readable-schema.ts'
import type { CompileContext } from './section-context.ts'

/** The settings that decide whether a document compiles. */
export interface CompileSettings {
  readonly issuerUrl: string
  readonly trustDomain: string
  readonly allowLoopbackIssuers: boolean
  /** Origins (`https://host:port`) that may be private. */
  readonly privateIssuers: readonly string[]
  /** `SEAL_KEYS` are set. */
  readonly canSeal: boolean
  /** There is a replay store. */
  readonly canClaim: boolean
  readonly hostFeatures: ReadonlySet<HostFeature>
  readonly audience: string
}

/** Which URLs keys may be fetched from, when a document is compiled and when they are fetched. */
export function createUrlPolicy({
  allowLoopbackIssuers,
  privateIssuers,
}: Pick<CompileSettings, 'allowLoopbackIssuers' | 'privateIssuers'>): UrlPolicy & {
  readonly privateOrigins: ReadonlySet<string>
} {
  return { allowLoopback: allowLoopbackIssuers, privateOrigins: new Set(privateIssuers) }
}

/** Throws a `RangeError` for an attestor whose `configSchema` documents cannot be read by. */
export function createContextFor(settings: CompileSettings, attestors: AttestorTable): ContextFor {
  checkConfigSchemas(attestors)
  const urlPolicy = createUrlPolicy(settings)
  const defaultAudiences = [settings.audience]
  return ({ scope }): CompileContext => ({
    attestors,
    issuerUrl: settings.issuerUrl,
    trustDomain: settings.trustDomain,
    urlPolicy,
    exactPins: scope === 'trust-domain',
    canSeal: settings.canSeal,
    canClaim: settings.canClaim,
    hostFeatures: settings.hostFeatures,
    defaultAudiences,
  })
}
