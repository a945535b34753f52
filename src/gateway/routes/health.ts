// Liveness and readiness. Alive means that requests are answered at all; ready, that a login could be.
import { roundUpToSeconds } from '../../core/duration.ts'
import { READY_CACHE_MILLIS } from '../../core/limits.ts'
import type { Liveness, Readiness } from '../answers/health-answers.ts'
import { answerJson, answerProblem } from '../problem.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, Services } from '../services.ts'

const DETAILS = {
  gateway_draining: 'draining: the gateway is shutting down and answers what it has accepted',
  store_unavailable: 'the configuration store could not be read',
  audit_unavailable: 'audit records cannot be written: logins are refused until they can',
} as const

export function addHealthRoutes(app: GatewayApp, { readiness }: Services): void {
  addRoute(app, 'GET', '/healthz', (c) => answerJson<Liveness>(c, { status: 'ok' }))
  addRoute(app, 'GET', '/readyz', async (c) => {
    const { code, checks } = await readiness()
    if (code === undefined) return answerJson<Readiness>(c, { status: 'ready', checks })
    return answerProblem(
      c,
      { code, detail: DETAILS[code], retryAfterSeconds: roundUpToSeconds(READY_CACHE_MILLIS) },
      { checks },
    )
  })
}
