// Liveness and readiness. Live means that the gateway answers requests; ready, that it can process logins.
import { roundUpToSeconds } from '../../core/duration.ts'
import { READY_CACHE_MILLIS } from '../../core/limits.ts'
import type { Liveness, Readiness } from '../answers/health-answers.ts'
import { answerJson, answerProblem } from '../problem.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, Services } from '../services.ts'

const DETAILS = {
  gateway_draining: 'the gateway is shutting down: it answers accepted requests only. Send new ones elsewhere',
  store_unavailable: 'the configuration store could not be read',
  audit_unavailable: 'audit records cannot be written: logins are refused until they can be',
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
