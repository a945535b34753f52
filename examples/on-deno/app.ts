// A larger app on Deno with the gateway under /attest; ISSUER_URL ends in /attest.
import { Hono } from 'hono'
import { createDenoGateway } from 'postern/deno'

const app = new Hono()
app.get('/', (c) => c.text('the larger app'))
app.route('/attest', await createDenoGateway({ store: './policies' }))
Deno.serve({ hostname: '127.0.0.1', port: Number(Deno.env.get('PORT') ?? 8787) }, app.fetch)
