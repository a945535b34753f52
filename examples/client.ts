// An agent of one's own: a program that logs in and keeps the session in memory. It is shown in docs/agent.md and run by a test.
import { createClient, describeFailure } from '../src/entries/client.ts'

/** A session, and when it ends (RFC 3339). Rejects with what the gateway said. */
export async function logIn(
  url: string,
  token: string,
): Promise<{ readonly session: string; readonly expiresAt: string }> {
  const client = createClient({ url })
  const login = await client.login('c-123', [{ type: 'k8s_token', evidence: { token } }])
  if (!login.ok) throw new Error(describeFailure(login.failure))
  const { token: session, expiresAt } = login.value.session
  return { session, expiresAt }
}
