// A whole gateway behind the server of Node and Deno, with deadlines that a test can wait for: its bounds come as JSON in
// the first argument. `/large` is an answer that no buffer of a socket holds. Prints its URL. Ends on SIGTERM as `serve` does.
import process from 'node:process'
import { listen, SERVER_BOUNDS, type ServerBounds } from '../../src/runtime/http-server.ts'
import { createServedGateway } from '../../src/runtime/serve-options.ts'

const [bounds = '{}', store = ''] = process.argv.slice(2)
const options = { store, state: store, hostname: '127.0.0.1', port: 0 }
const gateway = await createServedGateway(options, process.env)
if (typeof gateway === 'string') throw new Error(gateway)

const shortened: Partial<ServerBounds> = JSON.parse(bounds)
const large = 'x'.repeat(64 * 1024 * 1024)
const fetch: typeof gateway.fetch = (request, ...others) =>
  request.url.endsWith('/large') ? new Response(large) : gateway.fetch(request, ...others)
const server = await listen(fetch, options, { ...SERVER_BOUNDS, ...shortened })
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
process.stdout.write(`listening ${server.url}\n`)
