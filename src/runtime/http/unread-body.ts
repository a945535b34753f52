// Handles requests that are answered before their body is read, such as a claims request without a session (up to 8 MiB).
// Node and the adaptor would read such a body to its end, work that any anonymous client could cause; here it stays unread.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { UNREAD_BODY_LINGER_MILLIS, UNREAD_BODY_MAX_BYTES } from '../../core/limits.ts'

/** Closes the connection after an answer that was sent before the request's body was read, unless the body is short. */
export function closeAfterUnreadBody(server: Server): void {
  // Before the adaptor's listener, which may answer at once.
  server.prependListener('request', (request, response) => {
    const { method, headers, socket } = request
    const length = headers['content-length']
    if (length === undefined && headers['transfer-encoding'] === undefined) return

    // Deno's request deadline ends with the answer, and the adaptor ignores the body of a GET: an endless body would keep
    // the connection open.
    if (method === 'GET' || method === 'HEAD') {
      response.once('finish', () => {
        if (!request.complete) socket.destroySoon()
      })
      return
    }
    if (length !== undefined && Number(length) <= UNREAD_BODY_MAX_BYTES) return

    const { writeHead } = response
    response.writeHead = (...head: unknown[]) => {
      if (!request.complete) {
        response.shouldKeepAlive = false
        // Both the server and the adaptor call this once the answer is written.
        socket.destroySoon = () => closeUnread(socket)
      }
      return Reflect.apply(writeHead, response, head)
    }
    response.once('finish', () => {
      if (!request.complete) socket.destroySoon()
    })
  })
}

/**
 * Closes a connection whose client may still be sending. Closing a socket with unread bytes resets it, and the reset may
 * reach the client before the answer. So reading stops, and the socket is destroyed after the client had time to read.
 */
function closeUnread(socket: Socket): void {
  if (socket.writableEnded) return
  // The server would resume the socket to read the rest of the body.
  socket.resume = () => socket
  socket.pause()
  socket.end(() => setTimeout(() => socket.destroy(), UNREAD_BODY_LINGER_MILLIS))
}
