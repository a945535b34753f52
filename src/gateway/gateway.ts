// The gateway as one Hono app, made of parts that its host hands in. A larger app mounts it with `app.route`.
import { Hono } from 'hono'
import { matchedRoutes } from 'hono/route'
import { makeUuidV7 } from '../core/uuid.ts'
import { describeFault } from './audit/audit.ts'
import { createRecordHead } from './audit/record-head.ts'
import { addOpenApiRoute } from './openapi/openapi.ts'
import { answerProblem } from './problem.ts'
import { addChallengeRoutes } from './routes/challenge.ts'
import { addClaimsRoute } from './routes/claims.ts'
import { addHealthRoutes } from './routes/health.ts'
import { addLoginRoutes } from './routes/login.ts'
import { addSchemaRoute } from './routes/section-schemas.ts'
import { addStatusRoute } from './routes/status.ts'
import { addWellKnownRoutes } from './routes/well-known.ts'
import { createServices, type GatewayApp, type GatewayEnv, type GatewayOptions } from './services.ts'

export function createGateway(options: GatewayOptions): GatewayApp {
  const services = createServices(options)
  const app = new Hono<GatewayEnv>({ strict: true })

  app.use(async function answerHeaders(c, next) {
    const startedMillis = services.clock()
    c.set('startedMillis', startedMillis)
    c.set('requestId', makeUuidV7(startedMillis))
    c.set('realm', services.settings.trustDomain)
    await next()
    c.header('X-Request-Id', c.get('requestId'))
    c.header('X-Content-Type-Options', 'nosniff')
    if (!c.res.headers.has('Cache-Control')) c.header('Cache-Control', 'no-store')
  })
  addLoginRoutes(app, services)
  addChallengeRoutes(app, services)
  addClaimsRoute(app, services)
  addStatusRoute(app, services)
  addWellKnownRoutes(app, services)
  addHealthRoutes(app, services)
  addSchemaRoute(app)
  addOpenApiRoute(app, services)

  // A route and no `notFound` handler: of a mounted app Hono uses only the routes.
  app.all('*', function answerUnknown(c, next) {
    // What a host registers below its mount after the gateway is its own to answer.
    if (c.req.routeIndex < matchedRoutes(c).length - 1) return next()
    return answerProblem(c, { code: 'route_unknown', detail: `there is no ${c.req.method} ${c.req.path} here` })
  })
  app.onError((error, c) => {
    services.audit({ ...createRecordHead('fault', c, services), error: describeFault(error) })
    return answerProblem(c, {
      code: 'internal_error',
      detail: 'the gateway failed: look for this requestId in its log',
    })
  })
  return app
}
