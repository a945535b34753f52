// fastify with `@fastify/jwt` and `get-jwks`, as the README of get-jwks has it. It signs by its own plugin: its key is
// read once.
import { createPrivateKey } from 'node:crypto'
import fastifyJwt, { type TokenOrHeader } from '@fastify/jwt'
import fastify, { type FastifyRequest } from 'fastify'
import buildGetJwks from 'get-jwks'
import type { LoginWork } from '../login/work.ts'
import { answerWith, sessionClaims } from './session.ts'

export async function listenFastify(work: LoginWork): Promise<number> {
  const { issuer, audience, session } = work
  const { kid, typ } = session.header
  const app = fastify()
  const getJwks = buildGetJwks({ providerDiscovery: true, issuersWhitelist: [issuer] })
  const key = createPrivateKey({ key: session.privateJwk, format: 'jwk' })
  await app.register(fastifyJwt, {
    decode: { complete: true },
    secret: {
      private: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
      public: (_request: FastifyRequest, token: TokenOrHeader) => {
        if (!('payload' in token)) throw new Error('the token is not decoded')
        const { kid, alg } = token.header
        return getJwks.getPublicKey({ kid, alg, domain: token.payload.iss })
      },
    },
    verify: { allowedIss: issuer, allowedAud: audience, algorithms: ['RS256'] },
    sign: { algorithm: 'ES256', kid, header: { alg: 'ES256', typ } },
  })
  app.addHook('onRequest', async (request) => {
    await request.jwtVerify()
  })
  app.post(work.login.path, async () => answerWith(work, app.jwt.sign(sessionClaims(work))))
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
