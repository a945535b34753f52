// The `WWW-Authenticate` challenges of 401 answers (RFC 9110 section 15.5.2 requires at least one). Sessions are bearer
// tokens (RFC 6750). Evidence and the agent's session are sent in the body, which no registered scheme describes, so
// they have a scheme of their own. A client that does not know it ignores it (section 11.6.1). `Bearer` would make it
// send a header that the login never reads, and `Basic` would make a browser ask for a password.
import { REFUSALS, type Refusal } from '../core/refusal.ts'

/** The member of the body that was refused. */
type Member = 'attestations' | 'agentSession'

/**
 * Chooses the value of `WWW-Authenticate`.
 *
 * @param status the status of the answer; the result is `undefined` unless it is 401
 * @param realm the trust domain, whose characters need no escaping in a quoted string
 */
export function chooseChallenge(
  { code, where }: Pick<Refusal, 'code' | 'where'>,
  status: number,
  realm: string,
): string | undefined {
  if (status !== 401) return undefined
  // Not Bearer: an issuer would assume that its own session is invalid and log in repeatedly.
  if (where === 'agentSession') return formatEvidenceChallenge(realm, where)
  // RFC 6750 section 3.1: a request without credentials gets no error code.
  if (code === 'session_missing') return formatBearerChallenge(realm)
  const isOfSession = code.startsWith('session_') && REFUSALS[code].status === 401
  return isOfSession ? formatBearerChallenge(realm, 'invalid_token') : formatEvidenceChallenge(realm, 'attestations')
}

/** RFC 6750 section 3 requires at least one parameter: the realm is always present. */
export function formatBearerChallenge(realm: string, error?: 'invalid_token' | 'insufficient_scope'): string {
  return `Bearer realm="${realm}"${error === undefined ? '' : `, error="${error}"`}`
}

function formatEvidenceChallenge(realm: string, member: Member): string {
  return `Postern-Evidence realm="${realm}", in="${member}"`
}
