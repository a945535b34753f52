// Ends a login: the answer to the caller, which covers only its own evidence, and the audit record for the operator,
// which holds everything except tokens.
import type { Context } from 'hono'
import { formatInstantSeconds } from '../../core/instant.ts'
import { printableJson } from '../../core/printable.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import { type Attestation, nameUnopened } from '../../policy/login/evidence.ts'
import { chooseRefusalStatus, type LoginOutcome } from '../../policy/login/login.ts'
import type { IssuedSession } from '../../token/session/session.ts'
import type { LoginAnswer } from '../answers/login-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import { type LoginFacts, listEvidenceRefusals, recordDecision, recordRefusal } from '../audit/login-record.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem, type ProblemExtras } from '../problem.ts'
import { listConfiguration, type RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'
import { describeRefusedOutcome, type NotAdmitted } from './refused-outcome.ts'

type Admitted = Extract<LoginOutcome, { readonly kind: 'admitted' }>

export interface LoginReport {
  /** The evidence of the request, so that every outcome records who sent it. */
  noteEvidence(attestations: readonly Attestation[]): void
  /** @param admitted set if the policies admitted but no session could be issued */
  refuse(refusal: Refusal, admitted?: Admitted): Response
  refuseOutcome(outcome: NotAdmitted): Response
  admit(outcome: Admitted, session: IssuedSession): Response
}

const REASONS = {
  no_policy: 'no login is possible here: there is no policy. Its operator has to add one',
  nothing_verified: 'none of the evidence could be verified',
  no_policy_satisfied: 'evidence was verified but satisfies no policy',
} as const

export function createLoginReport(
  c: Context<GatewayEnv>,
  clusterId: string | undefined,
  services: Pick<Services, 'clock' | 'audit'>,
  snapshot: RequestSnapshot,
): LoginReport {
  let presented: readonly Attestation[] = []

  function addHead(facts: Omit<LoginFacts, 'v' | 'event' | 'time' | 'requestId' | 'durationMs'>): LoginFacts {
    // A login reads the policies first, so their document is the first one listed.
    const [configuration, ...otherConfiguration] = snapshot.listUsed()
    return {
      ...createRecordHead('login', c, services),
      ...(clusterId === undefined ? {} : { clusterId: auditClusterId(clusterId) }),
      ...(configuration === undefined ? {} : { configuration }),
      ...(otherConfiguration.length === 0 ? {} : { otherConfiguration }),
      ...facts,
    }
  }

  function readConfiguration(): Pick<ProblemExtras, 'configuration'> {
    const used = snapshot.listUsed()
    return used.length === 0 ? {} : { configuration: listConfiguration(used) }
  }

  return {
    noteEvidence(attestations) {
      presented = attestations
    },

    refuse(refusal, admitted) {
      const { code } = refusal
      const { status } = REFUSALS[code]
      const policy = admitted === undefined ? {} : { policy: admitted.policy.name }
      const facts = addHead({ status, outcome: 'refused', code, ...policy })
      const record = recordRefusal(facts, refusal, admitted ?? { evidence: presented.map(nameUnopened) })
      return answerRecorded(c, services, record, () => answerProblem(c, refusal, readConfiguration()))
    },

    refuseOutcome(outcome) {
      const { facts, problem, extras } = describeRefusedOutcome(outcome, REASONS, chooseRefusalStatus)
      const record = recordDecision(addHead(facts), outcome)
      return answerRecorded(c, services, record, () => answerProblem(c, problem, { ...extras, ...readConfiguration() }))
    },

    admit(outcome, session) {
      const { policy, attributes } = outcome
      const { id, subject } = session
      const expiresAt = formatInstantSeconds(session.expiresAtSeconds)
      const facts = addHead({
        status: 200,
        outcome: 'admitted',
        policy: policy.name,
        session: { id, subject, expiresAt },
      })
      const record = recordDecision(facts, { ...outcome, refusals: listEvidenceRefusals(outcome.evidence) })
      const body: LoginAnswer = {
        session: { token: session.token, tokenType: 'Bearer', expiresAt },
        ...(clusterId === undefined ? {} : { clusterId }),
        policy: policy.name,
        attributes,
        configuration: readConfiguration().configuration ?? {},
      }
      // An issuer may sign names with terminal control characters: escape them, which does not change the JSON value.
      return answerRecorded(c, services, record, () => answerJson<LoginAnswer>(c, body, printableJson))
    },
  }
}
