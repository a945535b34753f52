// A relying party that verifies the sessions of agents with jose. It is shown in docs/relying-parties.md and run by a test.
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose'

const ISSUER = 'https://login.example.org'
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`))

/** The claims of an agent's session. Rejects whatever else it is given. */
export async function verifyAgentSession(token: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: 'spiffe://example.org',
    typ: 'postern-session+jwt',
    algorithms: ['ES256'],
    requiredClaims: ['sub', 'exp', 'iat', 'jti'],
  })
  return payload
}
