// The HTTP server of Node and Deno: `node:http` on both, because only it has deadlines on both (`Deno.serve` has none, and
// keeps a connection that stalls for as long as its client likes). What a client may hold, and for how long, is here.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import process from 'node:process'
import { serve } from '@hono/node-server'
import {
  CONNECTION_IDLE_TIMEOUT_MILLIS,
  CONNECTION_STALLED_TIMEOUT_MILLIS,
  CONNECTIONS_MAX,
  PIPELINED_REQUESTS_MAX,
  REQUEST_HEADERS_TIMEOUT_MILLIS,
  REQUEST_TIMEOUT_MILLIS,
  SHUTDOWN_GRACE_MILLIS,
} from '../core/limits.ts'
import { closeAfterUnreadBody } from './unread-body.ts'

export interface ServerBounds {
  /** From the connection or the first byte of a request to the end of its headers; then 408. */
  readonly headersMillis: number
  /** From the first byte of a request to its last; then 408. */
  readonly requestMillis: number
  /** Without a request on a connection that has had one. */
  readonly idleMillis: number
  /** Without a byte in either direction while a request is under way. */
  readonly stalledMillis: number
  readonly connectionsMax: number
  /** From {@link HttpServer.close} until connections are cut. */
  readonly graceMillis: number
}

export const SERVER_BOUNDS: ServerBounds = {
  headersMillis: REQUEST_HEADERS_TIMEOUT_MILLIS,
  requestMillis: REQUEST_TIMEOUT_MILLIS,
  idleMillis: CONNECTION_IDLE_TIMEOUT_MILLIS,
  stalledMillis: CONNECTION_STALLED_TIMEOUT_MILLIS,
  connectionsMax: CONNECTIONS_MAX,
  graceMillis: SHUTDOWN_GRACE_MILLIS,
}

export interface HttpServer {
  /** Where it listens, such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** Takes no more connections, lets requests under way end within the grace, then cuts what is left. */
  close(): Promise<void>
}

type Fetch = Parameters<typeof serve>[0]['fetch']

export interface Address {
  readonly hostname: string
  readonly port: number
}

/** How often connections are held against their deadlines: the most by which one is over its own. */
const CHECK_INTERVAL_MILLIS = 1_000
/** Report a full server at most once in this time: a flood of connections must not become a flood of lines. */
const FULL_NOTICE_MILLIS = 60_000

/** Listens; rejects if it cannot. */
export function listen(fetch: Fetch, address: Address, bounds: ServerBounds): Promise<HttpServer> {
  return new Promise((listening, fail) => {
    const server = serve(
      {
        fetch,
        ...address,
        serverOptions: {
          headersTimeout: bounds.headersMillis,
          requestTimeout: bounds.requestMillis,
          keepAliveTimeout: bounds.idleMillis,
          connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MILLIS, bounds.headersMillis),
        },
      },
      ({ address: host, port }) => {
        listening({
          url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
          close: () => close(server, bounds.graceMillis),
        })
      },
    ) as Server
    // Stays: an accept that fails later, as without a free file descriptor, must not be an uncaught error.
    server.on('error', (error) => {
      if (server.listening) process.stderr.write(`A connection could not be accepted: ${error.message}\n`)
      fail(error)
    })
    server.timeout = bounds.stalledMillis
    server.maxConnections = bounds.connectionsMax
    closeAfterUnreadBody(server)
    closeWhenPipelined(server)
    noteWhenFull(server, bounds.connectionsMax)
  })
}

function close(server: Server, graceMillis: number): Promise<void> {
  return new Promise((closed) => {
    // After `close` a server holds nothing to its deadlines any more: a request that stalls would keep it up for ever.
    const cut = setTimeout(() => server.closeAllConnections(), graceMillis)
    server.close(() => {
      clearTimeout(cut)
      closed()
    })
    server.closeIdleConnections()
  })
}

/** Cuts a connection with more requests than {@link PIPELINED_REQUESTS_MAX} under way. */
function closeWhenPipelined(server: Server): void {
  const waiting = new WeakMap<Socket, number>()
  server.on('request', ({ socket }, response) => {
    const count = (waiting.get(socket) ?? 0) + 1
    waiting.set(socket, count)
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1))
    if (count > PIPELINED_REQUESTS_MAX) socket.destroy()
  })
}

function noteWhenFull(server: Server, connectionsMax: number): void {
  let open = 0
  let notedMillis = Number.NEGATIVE_INFINITY
  server.on('connection', (socket) => {
    open++
    socket.once('close', () => open--)
    if (open < connectionsMax || Date.now() - notedMillis < FULL_NOTICE_MILLIS) return
    notedMillis = Date.now()
    process.stderr.write(`${open} connections are open, as many as this gateway takes: further ones are refused\n`)
  })
}
