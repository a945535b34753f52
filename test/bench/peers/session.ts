// What every peer does once its own library has verified the token: sign the session, and answer.
import { importJWK, type JWTPayload, SignJWT } from 'jose'
import type { LoginWork } from '../login/work.ts'

export type Peer = 'floor' | 'express' | 'fastify' | 'hono-jwk'

/** The claims of a session that begins now. */
export function sessionClaims({ session }: LoginWork): JWTPayload {
  const iat = Math.floor(Date.now() / 1000)
  return { ...session.claims, jti: crypto.randomUUID(), iat, exp: iat + session.lifetimeSeconds }
}

/** By jose, with the key imported once. */
export async function createSessionSigner(work: LoginWork): Promise<() => Promise<string>> {
  const { privateJwk, header } = work.session
  const key = await importJWK(privateJwk, header.alg)
  return () => new SignJWT(sessionClaims(work)).setProtectedHeader(header).sign(key)
}

/** The answer of the gateway, with this session in it. */
export function answerWith({ answer, session }: LoginWork, token: string): Readonly<Record<string, unknown>> {
  const expiresAt = new Date(Date.now() + session.lifetimeSeconds * 1000).toISOString().replace(/\.\d+/, '')
  return { ...answer, session: { ...answer.session, token, expiresAt } }
}
