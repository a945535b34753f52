// The listener of `--metrics-port`: one route, apart from the gateway's, so that what agents can reach never shows it.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Prometheus } from './prometheus.ts'

export interface MetricsServer {
  readonly url: string
  close(): void
}

/** @throws the system's error if the address cannot be listened on */
export function serveMetrics(
  { scrape }: Pick<Prometheus, 'scrape'>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<MetricsServer> {
  const server = createServer(async (request, response) => {
    const [path] = (request.url ?? '').split('?')
    if (path !== '/metrics') return void response.writeHead(404).end('only /metrics is here\n')
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return void response.writeHead(405, { Allow: 'GET, HEAD' }).end()
    const scraped = await scrape().catch(() => undefined)
    // A rejection here would end the process, and with it all logins.
    if (scraped === undefined) return void response.writeHead(500).end('the metrics could not be read\n')
    response.writeHead(200, { 'Content-Type': scraped.contentType, 'Cache-Control': 'no-store' })
    response.end(request.method === 'HEAD' ? undefined : scraped.text)
  })
  // A scraper asks every some seconds; whoever holds connections gets few.
  server.maxConnections = 16
  server.headersTimeout = 5000
  server.requestTimeout = 5000
  return new Promise((listening, fail) => {
    // For as long as it listens: a connection that cannot be accepted (too many open files) must not end the process.
    server.on('error', fail)
    server.listen(port, host, () => {
      const { address, port: taken, family } = server.address() as AddressInfo
      listening({
        url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/metrics`,
        close() {
          server.close()
          server.closeAllConnections()
        },
      })
    })
  })
}
