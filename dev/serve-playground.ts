// Serves a built playground on loopback with the gateway's headers, for the pictures of the documents.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isPlaygroundFile, PLAYGROUND_FILES, PLAYGROUND_HEADERS } from '../src/gateway/playground-files.ts'

/** Serves `folder`; `url` ends in a slash. */
export async function servePlayground(folder: string): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = createServer(async ({ url = '' }, response) => {
    const name = url.replace(/^\/playground\//, '').replace(/[?].*$/, '') || 'index.html'
    if (!url.startsWith('/playground/') || !isPlaygroundFile(name)) return void response.writeHead(404).end()
    const bytes = await readFile(join(folder, name))
    response.writeHead(200, { ...PLAYGROUND_HEADERS, 'Content-Type': PLAYGROUND_FILES[name] }).end(bytes)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/playground/`,
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
