// Makes the audit record of a claims request, within its bound.
import {
  AUDIT_MAPPING_RECORD_MAX_BYTES,
  AUDITED_ISSUES_MAX_BYTES,
  AUDITED_WORKLOADS_MAX,
  ISSUES_MAX,
} from '../../core/limits.ts'
import { REFUSALS, type Refusal } from '../../core/refusal.ts'
import type { WorkloadError, WorkloadResult } from '../../policy/mapping/workload.ts'
import type { AuditedWorkload, MappingRecord } from './audit.ts'
import { auditFacts, auditString, createAuditSpace, listed } from './audit-space.ts'

/** The issuer, the cluster and the configuration: members of bounded length. */
export type MappingFacts = Pick<
  MappingRecord,
  'v' | 'event' | 'time' | 'requestId' | 'durationMs' | 'clusterId' | 'configuration' | 'issuer' | 'agent'
>

/** Makes the record of a request that was refused as a whole. */
export function recordRefusedMapping(facts: MappingFacts, refusal: Refusal): MappingRecord {
  const { code, detail } = refusal
  const { status } = REFUSALS[code]
  const audited = auditFacts(refusal, { entries: ISSUES_MAX, bytes: AUDITED_ISSUES_MAX_BYTES })
  return { ...facts, outcome: 'refused', status, code, detail: auditString(detail), ...audited }
}

/**
 * Makes the record of a request that was answered.
 *
 * @param audits the facts for the operator only, by the id of the refused workload
 */
export function recordMapping(
  facts: MappingFacts,
  results: readonly WorkloadResult[],
  audits: ReadonlyMap<string, Refusal['audit']>,
): MappingRecord {
  const refused = results.flatMap((result) => ('error' in result ? [result] : []))
  const fixed = {
    ...facts,
    outcome: refused.length === 0 ? 'granted' : 'refused',
    status: 200,
    workloads: results.length,
    granted: results.length - refused.length,
    refused: refused.length,
  } as const
  const space = createAuditSpace(AUDIT_MAPPING_RECORD_MAX_BYTES, fixed)
  const refusals = space.take(refused, AUDITED_WORKLOADS_MAX, ({ id, error }) =>
    auditWorkload(id, error, audits.get(id)),
  )
  return { ...fixed, ...listed('refusals', refusals) }
}

function auditWorkload(
  id: string,
  { code, attribute, surface }: WorkloadError,
  audit: Refusal['audit'],
): AuditedWorkload {
  return {
    id: auditString(id),
    code,
    ...(attribute === undefined ? {} : { attribute: auditString(attribute) }),
    ...(surface === undefined ? {} : { surface }),
    ...auditFacts({ code, ...(audit === undefined ? {} : { audit }) }),
  }
}
