// Liveness and readiness. Ready means that the configuration store answers; a store that is empty is ready.
import { trustDomainKey } from '../config/document-key.ts'
import { backgroundOf } from './background.ts'
import type { GatewayApp, Parts } from './parts.ts'
import { problem } from './problem.ts'
import { addRoute } from './route.ts'

export function addHealthRoutes(app: GatewayApp, { configs }: Parts): void {
  addRoute(app, 'GET', '/healthz', (c) => c.json({ status: 'ok' }))
  addRoute(app, 'GET', '/readyz', async (c) => {
    const read = await configs.get(trustDomainKey('TrustDomain'), backgroundOf(c))
    if (read.kind !== 'unavailable') return c.json({ status: 'ready' })
    const { retryAfterSeconds } = read
    return problem(c, {
      code: 'store_unavailable',
      detail: 'the configuration store could not be read',
      retryAfterSeconds,
    })
  })
}
