// The floor: bare Hono, with jose to verify the token and to sign the session. No policy, no record, no limits.
import { Hono } from 'hono'
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose'
import type { LoginWork } from '../login/work.ts'
import { answerWith, createSessionSigner } from './session.ts'

interface LoginBody {
  readonly attestations: readonly [{ readonly evidence: { readonly token: string } }]
}

export async function createFloor(work: LoginWork): Promise<Hono> {
  const { issuer, audience, jwks, jwksUrl } = work
  const keys = jwks === undefined ? createRemoteJWKSet(new URL(jwksUrl)) : createLocalJWKSet(jwks)
  const sign = await createSessionSigner(work)
  const app = new Hono()
  app.post(work.login.path, async (c) => {
    const { attestations } = await c.req.json<LoginBody>()
    await jwtVerify(attestations[0].evidence.token, keys, { issuer, audience, algorithms: ['RS256'] })
    return c.json(answerWith(work, await sign()))
  })
  return app
}
