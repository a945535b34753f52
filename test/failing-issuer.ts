// An issuer of which every name fails in its own way: refused, reset, with a certificate that is wrong, with a status, with
// a body that is no key set. The answers are raw bytes, so that each is exactly what it is said to be.
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { FetchCause } from '../src/net/fetch-causes.ts'
import type { CertificateKind, Certificates } from './tls/certificates.ts'
import { createSigningKey, DISCOVERY_PATH, KEYS_PATH, type SigningKey } from './token/issuer.ts'

const ELSEWHERE = 'https://login.deployment.example/secret?next=\u202e'
const HTML = '<!doctype html>\n<title>Sign in to deployment.example</title>'

/** What is written to the socket, and how the connection ends then; by itself it does not. */
interface Answer {
  readonly cause: FetchCause
  readonly bytes: string | Buffer
  readonly end?: 'close' | 'reset'
}

function answer(cause: FetchCause, status: string, body: string | Buffer = '', ...headers: readonly string[]): Answer {
  const bytes = Buffer.from(body)
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${bytes.length}`, 'Connection: close', '', '']
  return { cause, bytes: Buffer.concat([Buffer.from(head.join('\r\n')), bytes]), end: 'close' }
}

const HALF = 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"issuer":'

/** By the name in the path; each is an issuer `<url>/<name>`. */
export const ANSWERS = {
  reset: { cause: 'connection_reset', bytes: '', end: 'reset' },
  'hangs-up': { cause: 'connection_reset', bytes: '', end: 'close' },
  'reset-body': { cause: 'body_cut', bytes: HALF, end: 'reset' },
  'cut-body': { cause: 'body_cut', bytes: HALF, end: 'close' },
  'not-http': { cause: 'not_http', bytes: 'SSH-2.0-OpenSSH_9.2p1\r\n', end: 'close' },
  'huge-header': answer('headers_too_large', '200 OK', '{}', `X-Huge: ${'x'.repeat(1024 * 1024)}`),
  redirect: answer('redirected', '302 Found', '', `Location: ${ELSEWHERE}`),
  'redirect-nowhere': answer('redirected', '307 Temporary Redirect'),
  'status-201': answer('status_unexpected', '201 Created', '{}'),
  'status-400': answer('status_unexpected', '400 Bad Request'),
  'status-401': answer('unauthorized', '401 Unauthorized', HTML, 'WWW-Authenticate: Bearer realm="deployment"'),
  'status-403': answer('forbidden', '403 Forbidden', '{"kind":"Status","code":403}'),
  'status-404': answer('not_found', '404 Not Found'),
  'status-410': answer('not_found', '410 Gone'),
  'status-406': answer('not_acceptable', '406 Not Acceptable'),
  'status-429': answer('rate_limited', '429 Too Many Requests', '', 'Retry-After: 90'),
  'status-500': answer('server_error', '500 Internal Server Error'),
  'status-503': answer('server_error', '503 Service Unavailable'),
  'status-520': answer('edge_answer_invalid', '520 Web Server Returned an Unknown Error'),
  'status-521': answer('edge_refused', '521 Web Server Is Down'),
  'status-522': answer('edge_connect_timeout', '522 Connection Timed Out'),
  'status-523': answer('edge_unreachable', '523 Origin Is Unreachable'),
  'status-524': answer('edge_answer_timeout', '524 A Timeout Occurred'),
  'status-525': answer('edge_tls_failed', '525 SSL Handshake Failed'),
  'status-526': answer('edge_certificate_invalid', '526 Invalid SSL Certificate'),
  'status-530': answer('edge_name_unresolved', '530 Origin DNS Error'),
  html: answer('html', '200 OK', HTML, 'Content-Type: text/html; charset=utf-8'),
  'xml-as-json': answer('html', '200 OK', '<?xml version="1.0"?><Error/>', 'Content-Type: application/json'),
  empty: answer('body_empty', '200 OK', '', 'Content-Type: application/json'),
  'gzip-garbage': answer('coding_broken', '200 OK', 'not gzip at all', 'Content-Encoding: gzip'),
  'gzip-unsaid': answer('compressed', '200 OK', gzipSync('{}')),
  bom: answer('byte_order_mark', '200 OK', '\ufeff{}'),
  'utf-16': answer('byte_order_mark', '200 OK', Buffer.from('\ufeff{}', 'utf16le')),
  latin1: answer('not_utf8', '200 OK', Buffer.from('{"a":"\u00e9"}', 'latin1')),
  syntax: answer('json_syntax', '200 OK', '{"issuer": "x",\n "jwks_uri": }'),
  duplicate: answer('json_member_duplicate', '200 OK', '{"issuer":"x","issuer":"y"}'),
  deep: answer('json_too_deep', '200 OK', '['.repeat(40)),
  number: answer('json_number_unsafe', '200 OK', '{"a":12345678901234567890}'),
  surrogate: answer('json_surrogate_unpaired', '200 OK', '{"a":"\\ud800"}'),
  huge: answer('too_large', '200 OK', `"${'x'.repeat(1024 * 1024)}"`),
  list: answer('discovery_not_an_object', '200 OK', '[]'),
  'other-issuer': answer('issuer_mismatch', '200 OK', '{"issuer":"https://other.deployment.example"}'),
} as const satisfies Record<string, Answer>

export type AnswerName = keyof typeof ANSWERS

/** Half a body, and nothing more. */
const ENDLESS: Answer = { cause: 'body_timeout', bytes: HALF }

export interface FailingIssuer {
  /** `<url>/<name of an answer>` is an issuer. */
  readonly url: string
  /** Accepts a connection and never answers. */
  readonly silent: string
  /** Nothing listens there. */
  readonly refused: string
  /** Says something else than TLS. */
  readonly notTls: string
  /** An https issuer for each kind of certificate; all serve a good discovery document and a good key set. */
  readonly https: Readonly<Record<CertificateKind, string>>
  /** Signs for the https issuers. */
  readonly key: SigningKey
  close(): Promise<void>
}

export async function startFailingIssuer(certificates: Certificates): Promise<FailingIssuer> {
  const servers: Server[] = []
  const sockets = new Set<Socket>()

  async function listen(server: Server): Promise<number> {
    servers.push(server)
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.on('error', () => undefined)
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    return (server.address() as AddressInfo).port
  }

  const answering = createServer((socket) => {
    socket.once('data', (request) => {
      const name = /^GET \/([\w-]+)/.exec(request.toString('latin1'))?.[1] ?? ''
      const { bytes, end }: Answer = Object.hasOwn(ANSWERS, name) ? ANSWERS[name as AnswerName] : ENDLESS
      socket.write(bytes, () => {
        if (end === 'close') socket.end()
        // A reset takes back what was not yet read: the half body must have been.
        else if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), bytes.length === 0 ? 0 : 30)
      })
    })
  })
  const key = await createSigningKey('key-1')

  async function startHttps(kind: CertificateKind): Promise<string> {
    let origin = ''
    const server = createHttpsServer(certificates.of(kind), (request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.url === DISCOVERY_PATH)
        response.end(JSON.stringify({ issuer: origin, jwks_uri: `${origin}${KEYS_PATH}` }))
      else response.end(JSON.stringify({ keys: [key.publicJwk] }))
    })
    origin = `https://127.0.0.1:${await listen(server)}`
    return origin
  }

  const closed = createServer()
  const refusedPort = await listen(closed)
  await new Promise((done) => closed.close(done))
  const kinds = ['good', 'wrong_name', 'expired', 'not_yet_valid', 'unknown_authority', 'self_signed'] as const
  const https = await Promise.all(kinds.map(async (kind) => [kind, await startHttps(kind)] as const))
  const notTls = createServer((socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad\r\n\r\n')))
  return {
    url: `http://127.0.0.1:${await listen(answering)}`,
    silent: `http://127.0.0.1:${await listen(createServer(() => undefined))}`,
    refused: `http://127.0.0.1:${refusedPort}`,
    notTls: `https://127.0.0.1:${await listen(notTls)}`,
    https: Object.fromEntries(https) as Record<CertificateKind, string>,
    key,
    async close() {
      for (const socket of sockets) socket.destroy()
      await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
    },
  }
}
