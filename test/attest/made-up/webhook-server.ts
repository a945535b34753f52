// The change desk that `webhook` asks: a real server on loopback, which answers what a test says.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Desk {
  readonly url: string
  /** What it was asked, in order. */
  readonly asked: unknown[]
  /** Answers this from now on; a function answers by hand. */
  answer(next: object | ((request: IncomingMessage, response: ServerResponse) => void)): void
  stop(): Promise<void>
}

export async function startDesk(): Promise<Desk> {
  const asked: unknown[] = []
  let next: Parameters<Desk['answer']>[0] = { allowed: true }
  const server = createServer(async (request, response) => {
    const { method } = request
    const body = (await buffer(request)).toString()
    asked.push({ method, type: request.headers['content-type'], body: JSON.parse(body) })
    if (typeof next === 'function') return void next(request, response)
    response.setHeader('content-type', 'application/json').end(JSON.stringify(next))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/changes`,
    asked,
    answer(one) {
      next = one
    },
    stop() {
      server.closeAllConnections()
      return new Promise((stopped) => server.close(() => stopped()))
    },
  }
}
