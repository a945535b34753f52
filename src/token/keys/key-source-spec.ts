// Where keys come from. A source is identified by that place and never by a token's `iss`: every cluster that kubeadm
// creates has the same issuer, and one cluster's keys must not verify another's tokens.
import type { KeySet } from './key-set.ts'

export type KeySourceSpec =
  /** OpenID Connect Discovery. `jwksOrigins`: where its key set may be, besides the issuer's own origin. */
  | { readonly kind: 'discovery'; readonly issuer: string; readonly jwksOrigins?: readonly string[] }
  | { readonly kind: 'jwks_uri'; readonly url: string }
  /** Keys in a document. `digest`: base64url SHA-256 of the canonical JSON (RFC 8785) of the set itself. */
  | { readonly kind: 'inline'; readonly digest: string; readonly keys: KeySet }

export type FetchedSpec = Exclude<KeySourceSpec, { readonly kind: 'inline' }>

/** OpenID Connect Discovery 1.0 section 4.1: one terminating slash is removed before the suffix is appended. */
export function makeDiscoveryUrl(issuer: string): string {
  return `${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`
}

/**
 * Equal exactly for the same place. With discovery the issuer's literal spelling and the further origins belong to it:
 * both decide which key set is accepted, and a strict row must not inherit what a lax one loaded.
 */
export function makeKeySourceId(spec: KeySourceSpec): string {
  switch (spec.kind) {
    case 'discovery': {
      const origins = [...new Set(spec.jwksOrigins)].sort()
      return JSON.stringify(['discovery', makeDiscoveryUrl(spec.issuer), spec.issuer, ...origins])
    }
    case 'jwks_uri':
      return JSON.stringify(['jwks_uri', spec.url])
    case 'inline':
      return JSON.stringify(['inline', spec.digest])
  }
}
