// What passes between an attestor and the gateway for one call of a webhook. The attestor has the request and judges the
// answer; the gateway has the secrets, signs, sends, and tries again. So no attestor ever holds a secret.
import type { Json } from '../core/json.ts'
import type { Checked } from '../core/result.ts'

/** One call. All its tries send the same bytes and the same request id. */
export interface WebhookCall {
  /** An absolute URL, as the URL parser writes it. */
  readonly url: string
  /** UUIDv7, new for each call. */
  readonly requestId: string
  /** JSON. It is signed and sent as it is. */
  readonly body: string
  /** Whether the bearer token of the origin is sent. */
  readonly sendsBearer: boolean
  /** Of each try. */
  readonly timeoutMillis: number
  /** Only where no answer came, or one of 502, 503 and 504. */
  readonly maxRetries: number
  /** Certificates in PEM, which replace those that the host trusts. */
  readonly authorities?: readonly string[]
}

export interface WebhookReply {
  /** `sha256:` and hex: the digest of the body as it was sent. */
  readonly requestDigest: string
  /** 0: nothing was sent. */
  readonly tries: number
  readonly durationMillis: number
  /** The JSON of an answer with status 200, or the refusal that is reported. */
  readonly answer: Checked<Json>
}

export type CallWebhook = (call: WebhookCall) => Promise<WebhookReply>

/** What is known of a listed webhook where documents are compiled: nothing secret. */
export interface ListedWebhook {
  readonly hasBearer: boolean
  readonly mayBePrivate: boolean
}

/** One call in the audit record of its login. */
export interface CallOutNote {
  /** The attestor. */
  readonly type: string
  /** Of the URL. */
  readonly origin: string
  readonly requestId: string
  readonly tries: number
  readonly durationMillis: number
  /** `failed`: no answer that decides. */
  readonly outcome: 'allowed' | 'denied' | 'failed'
  /** What the service says of it, for operators; any characters. */
  readonly reason?: string
}
