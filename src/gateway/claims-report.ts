// What a request for claims tells: the answer to the issuer, and a record of every refusal for the operator.
import type { Context } from 'hono'
import { AUDITED_WORKLOADS_MAX } from '../core/limits.ts'
import { REFUSALS, type Refusal } from '../core/refusal.ts'
import type { WorkloadResult } from '../policy/workload.ts'
import type { Session } from '../token/session-claims.ts'
import type { ConfigurationUsed, MappingRecord } from './audit.ts'
import type { GatewayEnv, Parts } from './parts.ts'
import { problem } from './problem.ts'

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
  const expected = new Map<string, Refusal['audit']>()

  function record(facts: Pick<MappingRecord, 'status'> & Partial<MappingRecord>): void {
    parts.audit({
      v: 1,
      event: 'mapping',
      time: new Date(parts.clock()).toISOString(),
      requestId: c.get('requestId'),
      clusterId: clusterId.slice(0, 64),
      outcome: 'refused',
      ...(configuration.length === 0 ? {} : { configuration }),
      ...(issuer === undefined ? {} : { issuer }),
      ...(agent === undefined ? {} : { agent }),
      ...facts,
    })
  }

  function onWire(): Readonly<Record<string, unknown>> {
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
      const { code, detail, audit } = refusal
      record({ status: REFUSALS[code].status, code, detail, ...(audit === undefined ? {} : { expected: audit }) })
      return problem(c, refusal, configuration.length === 0 ? {} : { configuration: onWire() })
    },

    workloadRefused(id, { audit }) {
      if (audit !== undefined) expected.set(id, audit)
    },

    mapped(results) {
      const refusals = results.flatMap((result) => {
        if (!('error' in result)) return []
        const { code, attribute, surface } = result.error
        const facts = expected.get(result.id)
        return [
          {
            id: result.id,
            code,
            ...(attribute === undefined ? {} : { attribute }),
            ...(surface === undefined ? {} : { surface }),
            ...(facts === undefined ? {} : { expected: facts }),
          },
        ]
      })
      if (refusals.length > 0) {
        const omitted = refusals.length - AUDITED_WORKLOADS_MAX
        record({
          status: 200,
          workloads: results.length,
          refusals: refusals.slice(0, AUDITED_WORKLOADS_MAX),
          ...(omitted > 0 ? { refusalsOmitted: omitted } : {}),
        })
      }
      return c.body(JSON.stringify({ results, configuration: onWire() }), 200, { 'Content-Type': 'application/json' })
    },
  }
}
