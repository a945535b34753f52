// `/livez` and `/readyz` of the agent: ready is who has written a session that is good now.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { AgentState } from './run-agent.ts'

export interface Health {
  readonly url: string
  close(): Promise<void>
}

/** @throws the system's error if the address cannot be listened on */
export function serveHealth(
  { host, port }: { readonly host: string; readonly port: number },
  readState: () => AgentState,
  clock: () => number,
): Promise<Health> {
  const server = createServer((request, response) => {
    const { expiresAtMillis = 0, failure } = readState()
    const isReady = expiresAtMillis > clock()
    const status = request.url === '/livez' ? 200 : request.url === '/readyz' ? (isReady ? 200 : 503) : 404
    const body =
      request.url === '/readyz'
        ? { ready: isReady, ...(failure === undefined ? {} : { failure }) }
        : { status: status === 200 ? 'ok' : 'unknown' }
    response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    response.end(`${JSON.stringify(body)}\n`)
  })
  return new Promise((listening, fail) => {
    server.once('error', fail)
    server.listen(port, host, () => {
      const { address, port: taken, family } = server.address() as AddressInfo
      const shown = family === 'IPv6' ? `[${address}]` : address
      listening({
        url: `http://${shown}:${taken}`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed())
            server.closeAllConnections()
          }),
      })
    })
  })
}
