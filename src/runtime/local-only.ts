// Refuses requests to a deployed Worker that still has development settings. With a loopback ISSUER_URL its sessions name an
// issuer that any machine can impersonate, and ALLOW_LOOPBACK_ISSUERS may be on. A Worker cannot query whether it is
// deployed, but its requests show it: Cloudflare routes by host, so no external request names a loopback host.
import { Hono } from 'hono'
import { makeUuidV7 } from '../core/uuid.ts'
import { answerProblem } from '../gateway/problem.ts'
import type { GatewayApp, GatewayEnv } from '../gateway/services.ts'
import { isLoopbackHost } from '../net/url-policy.ts'

/** Returns the app unchanged, or if `issuerUrl` is loopback, an app that answers 503 to requests for any other host. */
export function refuseWhenDeployedAsLocal(app: GatewayApp, issuerUrl: string): GatewayApp {
  if (!isLoopbackUrl(issuerUrl)) return app
  const local = new Hono<GatewayEnv>()
  local.use(async (c, next) => {
    if (isLoopbackUrl(c.req.url)) return next()
    // The headers of every answer.
    c.set('requestId', makeUuidV7(Date.now()))
    c.header('X-Request-Id', c.get('requestId'))
    c.header('X-Content-Type-Options', 'nosniff')
    c.header('Cache-Control', 'no-store')
    return answerProblem(c, {
      code: 'settings_invalid',
      detail:
        'ISSUER_URL is a loopback URL, but this request is for another host: set ISSUER_URL to the URL of this gateway',
    })
  })
  // Its routes, so that a larger app can mount them.
  local.route('/', app)
  return local
}

function isLoopbackUrl(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && isLoopbackHost(url.hostname)
}
