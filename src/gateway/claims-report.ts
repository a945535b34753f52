// What a request for claims tells: the answer to the issuer, and a record for the operator: how many workloads were
// granted, and every refusal.
import type { Context } from 'hono'
import { WORKLOAD_TEXT_MAX_LENGTH } from '../core/limits.ts'
import { printable } from '../core/printable.ts'
import type { Refusal } from '../core/refusal.ts'
import type { WorkloadResult } from '../policy/mapping/workload.ts'
import type { Session } from '../token/session/session-claims.ts'
import type { ClaimsAnswer } from './answers/claims-answer.ts'
import type { Configuration } from './answers/shapes.ts'
import type { ConfigurationUsed, MappingRecord } from './audit/audit.ts'
import { type MappingFacts, recordMapping, recordRefusedMapping } from './audit/claims-record.ts'
import { auditedClusterId, recordHead } from './audit/record-head.ts'
import { recorded } from './audit/recorded.ts'
import { answerJson, problem } from './problem.ts'
import type { GatewayEnv, Parts } from './services.ts'

export interface MappingReport {
  decidedBy(configuration: readonly ConfigurationUsed[]): void
  /** The issuer that asks. */
  asked(session: Session): void
  /** The agent whose session came along. */
  spokenFor(session: Session): void
  refused(refusal: Refusal): Response
  /** One workload was refused; its facts are for the record alone. */
  workloadRefused(id: string, refusal: Refusal): void
  mapped(results: readonly WorkloadResult[]): Response
}

export function createMappingReport(c: Context<GatewayEnv>, clusterId: string, parts: Parts): MappingReport {
  let configuration: readonly ConfigurationUsed[] = []
  let issuer: MappingRecord['issuer']
  let agent: MappingRecord['agent']
  const audits = new Map<string, Refusal['audit']>()

  function facts(): MappingFacts {
    return {
      ...recordHead('mapping', c, parts),
      clusterId: auditedClusterId(clusterId),
      ...(configuration.length === 0 ? {} : { configuration }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(agent === undefined ? {} : { agent }),
    }
  }

  function onWire(): Configuration {
    return Object.fromEntries(configuration.map(({ section, digest, stale }) => [section, { digest, stale }]))
  }

  return {
    decidedBy(used) {
      configuration = used
    },
    asked({ id, subject }) {
      issuer = { id, subject }
    },
    spokenFor({ id, subject }) {
      agent = { id, subject }
    },

    refused(refusal) {
      const extras = configuration.length === 0 ? {} : { configuration: onWire() }
      return recorded(c, parts, recordRefusedMapping(facts(), refusal), () => problem(c, refusal, extras))
    },

    workloadRefused(id, { audit }) {
      if (audit !== undefined) audits.set(id, audit)
    },

    mapped(results) {
      return recorded(c, parts, recordMapping(facts(), results, audits), () =>
        answerJson<ClaimsAnswer>(c, { results: results.map(printableResult), configuration: onWire() }),
      )
    },
  }
}

/** Sentences quote what the workload says of itself; an identity is what it is. */
export function printableResult(result: WorkloadResult): WorkloadResult {
  const warnings = result.warnings?.map((warning) => ({ ...warning, detail: printableDetail(warning.detail) }))
  const noted = warnings === undefined ? {} : { warnings }
  if (!('error' in result)) return warnings === undefined ? result : { ...result, ...noted }
  return { ...result, error: { ...result.error, detail: printableDetail(result.error.detail) }, ...noted }
}

function printableDetail(detail: string): string {
  return printable(detail, WORKLOAD_TEXT_MAX_LENGTH)
}
