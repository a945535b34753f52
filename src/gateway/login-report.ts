// What a login tells: the answer to the caller, who learns of its own evidence alone, and the record for the operator,
// who learns everything but the token.
import type { Context } from 'hono'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import { type EvidenceRefusal, type LoginOutcome, statusOfRefusal } from '../policy/login.ts'
import type { IssuedSession } from '../token/session.ts'
import { auditedRefusal, auditedTraces, type ConfigurationUsed, type LoginRecord } from './audit.ts'
import type { GatewayEnv, Parts } from './parts.ts'
import { problem } from './problem.ts'

type Admitted = Extract<LoginOutcome, { readonly kind: 'admitted' }>
type NotAdmitted = Exclude<LoginOutcome, Admitted>

export interface LoginReport {
  decidedBy(configuration: ConfigurationUsed | undefined): void
  refused(refusal: Refusal): Response
  notAdmitted(outcome: NotAdmitted): Response
  admitted(outcome: Admitted, session: IssuedSession): Response
}

const REASONS = {
  no_policy: 'there is no policy to satisfy: nobody can log in here',
  nothing_verified: 'none of the evidence could be verified',
  no_policy_satisfied: 'evidence was verified, and satisfies no policy',
} as const

export function createLoginReport(c: Context<GatewayEnv>, clusterId: string | undefined, parts: Parts): LoginReport {
  let configuration: ConfigurationUsed | undefined

  function record(facts: Pick<LoginRecord, 'status' | 'outcome'> & Partial<LoginRecord>): void {
    parts.audit({
      v: 1,
      event: 'login',
      time: new Date(parts.clock()).toISOString(),
      requestId: c.get('requestId'),
      ...(clusterId === undefined ? {} : { clusterId: clusterId.slice(0, 64) }),
      ...(configuration === undefined ? {} : { configuration }),
      ...facts,
    })
  }

  function onWire(): Record<string, unknown> {
    return configuration === undefined
      ? {}
      : { configuration: { [configuration.section]: { digest: configuration.digest, stale: configuration.stale } } }
  }

  return {
    decidedBy(used) {
      configuration = used
    },

    refused(refusal) {
      const { code, detail, audit } = refusal
      record({
        status: REFUSALS[code].status,
        outcome: 'refused',
        code,
        detail,
        ...(audit === undefined ? {} : { expected: audit }),
      })
      return problem(c, refusal, onWire())
    },

    notAdmitted(outcome) {
      const { refusals, traces, evidence } = outcome
      const audited = { refusals: refusals.map(auditedRefusal), ...auditedTraces(traces), evidence }
      if (outcome.kind === 'unavailable') {
        const { retryAfterSeconds } = outcome
        const detail = firstDetail(refusals, 'signing_key_fetch_failed') ?? 'failed to fetch signing key'
        record({ status: 503, outcome: 'refused', code: 'signing_key_unavailable', ...audited })
        return problem(c, { code: 'signing_key_unavailable', detail, retryAfterSeconds }, { refusals, ...onWire() })
      }
      const { reason } = outcome
      const status = statusOfRefusal(reason)
      record({ status, outcome: 'refused', code: 'login_refused', reason, ...audited })
      return problem(c, { code: 'login_refused', detail: REASONS[reason] }, { status, reason, refusals, ...onWire() })
    },

    admitted({ policy, attributes, traces, evidence }, session) {
      const expiresAt = new Date(session.expiresAtSeconds * 1000).toISOString().replace('.000Z', 'Z')
      record({
        status: 200,
        outcome: 'admitted',
        policy: policy.name,
        session: { id: session.id, subject: session.subject, expiresAt },
        attributes,
        evidence,
        ...auditedTraces(traces),
      })
      return c.json({
        session: { token: session.token, tokenType: 'Bearer', expiresAt },
        ...(clusterId === undefined ? {} : { clusterId }),
        policy: policy.name,
        attributes,
        ...onWire(),
      })
    },
  }
}

function firstDetail(refusals: readonly EvidenceRefusal[], code: Refusal['code']): string | undefined {
  return refusals.find(({ refusal }) => refusal.code === code)?.refusal.detail
}
