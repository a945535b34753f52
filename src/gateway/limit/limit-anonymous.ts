// Refuses requests of a client that has sent too many which verified nothing: malformed ones, unknown clusters, evidence
// and sessions that do not verify. A request that verified something never counts, so any number of agents behind one
// address can log in at once.

import { answerProblem } from '../problem.ts'
import type { GatewayApp } from '../services.ts'
import type { AnonymousLimit } from './anonymous-limit.ts'

/** Adds the limit to the routes that are added later: not to health and published documents, which balancers poll. */
export function limitAnonymousRequests(app: GatewayApp, limit: AnonymousLimit): void {
  app.use('/v1/*', async function limitAnonymous(c, next) {
    const client = limit.identify(c.req.raw, c.env)
    const waitMillis = limit.refuse(client)
    if (waitMillis !== undefined)
      return answerProblem(c, {
        code: 'rate_limited',
        detail: 'too many requests from this address verified nothing: try again later, with evidence that verifies',
        retryAfterSeconds: waitMillis / 1000,
      })
    await next()
    // A failure of the gateway, its store or an issuer (5xx) is not the client's.
    const { status } = c.res
    const isRefused = status >= 400 && status < 500 && c.get('hasVerified') !== true
    if (isRefused || c.get('isCharged') === true) limit.charge(client)
    return undefined
  })
}
