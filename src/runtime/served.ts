// `serve` as Node and Deno run it: flags and settings, the gateway, the server, and the signals that end it.
import process from 'node:process'
import { printableLines } from '../core/printable.ts'
import { listen, SERVER_BOUNDS } from './http-server.ts'
import { createServedGateway, readServeOptions, SERVE_USAGE } from './serve-options.ts'
import type { Environment } from './settings.ts'

/** Serves until SIGINT or SIGTERM. Ends the process with status 2 and a message if flags or settings are wrong. */
export async function serveGateway(args: readonly string[], environment: Environment): Promise<void> {
  const options = readServeOptions(args)
  if (typeof options === 'string') stop(`${options}\n\n${SERVE_USAGE}`)
  const gateway = await createServedGateway(options, environment)
  if (typeof gateway === 'string') stop(gateway)

  const { hostname, port } = options
  const server = await listen(gateway.fetch, { hostname, port }, SERVER_BOUNDS).catch((error: unknown) =>
    stop(`Cannot listen on ${hostname} port ${port}: ${error instanceof Error ? error.message : String(error)}`),
  )
  process.stderr.write(`Postern listens on ${server.url}\n`)
  gateway.tell(gateway.started(server.url))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      gateway.tell({ event: 'stopping', signal })
      void server.close().then(() => process.exit(0))
    })
  }
}

function stop(message: string): never {
  process.stderr.write(`${printableLines(message)}\n`)
  process.exit(2)
}
