// The entry point on Cloudflare Workers: its default export serves, and the platform makes its classes.
import { app, tellStarted } from './own-gateway.ts'

/** The entry of service bindings, and what the binding `REPLAY` makes its objects of. */
// biome-ignore lint/performance/noBarrelFile: the platform takes the classes from the main module
export { PosternService } from './postern-service.ts'
export { ReplayShard } from './replay/replay-shard.ts'

export default {
  fetch(request: Request, env: unknown, context: ExecutionContext): Response | Promise<Response> {
    tellStarted()
    return app.fetch(request, env as object, context)
  },
}
