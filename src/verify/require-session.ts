// Sessions at the door of a relying party: for a plain `Request`, and as middleware of Hono.
import type { MiddlewareHandler } from 'hono'
import {
  checkRequirement,
  type Requirement,
  type SessionVerifier,
  type Verdict,
  type VerifiedSession,
} from './session-verifier.ts'

const STATUS = { invalid: 401, forbidden: 403, unavailable: 503 } as const
const TITLES = {
  invalid: 'The session is not valid',
  forbidden: 'The session is not for this',
  unavailable: 'The session could not be checked',
} as const

/**
 * Verifies the session of a request (`Authorization: Bearer`, RFC 6750).
 *
 * @returns the session, or the answer to give: 401 without a good session, 403 for one of another role, cluster or policy, 503
 *   if it could not be checked
 * @example
 * const checked = await verifyRequest(request, sessions, { role: 'agent' })
 * if (checked instanceof Response) return checked
 */
export async function verifyRequest(
  request: Request,
  sessions: SessionVerifier,
  requirement: Requirement,
): Promise<VerifiedSession | Response> {
  const [, token] = /^Bearer +([\w.-]+)$/i.exec(request.headers.get('Authorization') ?? '') ?? []
  if (token === undefined) return answer({ why: 'invalid', detail: 'a session is required' })
  const verdict = await sessions.verify(token, requirement)
  return verdict.ok ? verdict.session : answer(verdict)
}

function answer({ why, detail }: Pick<Extract<Verdict, { readonly ok: false }>, 'why' | 'detail'>): Response {
  const status = STATUS[why]
  const body = { type: 'about:blank', title: TITLES[why], status, detail }
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' }
  if (why === 'invalid') headers['WWW-Authenticate'] = 'Bearer error="invalid_token"'
  if (why === 'unavailable') headers['Retry-After'] = '1'
  return new Response(`${JSON.stringify(body)}\n`, { status, headers })
}

/** The variable that {@link requireSession} sets. */
export interface SessionVariables {
  session: VerifiedSession
}

/**
 * Middleware of Hono that lets requests with a good session pass; `c.get('session')` is what it says.
 *
 * **A revocation is not seen before the session expires, unless the verifier introspects.**
 *
 * @throws {TypeError} for a requirement that requires less than it seems to, see {@link checkRequirement}
 * @example
 * app.use('/api/*', requireSession(sessions, { role: 'agent', clusterId: 'c-1' }))
 * app.get('/api/whoami', (c) => c.text(c.get('session').subject))
 */
export function requireSession(
  sessions: SessionVerifier,
  requirement: Requirement,
): MiddlewareHandler<{ Variables: SessionVariables }> {
  checkRequirement(requirement)
  return async function checkSession(c, next) {
    const checked = await verifyRequest(c.req.raw, sessions, requirement)
    if (checked instanceof Response) return checked
    c.set('session', checked)
    await next()
    return undefined
  }
}
