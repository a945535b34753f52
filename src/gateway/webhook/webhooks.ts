// The setting `WEBHOOKS`: the origins that are called for documents, each with secrets of its own, which go to it alone.

/** A key that signs requests. During a rotation there are two, and each signs. */
export interface WebhookKey {
  readonly kid: string
  readonly key: Uint8Array<ArrayBuffer>
}

export interface Webhook {
  readonly hmac: readonly [WebhookKey, ...WebhookKey[]]
  /** Sent where a document asks for `authType: BEARER` (RFC 6750 section 2.1). */
  readonly bearer?: string
  /** Whether its name may resolve to private addresses (Node and Deno). */
  readonly mayBePrivate: boolean
}

/** By origin, as the URL parser writes it. */
export type Webhooks = ReadonlyMap<string, Webhook>

export const NO_WEBHOOKS: Webhooks = new Map()
