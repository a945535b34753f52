// A larger app on Node with the gateway under /attest; ISSUER_URL ends in /attest.
import process from 'node:process'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createNodeGateway } from 'postern/node'

const app = new Hono()
app.get('/', (c) => c.text('the larger app'))
app.route('/attest', await createNodeGateway({ store: './policies' }))
serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env['PORT'] ?? 8787) })
