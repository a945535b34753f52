// What a 401 challenges for (RFC 9110 section 15.5.2 requires it of every one). Sessions are bearers (RFC 6750). Evidence
// and the agent's session come in the body, which no registered scheme describes: theirs has a name that no other can
// mean. A client that does not know it ignores it (section 11.6.1), where `Bearer` would make it send a header that the
// login never reads, and `Basic` make a browser ask for a password.
import { REFUSALS, type Refusal } from '../core/refusal.ts'

/** The member of the body that was refused. */
type Member = 'attestations' | 'agentSession'

/**
 * The value of `WWW-Authenticate` for a refusal that ends a request with `status`; `undefined` unless that is 401.
 * `realm` is the trust domain: its letters need no quoting.
 */
export function chooseChallenge(
  { code, where }: Pick<Refusal, 'code' | 'where'>,
  status: number,
  realm: string,
): string | undefined {
  if (status !== 401) return undefined
  // Not Bearer: an issuer would take its own session for the bad one, and log in again and again.
  if (where === 'agentSession') return formatEvidenceChallenge(realm, where)
  // RFC 6750 section 3.1: a request without credentials gets no error code.
  if (code === 'session_missing') return formatBearerChallenge(realm)
  const isOfSession = code.startsWith('session_') && REFUSALS[code].status === 401
  return isOfSession ? formatBearerChallenge(realm, 'invalid_token') : formatEvidenceChallenge(realm, 'attestations')
}

/** RFC 6750 section 3: at least one parameter, so always the realm. */
export function formatBearerChallenge(realm: string, error?: 'invalid_token' | 'insufficient_scope'): string {
  return `Bearer realm="${realm}"${error === undefined ? '' : `, error="${error}"`}`
}

function formatEvidenceChallenge(realm: string, member: Member): string {
  return `Postern-Evidence realm="${realm}", in="${member}"`
}
