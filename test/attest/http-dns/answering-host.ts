// A host that proves its name: a real HTTP server on loopback, by the name `localhost`, with what it is told to serve.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface AnsweringHost {
  readonly hostname: 'localhost'
  readonly port: number
  /** Paths that were asked for. */
  readonly asked: string[]
  /** Serves this body at this path, and nothing elsewhere. */
  serve(path: string, body: string): void
  answer(respond: (request: IncomingMessage, response: ServerResponse) => void): void
  stop(): Promise<void>
}

export async function startAnsweringHost(): Promise<AnsweringHost> {
  const asked: string[] = []
  let respond: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    void response.writeHead(404).end()
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    respond(request, response)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    hostname: 'localhost',
    port: (server.address() as AddressInfo).port,
    asked,
    serve(path, body) {
      respond = (request, response) => {
        const isThere = request.method === 'GET' && request.url === path
        response.writeHead(isThere ? 200 : 404).end(isThere ? body : '')
      }
    },
    answer(next) {
      respond = next
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped())
        server.closeAllConnections()
      }),
  }
}
