// The HTTP server of Node and Deno: `node:http` on both, because only it has deadlines on both (`Deno.serve` has none, and
// keeps a connection that stalls for as long as its client likes). What a client may hold, and for how long, is here.
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
  /** Goes on as before, but ends each connection with its next answer. */
  windDown(): void
  /** Takes no more connections, lets requests under way end within the grace, then cuts what is left. */
  close(): Promise<void>
  /** New connections get this certificate; those there are stay. Only for a server that has begun with one. */
  useTls(pair: TlsPair): void
}

export interface ServerOptions extends Address {
  readonly tls?: TlsPair
  /** Takes what the operator should know, a line each. */
  readonly say: (line: string) => void
}

type Fetch = Parameters<typeof serve>[0]['fetch']

export interface Address {
  readonly hostname: string
  readonly port: number
}

/** Listens; rejects if it cannot. */
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
    // Stays: an accept that fails later, as without a free file descriptor, must not be an uncaught error.
    server.on('error', (error) => {
      if (server.listening) say(`A connection could not be accepted: ${error.message}`)
      fail(error)
    })
    server.timeout = bounds.stalledMillis
    server.maxConnections = bounds.connectionsMax
    const connections = trackConnections(server)
    const windDown = prepareWindDown(server)
    closeAfterUnreadBody(server)
    closeWithoutHandshake(server)
    reportWhenFull(server, connections, bounds.connectionsMax, say)
    // The last one, since it stands before all listeners.
    closeWhenPipelined(server)
  })
}

/**
 * To close a port resets the connections that the system has accepted and we have not yet. So it is closed just after a
 * look at them that found none.
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
    // After `close` a server holds nothing to its deadlines any more: a request that stalls would keep it up for ever.
    const cut = setTimeout(() => {
      server.closeAllConnections()
      // It does not know of those whose TLS handshake has not ended.
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

/** After the call each answer says `Connection: close`, so that no client sends into a connection that is being closed. */
function prepareWindDown(server: Server): () => void {
  let isWindingDown = false
  server.prependListener('request', (_request, response) => {
    if (isWindingDown) response.setHeader('Connection', 'close')
  })
  return () => {
    isWindingDown = true
  }
}

/** Whoever speaks no TLS to a server that does; Deno keeps such a connection. */
function closeWithoutHandshake(server: Server): void {
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
}

/**
 * Cuts a connection with more requests than {@link PIPELINED_REQUESTS_MAX} under way. Those beyond it are parsed already,
 * and reach no listener: or one connection would have thousands of answers made, of which it reads none.
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
    say(`${size} connections are open, as many as this gateway takes: further ones are refused`)
  })
}
