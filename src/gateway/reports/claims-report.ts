// Ends a claims request: the answer to the issuer, and the audit record with the number of granted workloads and every
// refusal.
import type { Context } from 'hono'
import { WORKLOAD_TEXT_MAX_LENGTH } from '../../core/limits.ts'
import { printable } from '../../core/printable.ts'
import type { Refusal } from '../../core/refusal.ts'
import type { WorkloadResult } from '../../policy/mapping/workload.ts'
import type { Session } from '../../token/session/session-claims.ts'
import type { ClaimsAnswer } from '../answers/claims-answer.ts'
import { answerRecorded } from '../audit/answer-recorded.ts'
import type { MappingRecord } from '../audit/audit.ts'
import { type MappingFacts, recordMapping, recordRefusedMapping } from '../audit/claims-record.ts'
import { auditClusterId, createRecordHead } from '../audit/record-head.ts'
import { answerJson, answerProblem } from '../problem.ts'
import { listConfiguration, type RequestSnapshot } from '../request-snapshot.ts'
import type { GatewayEnv, Services } from '../services.ts'

export interface ClaimsReport {
  /** The issuer, once its session has verified. Before that the answer reveals nothing of the configuration. */
  noteIssuer(session: Session): void
  /** The agent whose session came along. */
  noteAgent(session: Session): void
  /** A refused workload; the facts in `refusal.audit` go to the record only. */
  noteRefusedWorkload(id: string, refusal: Refusal): void
  /** Refuses the request as a whole. */
  refuse(refusal: Refusal): Response
  answer(results: readonly WorkloadResult[]): Response
}

export function createClaimsReport(
  c: Context<GatewayEnv>,
  clusterId: string,
  services: Pick<Services, 'clock' | 'audit'>,
  snapshot: RequestSnapshot,
): ClaimsReport {
  let issuer: MappingRecord['issuer']
  let agent: MappingRecord['agent']
  const audits = new Map<string, Refusal['audit']>()

  function readFacts(): MappingFacts {
    const configuration = snapshot.listUsed()
    return {
      ...createRecordHead('mapping', c, services),
      clusterId: auditClusterId(clusterId),
      ...(configuration.length === 0 ? {} : { configuration }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(agent === undefined ? {} : { agent }),
    }
  }

  return {
    noteIssuer({ id, subject }) {
      issuer = { id, subject }
    },
    noteAgent({ id, subject }) {
      agent = { id, subject }
    },
    noteRefusedWorkload(id, { audit }) {
      if (audit !== undefined) audits.set(id, audit)
    },

    refuse(refusal) {
      const extras = issuer === undefined ? {} : { configuration: listConfiguration(snapshot.listUsed()) }
      return answerRecorded(c, services, recordRefusedMapping(readFacts(), refusal), () =>
        answerProblem(c, refusal, extras),
      )
    },

    answer(results) {
      return answerRecorded(c, services, recordMapping(readFacts(), results, audits), () => {
        const configuration = listConfiguration(snapshot.listUsed())
        return answerJson<ClaimsAnswer>(c, { results: results.map(makeResultPrintable), configuration })
      })
    },
  }
}

/** Messages quote strings of the workload, so they are made printable and short. Identities are not changed. */
export function makeResultPrintable(result: WorkloadResult): WorkloadResult {
  const warnings = result.warnings?.map((warning) => ({ ...warning, detail: makeDetailPrintable(warning.detail) }))
  const noted = warnings === undefined ? {} : { warnings }
  if (!('error' in result)) return warnings === undefined ? result : { ...result, ...noted }
  return { ...result, error: { ...result.error, detail: makeDetailPrintable(result.error.detail) }, ...noted }
}

function makeDetailPrintable(detail: string): string {
  return printable(detail, WORKLOAD_TEXT_MAX_LENGTH)
}
