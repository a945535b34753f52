// Ends a serverless request: the answer to the issuer, which covers the workload's own evidence as that of a login does, and
// the audit record for the operator.
import type { Context } from 'hono'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import { type Attestation, nameUnopened } from '../../policy/login/evidence.ts'
import type { LoginOutcome } from '../../policy/login/login.ts'
import type { Identity, MappingRefusal } from '../../policy/mapping/mapping.ts'
import type { Session } from '../../token/session/session-claims.ts'
import type { ServerlessAnswer } from '../answers/serverless-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import type { ServerlessRecord } from '../audit/audit.ts'
import { auditString } from '../audit/audit-space.ts'
import { listEvidenceRefusals, recordDecision, recordRefusal, type ServerlessFacts } from '../audit/login-record.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem, type ProblemExtras } from '../problem.ts'
import { listConfiguration, type RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'
import { describeRefusedOutcome, type NotAdmitted } from './refused-outcome.ts'

type Admitted = Extract<LoginOutcome, { readonly kind: 'admitted' }>

export interface ServerlessReport {
  /** The issuer, once its session has verified. Before that the answer reveals nothing of the configuration. */
  noteIssuer(session: Session): void
  /** The evidence of the request, so that every outcome records who sent it. */
  noteEvidence(attestations: readonly Attestation[]): void
  refuse(refusal: Refusal): Response
  refuseOutcome(outcome: NotAdmitted): Response
  /** The policy was satisfied, and its identity could not be rendered. */
  refuseMapping(refused: MappingRefusal, outcome: Admitted): Response
  grant(identity: Identity, outcome: Admitted): Response
}

const REASONS = {
  no_policy: 'no identity is given here: ServerlessAttestation has no policy. Its operator has to add one',
  nothing_verified: 'none of the evidence could be verified',
  no_policy_satisfied: 'evidence was verified but satisfies no policy of ServerlessAttestation',
} as const

/**
 * Never 401, which speaks of the credentials of the caller (RFC 9110 section 15.5.2): an issuer would take its own session for
 * invalid, and log in repeatedly. `reason` says whether anything verified.
 */
const forbid = (): 403 => 403

export function createServerlessReport(
  c: Context<GatewayEnv>,
  clusterId: string | undefined,
  services: Pick<Services, 'clock' | 'audit'>,
  snapshot: RequestSnapshot,
): ServerlessReport {
  let issuer: ServerlessRecord['issuer']
  let presented: readonly Attestation[] = []

  function addHead(
    facts: Omit<ServerlessFacts, 'v' | 'event' | 'time' | 'requestId' | 'durationMs' | 'configuration' | 'issuer'>,
  ): ServerlessFacts {
    const configuration = snapshot.listUsed()
    return {
      ...createRecordHead('serverless', c, services),
      ...(clusterId === undefined ? {} : { clusterId: auditClusterId(clusterId) }),
      ...(configuration.length === 0 ? {} : { configuration }),
      ...(issuer === undefined ? {} : { issuer }),
      ...facts,
    }
  }

  function readConfiguration(): Pick<ProblemExtras, 'configuration'> {
    return issuer === undefined ? {} : { configuration: listConfiguration(snapshot.listUsed()) }
  }

  return {
    noteIssuer({ id, subject }) {
      issuer = { id, subject }
    },
    noteEvidence(attestations) {
      presented = attestations
    },

    refuse(refusal) {
      const { code } = refusal
      const facts = addHead({ status: REFUSALS[code].status, outcome: 'refused', code })
      const record = recordRefusal(facts, refusal, { evidence: presented.map(nameUnopened) })
      return answerRecorded(c, services, record, () => answerProblem(c, refusal, readConfiguration()))
    },

    refuseOutcome(outcome) {
      const { facts, problem, extras } = describeRefusedOutcome(outcome, REASONS, forbid)
      const record = recordDecision(addHead(facts), outcome)
      return answerRecorded(c, services, record, () => answerProblem(c, problem, { ...extras, ...readConfiguration() }))
    },

    refuseMapping({ refusal, surface }, outcome) {
      const { code, where } = refusal
      const facts = addHead({
        status: REFUSALS[code].status,
        outcome: 'refused',
        code,
        policy: outcome.policy.name,
        ...(where === undefined ? {} : { attribute: auditString(where) }),
        ...(surface === undefined ? {} : { surface }),
      })
      const record = recordRefusal(facts, refusal, outcome)
      return answerRecorded(c, services, record, () => answerProblem(c, refusal, readConfiguration()))
    },

    grant({ spiffeId, jwt, x509 }, outcome) {
      const { name } = outcome.policy
      const facts = addHead({ status: 200, outcome: 'granted', policy: name, spiffeId })
      const record = recordDecision(facts, { ...outcome, refusals: listEvidenceRefusals(outcome.evidence) })
      const body: ServerlessAnswer = {
        spiffeId,
        policy: { source: 'policy', name },
        jwt,
        x509,
        ...(clusterId === undefined ? {} : { clusterId }),
        configuration: readConfiguration().configuration ?? {},
      }
      return answerRecorded(c, services, record, () => answerJson<ServerlessAnswer>(c, body))
    },
  }
}
