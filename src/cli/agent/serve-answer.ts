// Serves the answer to a challenge of `http_dns`, at one path and only while its login lasts.
import { createServer } from 'node:http'
import { describeError } from '../../core/thrown.ts'
import { CollectError } from './metadata.ts'

export interface ServedAnswer {
  readonly port: number
  /** The path that came with the challenge. */
  readonly path: string
  readonly body: string
}

/**
 * Listens on all addresses of the machine.
 * @returns closes the port
 * @throws {CollectError} if the port cannot be listened on
 */
export async function serveAnswer({ port, path, body }: ServedAnswer): Promise<() => Promise<void>> {
  const server = createServer((request, response) => {
    const isThere = request.method === 'GET' && request.url === path
    response.writeHead(isThere ? 200 : 404, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-store' })
    response.end(isThere ? body : '')
  })
  await new Promise<void>((listening, fail) => {
    // Not `once`: a later error without a listener would be uncaught. Once the promise has settled it has no effect.
    server.on('error', (error) =>
      fail(new CollectError(`cannot listen on port ${port} (--http-dns-port): ${describeError(error)}`)),
    )
    server.listen(port, () => listening())
  })
  return () =>
    new Promise((closed) => {
      server.close(() => closed())
      server.closeAllConnections()
    })
}
