// How a contender is asked for a login.
import type { LoginWork } from './work.ts'

export interface LoginRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export function evidenceRequest({ login }: LoginWork): LoginRequest {
  return { path: login.path, headers: { 'Content-Type': 'application/json' }, body: login.body }
}

/** As the middleware of the others wants it: they read no body. */
export function bearerRequest({ login, token }: LoginWork): LoginRequest {
  return { path: login.path, headers: { Authorization: `Bearer ${token}` }, body: '' }
}
