// Serves a built playground on loopback with the gateway's headers, for the pictures of the documents and for tests.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isPlaygroundFile, PLAYGROUND_FILES, PLAYGROUND_HEADERS } from '../src/gateway/playground-files.ts'

export interface ServedPlayground {
  /** Ends in a slash. */
  readonly url: string
  /** Method and path of every request so far. */
  readonly requests: readonly string[]
  readonly close: () => void
}

/** Serves `folder`. @param headers - on every file; default those of the gateway */
export async function servePlayground(
  folder: string,
  headers: Readonly<Record<string, string>> = PLAYGROUND_HEADERS,
): Promise<ServedPlayground> {
  const requests: string[] = []
  const server = createServer(async ({ method = '', url = '' }, response) => {
    requests.push(`${method} ${url}`)
    const name = url.replace(/^\/playground\//, '').replace(/[?].*$/, '') || 'index.html'
    if (!url.startsWith('/playground/') || !isPlaygroundFile(name)) return void response.writeHead(404).end()
    const bytes = await readFile(join(folder, name))
    response.writeHead(200, { ...headers, 'Content-Type': PLAYGROUND_FILES[name] }).end(bytes)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    requests,
    url: `http://127.0.0.1:${port}/playground/`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
