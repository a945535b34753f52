// A whole gateway behind the server of Node and Deno, with deadlines that a test can wait for: its bounds come as JSON in
// the first argument. `/large` is an answer that no buffer of a socket holds. Prints its URL. Ends on SIGTERM as `serve` does.
import process from 'node:process'
import { createServedGateway } from '../../src/runtime/create-served-gateway.ts'
import { listen, SERVER_BOUNDS, type ServerBounds } from '../../src/runtime/http/http-server.ts'
import { readTlsPair } from '../../src/runtime/http/tls-files.ts'
import { openServerOutputs } from '../../src/runtime/server-outputs.ts'

const [bounds = '{}', store = '', cert, key] = process.argv.slice(2)
const { audit, say } = openServerOutputs()
const gateway = await createServedGateway({ store, state: store }, process.env, {
  audit,
  say,
  hostState: () => ({ isDraining: false }),
})
if (typeof gateway === 'string') throw new Error(gateway)
const tls = cert === undefined || key === undefined ? undefined : await readTlsPair({ cert, key })
if (typeof tls === 'string') throw new Error(tls)

const shortened: Partial<ServerBounds> = JSON.parse(bounds)
const large = 'x'.repeat(64 * 1024 * 1024)
const fetch: typeof gateway.app.fetch = (request, ...others) =>
  request.url.endsWith('/large') ? new Response(large) : gateway.app.fetch(request, ...others)
const server = await listen(
  fetch,
  { hostname: '127.0.0.1', port: 0, say, ...(tls === undefined ? {} : { tls }) },
  { ...SERVER_BOUNDS, ...shortened },
)
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
process.stdout.write(`listening ${server.url}\n`)
