// What a login tells: the answer to the caller, who learns of its own evidence alone, and the record for the operator,
// who learns everything but the token.
import type { Context } from 'hono'
import { formatInstantSeconds } from '../core/instant.ts'
import { printableJson } from '../core/printable.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import { type Attestation, type LoginOutcome, nameUnopened, statusOfRefusal } from '../policy/login/login.ts'
import type { EvidenceRefusal } from '../policy/login/trials.ts'
import type { IssuedSession } from '../token/session/session.ts'
import type { ConfigurationUsed } from './audit/audit.ts'
import { evidenceRefusals, type LoginFacts, recordDecision, recordRefusal } from './audit/login-record.ts'
import { auditedClusterId, recordHead } from './audit/record-head.ts'
import { recorded } from './audit/recorded.ts'
import { answerJson, problem } from './problem.ts'
import type { GatewayEnv, Parts } from './services.ts'

type Admitted = Extract<LoginOutcome, { readonly kind: 'admitted' }>
type NotAdmitted = Exclude<LoginOutcome, Admitted>

export interface LoginReport {
  /** What the request brought, so that the record says who, however it ends. */
  presented(attestations: readonly Attestation[]): void
  decidedBy(configuration: ConfigurationUsed | undefined): void
  /** `admitted`: the policies did admit, and the session could not be issued. */
  refused(refusal: Refusal, admitted?: Admitted): Response
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
  let presented: readonly Attestation[] = []

  function withHead(facts: Omit<LoginFacts, 'v' | 'event' | 'time' | 'requestId' | 'durationMs'>): LoginFacts {
    return {
      ...recordHead('login', c, parts),
      ...(clusterId === undefined ? {} : { clusterId: auditedClusterId(clusterId) }),
      ...(configuration === undefined ? {} : { configuration }),
      ...facts,
    }
  }

  function onWire(): Record<string, unknown> {
    return configuration === undefined
      ? {}
      : { configuration: { [configuration.section]: { digest: configuration.digest, stale: configuration.stale } } }
  }

  return {
    presented(attestations) {
      presented = attestations
    },

    decidedBy(used) {
      configuration = used
    },

    refused(refusal, admitted) {
      const { code } = refusal
      const { status } = REFUSALS[code]
      const policy = admitted === undefined ? {} : { policy: admitted.policy.name }
      const facts = withHead({ status, outcome: 'refused', code, ...policy })
      const record = recordRefusal(facts, refusal, admitted ?? { evidence: presented.map(nameUnopened) })
      return recorded(c, parts, record, () => problem(c, refusal, onWire()))
    },

    notAdmitted(outcome) {
      const { refusals } = outcome
      if (outcome.kind === 'unavailable') {
        const code = 'signing_key_unavailable'
        const { retryAfterSeconds } = outcome
        const detail = firstDetail(refusals, 'signing_key_fetch_failed') ?? 'failed to fetch signing key'
        const record = recordDecision(withHead({ status: 503, outcome: 'refused', code }), outcome)
        const extras = { refusals, ...onWire() }
        return recorded(c, parts, record, () => problem(c, { code, detail, retryAfterSeconds }, extras))
      }
      const code = 'login_refused'
      const { reason } = outcome
      const status = statusOfRefusal(reason)
      const record = recordDecision(withHead({ status, outcome: 'refused', code, reason }), outcome)
      const extras = { status, reason, refusals, ...onWire() }
      return recorded(c, parts, record, () => problem(c, { code, detail: REASONS[reason] }, extras))
    },

    admitted(outcome, session) {
      const { policy, attributes } = outcome
      const { id, subject } = session
      const expiresAt = formatInstantSeconds(session.expiresAtSeconds)
      const facts = withHead({
        status: 200,
        outcome: 'admitted',
        policy: policy.name,
        session: { id, subject, expiresAt },
      })
      const record = recordDecision(facts, { ...outcome, refusals: evidenceRefusals(outcome.evidence) })
      const body = {
        session: { token: session.token, tokenType: 'Bearer', expiresAt },
        ...(clusterId === undefined ? {} : { clusterId }),
        policy: policy.name,
        attributes,
        ...onWire(),
      }
      // An issuer may sign names that steer the terminal of whoever reads the answer; as JSON they are the same.
      return recorded(c, parts, record, () => answerJson(c, printableJson(body)))
    },
  }
}

function firstDetail(refusals: readonly EvidenceRefusal[], code: Refusal['code']): string | undefined {
  return refusals.find(({ refusal }) => refusal.code === code)?.refusal.detail
}
