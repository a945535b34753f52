// Adds a route, and 405 with `Allow` for every other method on its path (RFC 9110 section 15.5.6).
import type { Context } from 'hono'
import { answerProblem } from './problem.ts'
import type { GatewayApp, GatewayEnv } from './services.ts'

/** Malformed cluster ids get the same answer as unknown clusters, without a store read. */
export const UNKNOWN_CLUSTER = { code: 'cluster_unknown', detail: 'no cluster has this id' } as const

type Answer = (c: Context<GatewayEnv>) => Response | Promise<Response>

export function addRoute(
  app: GatewayApp,
  method: 'GET' | 'POST',
  path: string,
  answer: Answer,
  allowed: string = method === 'GET' ? 'GET, HEAD' : method,
): void {
  app.on(method, path, answer)
  app.all(path, (c) => {
    c.header('Allow', allowed)
    return answerProblem(c, { code: 'method_not_allowed', detail: `use ${allowed} here` })
  })
}
