// The gateway on Deno: `deno task serve --store DIR --port N`.
import process from 'node:process'
import { printableLines } from '../core/printable.ts'
import { createServedGateway, readServeOptions, SERVE_USAGE } from './serve-options.ts'

const options = readServeOptions(Deno.args)
if (typeof options === 'string') stop(`${options}\n\n${SERVE_USAGE}`)
const gateway = createServedGateway(options, Deno.env.toObject())
if (typeof gateway === 'string') stop(gateway)

const server = Deno.serve(
  {
    port: options.port,
    hostname: options.hostname,
    onListen: ({ hostname, port }) => {
      process.stderr.write(`Postern listens on http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}\n`)
    },
  },
  (request) => gateway.fetch(request),
)
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  Deno.addSignalListener(signal, () => void server.shutdown().then(() => Deno.exit(0)))

function stop(message: string): never {
  process.stderr.write(`${printableLines(message)}\n`)
  Deno.exit(2)
}
