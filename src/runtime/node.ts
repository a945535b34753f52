// The gateway on Node: `npm run serve -- --store DIR --port N`.
import process from 'node:process'
import { serve } from '@hono/node-server'
import { printableLines } from '../core/printable.ts'
import { createServedGateway, readServeOptions, SERVE_USAGE } from './serve-options.ts'

const options = readServeOptions(process.argv.slice(2))
if (typeof options === 'string') stop(`${options}\n\n${SERVE_USAGE}`)
const gateway = createServedGateway(options, process.env)
if (typeof gateway === 'string') stop(gateway)

const server = serve({ fetch: gateway.fetch, port: options.port, hostname: options.hostname }, ({ address, port }) => {
  process.stderr.write(`Postern listens on http://${address.includes(':') ? `[${address}]` : address}:${port}\n`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => server.close(() => process.exit(0)))

function stop(message: string): never {
  process.stderr.write(`${printableLines(message)}\n`)
  process.exit(2)
}
