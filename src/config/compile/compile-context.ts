// What compiling a document needs to know besides its text, made of the settings. The gateway and the tool both ask here:
// a document must not be valid for one and refused by the other.
import type { CompileContext } from '../../attest/attestor.ts'
import type { UrlPolicy } from '../../net/url-policy.ts'
import type { ContextFor } from '../live/config-read.ts'

/** The settings that decide whether a document compiles. */
export interface CompileSettings {
  readonly issuerUrl: string
  readonly allowLoopbackIssuers: boolean
  /** Origins (`https://host:port`) that may be private. */
  readonly privateIssuers: readonly string[]
}

/** Which URLs keys may be fetched from, when a document is compiled and when they are fetched. */
export function createUrlPolicy({
  allowLoopbackIssuers,
  privateIssuers,
}: CompileSettings): UrlPolicy & { readonly privateOrigins: ReadonlySet<string> } {
  return { allowLoopback: allowLoopbackIssuers, privateOrigins: new Set(privateIssuers) }
}

/** `digest` is that of the document's bytes. */
export function createContextFor(settings: CompileSettings): ContextFor {
  const urlPolicy = createUrlPolicy(settings)
  return ({ scope }, documentDigest): CompileContext => ({
    scope,
    documentDigest,
    issuerUrl: settings.issuerUrl,
    urlPolicy,
    exactPins: scope === 'trust-domain',
  })
}
