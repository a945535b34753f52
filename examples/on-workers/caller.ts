// Another Worker of the same account, which logs agents in by a service binding: no HTTP, and the binding grants nothing.
import type { PosternService } from 'postern/worker'

interface Env {
  readonly POSTERN: Service<typeof PosternService>
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== 'POST') return new Response('POST a token')
    const evidence = { token: await request.text() }
    const login = await env.POSTERN.login('c-1', [{ type: 'k8s_token', evidence }])
    return login.ok ? Response.json(login.value) : Response.json(login.failure, { status: 403 })
  },
}
