// The HTTP server of Node and Deno, with limits on what a client may hold, and for how long. Both use `node:http`, because
// `Deno.serve` has no deadlines: a client could keep stalled connections open without limit.
import type { Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { serve } from '@hono/node-server'
import {
  CONNECTION_IDLE_TIMEOUT_MILLIS,
  CONNECTION_STALLED_TIMEOUT_MILLIS,
  CONNECTIONS_CHECK_MILLIS,
  CONNECTIONS_FULL_NOTICE_MILLIS,
  CONNECTIONS_MAX,
  PIPELINED_REQUESTS_MAX,
  QUIET_TURN_MAX_MILLIS,
  QUIET_TURNS_TRIED_MAX,
  REQUEST_HEADERS_TIMEOUT_MILLIS,
  REQUEST_TIMEOUT_MILLIS,
  SHUTDOWN_GRACE_MILLIS,
} from '../../core/limits.ts'
import type { TlsPair } from './tls-files.ts'
import { closeAfterUnreadBody } from './unread-body.ts'

export interface ServerBounds {
  /** From the connection, or the first byte of a request, to the end of its headers; then 408. */
  readonly headersMillis: number
  /** From the first byte of a request to its last; then 408. */
  readonly requestMillis: number
  /** Idle time of a connection after a request. */
  readonly idleMillis: number
  /** Time without a byte in either direction during a request. */
  readonly stalledMillis: number
  readonly connectionsMax: number
  /** From {@link HttpServer.close} until open connections are destroyed. */
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
  /** The URL that it listens at, such as `http://127.0.0.1:8787`. */
  readonly url: string
  /** Continues to serve, but closes each connection after its next answer. */
  windDown(): void
  /** Stops accepting connections, waits for running requests up to `graceMillis`, then destroys the remaining connections. */
  close(): Promise<void>
  /** Uses this certificate for new connections; open ones keep theirs. Only for a server that was started with TLS. */
  useTls(pair: TlsPair): void
}

export interface ServerOptions extends Address {
  readonly tls?: TlsPair
  /** Receives messages for the operator, one line each. */
  readonly say: (line: string) => void
}

type Fetch = Parameters<typeof serve>[0]['fetch']

export interface Address {
  readonly hostname: string
  readonly port: number
}

/**
 * Starts the server.
 * @param fetch - answers the requests
 * @param options - the address; port 0 takes a free one; with `tls` it serves https
 * @param bounds - limits; times in milliseconds
 * @returns the server once it listens; rejects with the system's error (`EADDRINUSE`, `EACCES`, ...) if it cannot
 */
export function listen(fetch: Fetch, options: ServerOptions, bounds: ServerBounds): Promise<HttpServer> {
  const { hostname, port, tls, say } = options
  return new Promise((listening, fail) => {
    const server = serve(
      {
        fetch,
        hostname,
        port,
        ...(tls === undefined ? {} : { createServer: createTlsServer }),
        serverOptions: {
          ...(tls === undefined ? {} : { ...tls, handshakeTimeout: bounds.headersMillis }),
          headersTimeout: bounds.headersMillis,
          requestTimeout: bounds.requestMillis,
          keepAliveTimeout: bounds.idleMillis,
          connectionsCheckingInterval: Math.min(CONNECTIONS_CHECK_MILLIS, bounds.headersMillis),
        },
      },
      ({ address: host, port: taken }) => {
        const scheme = tls === undefined ? 'http' : 'https'
        listening({
          url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${taken}`,
          windDown,
          async close() {
            windDown()
            await waitUntilQuiet()
            await close(server, connections, bounds.graceMillis)
          },
          useTls: (pair) => (server as TlsServer).setSecureContext(pair),
        })
      },
    ) as Server
    // This listener stays: if accepting fails later, for example without a free file descriptor, the error must not be uncaught.
    server.on('error', (error) => {
      if (server.listening) say(`Cannot accept a connection: ${error.message}`)
      fail(error)
    })
    server.timeout = bounds.stalledMillis
    server.maxConnections = bounds.connectionsMax
    const connections = trackConnections(server)
    const windDown = prepareWindDown(server)
    closeAfterUnreadBody(server)
    closeWithoutHandshake(server)
    reportWhenFull(server, connections, bounds.connectionsMax, say)
    // Last, because it wraps all listeners that are registered by now.
    closeWhenPipelined(server)
  })
}

/**
 * Closing a port resets connections that the system has accepted but this process has not. So the port is closed right
 * after a turn of the event loop that found none.
 */
async function waitUntilQuiet(): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS_TRIED_MAX; turn++) {
    const began = performance.now()
    await new Promise((next) => setImmediate(next))
    if (performance.now() - began < QUIET_TURN_MAX_MILLIS) return
  }
}

function close(server: Server, connections: ReadonlySet<Socket>, graceMillis: number): Promise<void> {
  return new Promise((closed) => {
    // After `close`, the server no longer enforces its deadlines: a stalled request would keep the process running forever.
    const cut = setTimeout(() => {
      server.closeAllConnections()
      // The server does not track connections whose TLS handshake has not finished.
      for (const socket of connections) socket.destroy()
    }, graceMillis)
    server.close(() => {
      clearTimeout(cut)
      closed()
    })
    server.closeIdleConnections()
  })
}

function trackConnections(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return open
}

/** Returns a function after which every answer has `Connection: close`, so that no client sends on a closing connection. */
function prepareWindDown(server: Server): () => void {
  let isWindingDown = false
  server.prependListener('request', (_request, response) => {
    if (isWindingDown) response.setHeader('Connection', 'close')
  })
  return () => {
    isWindingDown = true
  }
}

/** Closes connections whose TLS handshake fails; Deno would keep them open. */
function closeWithoutHandshake(server: Server): void {
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
}

/**
 * Destroys a connection with more than {@link PIPELINED_REQUESTS_MAX} unanswered requests. Excess requests are already parsed
 * but reach no listener; otherwise one connection could cause thousands of answers without reading any.
 */
function closeWhenPipelined(server: Server): void {
  const waiting = new WeakMap<Socket, number>()
  const listeners = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    const { socket } = request
    const count = (waiting.get(socket) ?? 0) + 1
    waiting.set(socket, count)
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1))
    if (count > PIPELINED_REQUESTS_MAX || socket.destroyed) socket.destroy()
    else for (const listener of listeners) listener.call(server, request, response)
  })
}

function reportWhenFull(
  server: Server,
  connections: ReadonlySet<Socket>,
  connectionsMax: number,
  say: (line: string) => void,
): void {
  let notedMillis = Number.NEGATIVE_INFINITY
  server.on('connection', () => {
    const { size } = connections
    if (size < connectionsMax || Date.now() - notedMillis < CONNECTIONS_FULL_NOTICE_MILLIS) return
    notedMillis = Date.now()
    say(`${size} connections are open, which is the limit: further connections are refused`)
  })
}
