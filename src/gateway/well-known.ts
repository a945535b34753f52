// What any OIDC relying party needs to verify a session: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5.
import { PUBLISHED_MAX_AGE_SECONDS } from '../core/limits.ts'
import type { GatewayApp, Parts } from './parts.ts'
import { answerJson } from './problem.ts'
import { addRoute } from './route.ts'

export function addWellKnownRoutes(app: GatewayApp, { settings }: Parts): void {
  const headers = { 'Cache-Control': `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}` }
  const base = settings.issuerUrl.replace(/\/$/, '')

  addRoute(app, 'GET', '/.well-known/openid-configuration', (c) =>
    answerJson(
      c,
      JSON.stringify({
        issuer: settings.issuerUrl,
        jwks_uri: `${base}/.well-known/jwks.json`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: settings.sessionKeys.algorithms,
      }),
      headers,
    ),
  )
  addRoute(app, 'GET', '/.well-known/jwks.json', (c) =>
    answerJson(c, JSON.stringify({ keys: [...settings.sessionKeys.published.keys] }), headers),
  )
}
