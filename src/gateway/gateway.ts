// The gateway as one Hono app, made of what its host provides. A larger app mounts it with `app.route`.
import { Hono } from 'hono'
import { matchedRoutes } from 'hono/route'
import { makeUuidV7 } from '../core/uuid.ts'
import { describeFault } from './audit/audit.ts'
import { createRecordHead } from './audit/record-head.ts'
import { limitAnonymousRequests } from './limit/limit-anonymous.ts'
import { addOpenApiRoute } from './openapi/openapi.ts'
import { answerProblem } from './problem.ts'
import { addChallengeRoutes } from './routes/challenge.ts'
import { addClaimsRoute } from './routes/claims.ts'
import { addHealthRoutes } from './routes/health.ts'
import { addIntrospectionRoute } from './routes/introspection.ts'
import { addLoginRoutes } from './routes/login.ts'
import { addPlaygroundRoutes } from './routes/playground.ts'
import { addSchemaRoute } from './routes/section-schemas.ts'
import { addServerlessRoutes } from './routes/serverless.ts'
import { addStatusRoute } from './routes/status.ts'
import { addStatusPageRoute } from './routes/status-page.ts'
import { addWellKnownRoutes } from './routes/well-known.ts'
import { createServices, type GatewayApp, type GatewayEnv, type GatewayOptions } from './services.ts'

/**
 * Creates the gateway.
 *
 * @param options what the host provides: see {@link GatewayOptions}
 * @returns a Hono app: serve its `fetch`, or mount it with `app.route`
 * @throws {RangeError} if `attestors` is inconsistent, for example two of one type
 * @example
 * const gateway = createGateway({
 *   settings,
 *   source: { read: async (key) => documents.get(key) },
 *   module: await WebAssembly.compile(await readFile('policy-vm.wasm')),
 *   fetch,
 *   clock: Date.now,
 *   sleep,
 *   audit: (record) => queue.push(formatAuditLine(record)),
 * })
 * const response = await gateway.fetch(request)
 */
export function createGateway(options: GatewayOptions): GatewayApp {
  const services = createServices(options)
  const { settings } = services
  const app = new Hono<GatewayEnv>({ strict: true })

  app.use(async function answerHeaders(c, next) {
    const startedMillis = services.clock()
    c.set('startedMillis', startedMillis)
    c.set('requestId', makeUuidV7(startedMillis))
    c.set('realm', services.settings.trustDomain)
    // Set before the answer is made: set on a finished one, they would copy it.
    c.header('X-Request-Id', c.get('requestId'))
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cache-Control', 'no-store')
    await next()
  })
  if (settings.serverTiming === true)
    app.use(async function answerTiming(c, next) {
      await next()
      c.header('Server-Timing', `gateway;dur=${Math.max(0, services.clock() - c.get('startedMillis'))}`)
    })
  if (services.anonymousLimit !== undefined) limitAnonymousRequests(app, services.anonymousLimit)
  addLoginRoutes(app, services)
  addChallengeRoutes(app, services)
  addClaimsRoute(app, services)
  addServerlessRoutes(app, services)
  addStatusRoute(app, services)
  addStatusPageRoute(app, services)
  addIntrospectionRoute(app, services)
  addWellKnownRoutes(app, services)
  addHealthRoutes(app, services)
  addSchemaRoute(app)
  addOpenApiRoute(app, services)
  if (options.playground !== undefined) addPlaygroundRoutes(app, options.playground)

  // A route, not a `notFound` handler: Hono uses only the routes of a mounted app.
  app.all('*', function answerUnknown(c, next) {
    // Routes that a host registers after the gateway are left to the host.
    if (c.req.routeIndex < matchedRoutes(c).length - 1) return next()
    return answerProblem(c, {
      code: 'route_unknown',
      detail: `no route matches ${c.req.method} ${c.req.path}: see /openapi.json`,
    })
  })
  app.onError((error, c) => {
    services.audit({ ...createRecordHead('fault', c, services), error: describeFault(error) })
    return answerProblem(c, {
      code: 'internal_error',
      detail: 'the gateway failed: its operator can find the cause in the audit log by this requestId',
    })
  })
  return app
}
