// Whether the session of an agent may be used now (RFC 7662), for relying parties that must see revocations before the
// session expires.
import type { Context } from 'hono'
import * as v from 'valibot'
import { INTROSPECTION_BODY_MAX_BYTES } from '../../core/limits.ts'
import { REFUSALS } from '../../core/refusal.ts'
import { inspectAgentSession } from '../agent-session.ts'
import { createBackground } from '../background.ts'
import { requireIssuer } from '../bearer-session.ts'
import { readForm } from '../form-body.ts'
import { createIntrospectionReport } from '../reports/introspection-report.ts'
import { createSnapshot } from '../request-snapshot.ts'
import { addRoute } from '../route.ts'
import type { GatewayApp, GatewayEnv, Services } from '../services.ts'

export const introspectionFormSchema = v.strictObject({
  token: v.pipe(v.string(), v.nonEmpty(), v.description('The session of an agent')),
  token_type_hint: v.optional(v.pipe(v.string(), v.description('Ignored: there is one type of token'))),
})

export function addIntrospectionRoute(app: GatewayApp, services: Services): void {
  addRoute(app, 'POST', '/v1/sessions/introspect', (c) => introspect(c, services))
}

/**
 * An unusable session, one of another cluster and a string that is no session get the same answer (RFC 7662 section 2.2):
 * the caller must not learn why. What cannot be found out is 503, and never `active: false`, which would end a session.
 */
async function introspect(c: Context<GatewayEnv>, services: Services): Promise<Response> {
  const snapshot = createSnapshot(services.configs, createBackground(c))
  const report = createIntrospectionReport(c, services, snapshot)

  const issuer = await requireIssuer(c, { scope: 'introspect' }, services, snapshot)
  if (!issuer.ok) return report.refuse(issuer.refusal)
  report.noteIssuer(issuer.value.session)
  const form = await readForm(c, introspectionFormSchema, INTROSPECTION_BODY_MAX_BYTES, services.sleep)
  if (!form.ok) return report.refuse(form.refusal)

  const { session, refusal } = await inspectAgentSession(form.value.token, issuer.value.mayActFor, services, snapshot)
  if (session !== undefined) report.noteSession(session)
  if (refusal === undefined) return report.answerActive(session)
  return REFUSALS[refusal.code].status === 503 ? report.refuse(refusal) : report.answerInactive(refusal)
}
