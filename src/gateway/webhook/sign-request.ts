// Signs a request to a webhook: HMAC-SHA-256 (RFC 2104) over where it goes, when, which one it is, and the digest of its
// body. Whoever sees a request can neither change it nor send it elsewhere, and not send it again after its time.
import { encodeBase64url } from '../../core/base64.ts'
import { encodeUtf8 } from '../../core/utf8.ts'
import type { Webhook, WebhookKey } from './webhooks.ts'

/** What is signed beside the method, which is always POST. */
export interface SignedRequest {
  readonly url: string
  readonly timestampSeconds: number
  readonly requestId: string
  /** `sha256:` and hex. */
  readonly bodyDigest: string
}

/** The first line, so that no other message that is signed with the key has this form. */
const CONTEXT = 'postern-webhook/1'

/** Makes the headers of a request; docs/extension.md is their contract. */
export async function signRequest(request: SignedRequest, { hmac }: Pick<Webhook, 'hmac'>) {
  const { url, timestampSeconds, requestId, bodyDigest } = request
  const message = encodeUtf8([CONTEXT, 'POST', url, timestampSeconds, requestId, bodyDigest].join('\n'))
  const signatures = await Promise.all(hmac.map(async (key) => `${key.kid}=${await sign(message, key)}`))
  return {
    'postern-timestamp': String(timestampSeconds),
    'postern-request-id': requestId,
    'postern-body-digest': bodyDigest,
    'postern-signature': signatures.join(', '),
  }
}

async function sign(message: Uint8Array<ArrayBuffer>, { key }: WebhookKey): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign'])
  return encodeBase64url(new Uint8Array(await crypto.subtle.sign('HMAC', imported, message)))
}
