// A TCP proxy in front of a server, which can stall, and cut connections in the middle of an answer.
import { connect, createServer, type Socket } from 'node:net'

export interface FaultyProxy {
  readonly port: number
  /** Holds back everything that the server answers for this long. */
  stallFor(millis: number): void
  /** Ends each connection once so many bytes of the server have passed it; `undefined` no longer does. */
  cutAfter(bytes: number | undefined): void
  close(): void
}

export async function startFaultyProxy(target: number): Promise<FaultyProxy> {
  const open = new Set<Socket>()
  const servers = new Set<Socket>()
  let cutAfter: number | undefined
  let passed = 0
  let isStalled = false

  const proxy = createServer((client) => {
    const server = connect(target, '127.0.0.1')
    for (const socket of [client, server]) {
      open.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open.delete(socket)
        servers.delete(server)
        client.destroy()
        server.destroy()
      })
    }
    servers.add(server)
    client.on('data', (bytes) => server.write(bytes))
    server.on('data', (bytes) => {
      const left = cutAfter === undefined ? bytes.length : Math.max(0, cutAfter - passed)
      passed += bytes.length
      client.write(bytes.subarray(0, left))
      if (left < bytes.length) client.end(() => client.destroy())
    })
    if (isStalled) server.pause()
  })
  await new Promise<void>((listening) => proxy.listen(0, '127.0.0.1', listening))
  const address = proxy.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    stallFor(millis) {
      isStalled = true
      for (const server of servers) server.pause()
      setTimeout(() => {
        isStalled = false
        for (const server of servers) server.resume()
      }, millis)
    },
    cutAfter(bytes) {
      passed = 0
      cutAfter = bytes
    },
    close() {
      for (const socket of open) socket.destroy()
      proxy.close()
    },
  }
}
