// Webhooks on loopback, by TLS or without: the example of examples/, or what a test answers in its place; and what they were
// asked, byte by byte.
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { createWebhook, type Decision } from '../../../examples/extension-webhook.ts'
import type { ServerCertificate } from '../../tls/certificates.ts'

export interface Received {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Answers by hand; `valid` makes the members that bind an answer to its request. */
export type Answers = (valid: Bound, response: ServerResponse, request: IncomingMessage) => void

export interface Bound {
  readonly requestId: string
  readonly requestDigest: string
}

export interface WebhookServer {
  readonly origin: string
  readonly url: string
  /** In order. */
  readonly received: Received[]
  /** What the example decides from now on. */
  decide(decision: Decision): void
  /** From now on in place of the example: the first for the first request, and so on; the last for the rest. */
  answer(...answers: readonly Answers[]): void
  /** The requests under way. */
  pending(): number
  stop(): Promise<void>
}

/** Whatever any webhook of the file was ever sent. */
export const RECEIVED: string[] = []

export const KEYS = { old: Buffer.alloc(32, 1), new: Buffer.alloc(32, 2), other: Buffer.alloc(32, 3) } as const
export type KeyName = keyof typeof KEYS

export interface ServerOptions {
  /** Absent: without TLS. */
  readonly tls?: ServerCertificate
  /** By `kid`, those that the webhook knows; default `old`. */
  readonly keys?: readonly KeyName[]
}

export async function startWebhook({ tls, keys = ['old'] }: ServerOptions = {}): Promise<WebhookServer> {
  const received: Received[] = []
  let decision: Decision = { allow: true }
  let answers: readonly Answers[] = []
  let answered = 0
  let pending = 0
  const handle = (request: IncomingMessage, response: ServerResponse): void => void serve(request, response)
  const server = tls === undefined ? createHttpServer(handle) : createHttpsServer({ ...tls }, handle)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const origin = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`
  const url = `${origin}/attest`
  const example = createWebhook({
    url,
    keys: new Map(keys.map((name) => [name, new Uint8Array(KEYS[name])])),
    decide: () => decision,
    clock: Date.now,
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    pending++
    response.once('close', () => pending--)
    const body = (await buffer(request)).toString()
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    received.push({ headers, body })
    RECEIVED.push(JSON.stringify(headers), body)
    const byHand = answers[Math.min(answered++, answers.length - 1)]
    if (byHand !== undefined) {
      const bound = {
        requestId: headers['postern-request-id'] ?? '',
        requestDigest: headers['postern-body-digest'] ?? '',
      }
      return byHand(bound, response, request)
    }
    const { method = '' } = request
    const made = await example(new Request(url, { method, headers, body }))
    response.writeHead(made.status, Object.fromEntries(made.headers)).end(await made.text())
  }

  return {
    origin,
    url,
    received,
    decide(next) {
      decision = next
      answers = []
    },
    answer(...next) {
      answers = next
      answered = 0
    },
    pending: () => pending,
    stop() {
      server.closeAllConnections()
      return new Promise((stopped) => server.close(() => stopped()))
    },
  }
}

/** Answers JSON with status 200, or what `init` says. */
export function answerJson(response: ServerResponse, value: unknown, type = 'application/json'): void {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(value))
}

/** The setting, for one origin. */
export function listWebhook(
  origin: string,
  {
    keys = ['old'],
    ...more
  }: { readonly keys?: readonly KeyName[]; readonly bearer?: string; readonly private?: true } = {},
): Readonly<Record<string, object>> {
  return { [origin]: { hmac: keys.map((kid) => ({ kid, key: KEYS[kid].toString('base64url') })), ...more } }
}
