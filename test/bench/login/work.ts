// The one login that all contenders do: the same token in, a session of the same claims signed, the same bytes answered.
import type { JSONWebKeySet, JWK } from 'jose'

/** Plain data: it goes to processes and isolates as JSON. */
export interface LoginWork {
  readonly issuer: string
  readonly jwksUrl: string
  /** For a start without a fetch: the floor takes these keys, as the document has them for the gateway. */
  readonly jwks?: JSONWebKeySet
  readonly audience: string
  readonly token: string
  /** How the gateway and the floor are asked; the others take the token as a bearer token. */
  readonly login: { readonly path: string; readonly body: string }
  readonly environment: Readonly<Record<string, string>>
  /** By key, as a store has them. */
  readonly documents: Readonly<Record<string, string>>
  readonly session: SessionWork
  /** The gateway's answer; of it a peer replaces `session.token` and `session.expiresAt`. */
  readonly answer: LoginAnswerWork
}

export interface SessionWork {
  readonly privateJwk: JWK
  readonly header: { readonly alg: string; readonly kid: string; readonly typ: string }
  /** All but `jti`, `iat` and `exp`. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly lifetimeSeconds: number
}

export interface LoginAnswerWork {
  readonly session: { readonly token: string; readonly tokenType: string; readonly expiresAt: string }
  readonly [member: string]: unknown
}
