// A webhook for the attestor `extension`: it verifies that a request is the gateway's, decides, and answers to this very
// request. A web-standard handler, for Deno, Workers, or Node behind `@hono/node-server`. The contract is docs/extension.md.

export interface Asked {
  readonly version: 1
  readonly requestId: string
  /** What the other attestors of the policy proved. */
  readonly attributes: readonly {
    readonly name: string
    readonly origin: string
    readonly value: string | number | readonly string[]
  }[]
  /** What the agent sent for this webhook. */
  readonly proof: unknown
}

export type Decision =
  | {
      readonly allow: true
      readonly reason?: string
      /** `device_id` becomes `custom.device_id`. */
      readonly attributes?: Readonly<Record<string, string | number | boolean | readonly string[]>>
    }
  | { readonly allow: false; readonly reason: string }

export interface WebhookOptions {
  /** The `webhookURL` of the document: a request that was signed for another URL is refused. */
  readonly url: string
  /** The keys that the gateway may sign with, by their `kid`: two during a rotation. */
  readonly keys: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
  readonly decide: (asked: Asked) => Decision | Promise<Decision>
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

/** How far the clocks of the gateway and of this webhook may differ; an answer is kept for as long. */
const WINDOW_SECONDS = 60

export function createWebhook({ url, keys, decide, clock }: WebhookOptions): (request: Request) => Promise<Response> {
  const answers = new Map<string, { readonly atSeconds: number; readonly digest: string; readonly body: string }>()

  return async function handle(request) {
    const body = new Uint8Array(await request.arrayBuffer())
    const header = (name: string): string => request.headers.get(name) ?? ''
    const [timestamp, requestId] = [header('postern-timestamp'), header('postern-request-id')]
    const digest = `sha256:${toHex(await crypto.subtle.digest('SHA-256', body))}`
    const signed = ['postern-webhook/1', request.method, url, timestamp, requestId, digest].join('\n')
    if (!(await isSigned(signed, header('postern-signature'), keys))) return refuse(401)

    const nowSeconds = Math.floor(clock() / 1000)
    if (!(Math.abs(nowSeconds - Number(timestamp)) <= WINDOW_SECONDS)) return refuse(401)
    for (const [id, { atSeconds }] of answers) if (atSeconds < nowSeconds - 2 * WINDOW_SECONDS) answers.delete(id)

    // The gateway sends a request again if no answer came: that one gets the same answer, and is decided once.
    const known = answers.get(requestId)
    if (known !== undefined) return known.digest === digest ? answer(known.body) : refuse(401)
    const asked = JSON.parse(new TextDecoder().decode(body)) as Asked
    const decided = JSON.stringify({ requestId, requestDigest: digest, ...(await decide(asked)) })
    answers.set(requestId, { atSeconds: nowSeconds, digest, body: decided })
    return answer(decided)
  }
}

/** `kid=signature, kid=signature`: one by a key that is known here suffices. */
async function isSigned(message: string, header: string, keys: WebhookOptions['keys']): Promise<boolean> {
  for (const part of header.split(', ')) {
    const [kid = '', signature = ''] = part.split('=')
    const key = keys.get(kid)
    if (key === undefined) continue
    const hmac = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
    if (await crypto.subtle.verify('HMAC', hmac, fromBase64url(signature), new TextEncoder().encode(message)))
      return true
  }
  return false
}

function answer(body: string): Response {
  return new Response(body, { headers: { 'Content-Type': 'application/json' } })
}

/** The gateway reads nothing but a 200, and does not try again after this status. */
function refuse(status: number): Response {
  return new Response(null, { status })
}

function toHex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/')
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}
