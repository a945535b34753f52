// express with `express-oauth2-jwt-bearer`, as its README has it; it finds the key set by discovery and keeps it.
import express from 'express'
import { auth } from 'express-oauth2-jwt-bearer'
import type { LoginWork } from '../login/work.ts'
import { answerWith, createSessionSigner } from './session.ts'

export async function listenExpress(work: LoginWork): Promise<number> {
  const sign = await createSessionSigner(work)
  const app = express()
  app.use(auth({ issuerBaseURL: work.issuer, audience: work.audience }))
  app.post(work.login.path, async (_request, response) => {
    response.json(answerWith(work, await sign()))
  })
  return new Promise((listening) => {
    const server = app.listen(0, '127.0.0.1', () => {
      const address = server.address()
      listening(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
