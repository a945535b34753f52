// A larger app on Workers with the gateway under /attest; ISSUER_URL ends in /attest.
import { Hono } from 'hono'
import { gateway } from 'postern/worker'

export { PosternService, ReplayShard } from 'postern/worker'

const app = new Hono()
app.get('/', (c) => c.text('the larger app'))
app.route('/attest', gateway)
export default app
