// `hono/jwk`: https://hono.dev/docs/middleware/builtin/jwk. With `jwks_uri` it would fetch the key set at each request,
// and import a key given as a JWK each time: so it gets keys read once over HTTP and imported once.
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
import type { LoginWork } from '../login/work.ts'
import { answerWith, createSessionSigner } from './session.ts'

type Keys = Extract<Parameters<typeof jwk>[0]['keys'], readonly unknown[]>

export async function createHonoJwk(work: LoginWork): Promise<Hono> {
  const { issuer, audience, jwksUrl } = work
  const keys = await importKeys(jwksUrl)
  const sign = await createSessionSigner(work)
  const app = new Hono()
  app.use(work.login.path, jwk({ keys, alg: ['RS256'], verification: { iss: issuer, aud: audience } }))
  app.post(work.login.path, async (c) => c.json(answerWith(work, await sign())))
  return app
}

/** It finds a key by a member `kid`, and takes a CryptoKey as it is. */
async function importKeys(jwksUrl: string): Promise<Keys> {
  const { keys } = (await (await fetch(jwksUrl)).json()) as { readonly keys: readonly PublishedKey[] }
  return Promise.all(
    keys.map(async (key) => {
      const imported = await crypto.subtle.importKey('jwk', key, RS256, false, ['verify'])
      return Object.assign(imported, { kid: key.kid, kty: key.kty })
    }),
  )
}

const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

interface PublishedKey extends JsonWebKey {
  readonly kid: string
  readonly kty: string
}
