// A request that was answered before its body was read: a claims request without a session has up to 8 MiB of it. Both
// Node and the adaptor would read such a body to its end, for which anybody could make them work; here it is left unread.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { UNREAD_BODY_LINGER_MILLIS, UNREAD_BODY_MAX_BYTES } from '../../core/limits.ts'

/** Closes a connection after an answer that did not wait for its request's body, unless that is short. */
export function closeAfterUnreadBody(server: Server): void {
  // Before the adaptor's listener, which may answer at once.
  server.prependListener('request', (request, response) => {
    const { method, headers, socket } = request
    const length = headers['content-length']
    if (length === undefined && headers['transfer-encoding'] === undefined) return

    // Deno's deadline for requests ends with the answer, and the adaptor sees to no body of a GET: one that never ends
    // would keep the connection.
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
        // What both the server and the adaptor call once the answer is written.
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
 * Ends a connection whose client may still be sending. To close it with bytes unread resets it, and a reset may reach the
 * client before the answer does; so reading stops, and the connection is closed once the client had time to read.
 */
function closeUnread(socket: Socket): void {
  if (socket.writableEnded) return
  // The server resumes a socket to read the rest of a body.
  socket.resume = () => socket
  socket.pause()
  socket.end(() => setTimeout(() => socket.destroy(), UNREAD_BODY_LINGER_MILLIS))
}
