// What any OIDC relying party needs to verify a session: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5.
import type { GatewayApp, Parts } from './parts.ts'
import { addRoute } from './route.ts'

/** A published key set is read again after this long: how long a new key must be published before it signs. */
const PUBLISHED_MAX_AGE_SECONDS = 300

export function addWellKnownRoutes(app: GatewayApp, { settings }: Parts): void {
  const headers = { 'Cache-Control': `public, max-age=${PUBLISHED_MAX_AGE_SECONDS}` }
  const base = settings.issuerUrl.replace(/\/$/, '')

  addRoute(app, 'GET', '/.well-known/openid-configuration', (c) =>
    c.json(
      {
        issuer: settings.issuerUrl,
        jwks_uri: `${base}/.well-known/jwks.json`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: settings.sessionKeys.algorithms,
      },
      200,
      headers,
    ),
  )
  addRoute(app, 'GET', '/.well-known/jwks.json', (c) =>
    c.json({ keys: [...settings.sessionKeys.published.keys] }, 200, headers),
  )
}
