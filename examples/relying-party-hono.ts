// A relying party that admits agents with hono/jwk. It is shown in docs/relying-parties.md and run by a test.
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import type { JwtVariables } from 'hono/jwt'

const ISSUER = 'https://login.example.org'

export const app = new Hono<{ Variables: JwtVariables }>()
app.use(
  '/api/*',
  jwk({
    jwks_uri: `${ISSUER}/.well-known/jwks.json`,
    alg: ['ES256'],
    verification: { iss: ISSUER, aud: 'spiffe://example.org', typ: 'postern-session+jwt' },
  }),
)
app.get('/api/whoami', (c) => c.json({ sub: c.get('jwtPayload').sub }))
