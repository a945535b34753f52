// Serves what a relying party needs to verify a session: OpenID Connect Discovery 1.0 section 3, RFC 7517 section 5.
// Verifiers must be configured for the token type of sessions: docs/relying-parties.md.
import type { Discovery, KeySet } from '../answers/discovery.ts'
import { addPublishedRoute, publishJson } from '../openapi/published.ts'
import { answerProblem } from '../problem.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, Services } from '../services.ts'

/**
 * The claims of sessions. Only those of agents have `cluster_id`; only those of some issuers have `allowed_clusters`.
 */
const CLAIMS = [
  'iss',
  'sub',
  'aud',
  'iat',
  'exp',
  'jti',
  'ver',
  'role',
  'policy',
  'cluster_id',
  'allowed_clusters',
  'attributes',
  'decision',
]

export function addWellKnownRoutes(app: GatewayApp, { settings }: Services): void {
  const base = settings.issuerUrl.replace(/\/$/, '')

  const discovery = publishJson<Discovery>(() => ({
    issuer: settings.issuerUrl,
    // Section 3 requires this member, as an https URL: the endpoint exists and refuses every request. `token_endpoint`
    // is not required of a provider whose only response type is `id_token`.
    authorization_endpoint: `${base}/authorize`,
    jwks_uri: `${base}/.well-known/jwks.json`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    // The algorithms of the published keys. Section 3 requires RS256 too, but without an RSA key no session is signed
    // with it.
    id_token_signing_alg_values_supported: settings.sessionKeys.algorithms,
    claims_supported: CLAIMS,
  }))
  const keys = publishJson<KeySet>(() => ({ keys: settings.sessionKeys.published.keys }))
  addPublishedRoute(app, '/.well-known/openid-configuration', () => discovery)
  addPublishedRoute(app, '/.well-known/jwks.json', () => keys)

  // The request is neither quoted nor redirected: no client is registered, so every `redirect_uri` is untrusted (RFC
  // 6749 section 4.1.2.1).
  addRoute(app, 'GET', '/authorize', (c) =>
    answerProblem(c, {
      code: 'authorization_unsupported',
      detail: `browser login is not supported: agents send evidence to POST ${base}/v1/clusters/{clusterId}/login`,
    }),
  )
}
