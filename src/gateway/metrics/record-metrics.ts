// Measurements of audit records: what a record says is what is counted, so that the two never disagree.
import { METRICS_CLUSTERS_MAX } from '../../core/limits.ts'
import type {
  AuditRecord,
  ChallengeRecord,
  LoginRecord,
  MappingRecord,
  ServerlessRecord,
  StatusRecord,
} from '../audit/audit.ts'
import { type Labels, type MetricsPort, OTHER } from './metrics.ts'

const NONE = 'none'
/** Of a login that sent more than one piece of evidence. */
const SEVERAL = 'several'

/**
 * Creates the function that measures a record.
 *
 * @param types the attestors that this gateway has
 * @param clusters how many cluster ids get a label of their own, those of the first logins; the others are `other`. 0: no
 *   cluster is named
 */
export function createRecordMetrics(
  { count, observe }: Pick<MetricsPort, 'count' | 'observe'>,
  types: ReadonlySet<string>,
  clusters: number,
): (record: AuditRecord) => void {
  const named = new Set<string>()
  const most = Math.min(clusters, METRICS_CLUSTERS_MAX)

  function labelCluster({ clusterId, status }: LoginRecord): Labels {
    if (most === 0) return { cluster: '' }
    if (clusterId === undefined) return { cluster: NONE }
    // An id that only a caller has said names nothing.
    if (status !== 404 && named.size < most) named.add(clusterId)
    return { cluster: named.has(clusterId) ? clusterId : OTHER }
  }
  const labelType = (type: string): string => (types.has(type) ? type : OTHER)

  /** What was sent, what became of it, and why. */
  function labelEvidence(record: LoginRecord | ServerlessRecord) {
    const { evidence = [], refusals = [], code = NONE, status, outcome } = record
    const [first, second] = evidence
    const attestor = first === undefined ? NONE : second === undefined ? labelType(first.type) : SEVERAL
    const isRefused = outcome === 'refused'
    const result = !isRefused ? 'accepted' : status >= 500 ? 'failed' : 'refused'
    const reason = isRefused ? (refusals[0]?.code ?? code) : NONE
    if (isRefused)
      for (const refusal of refusals)
        count('postern_evidence_refused_total', { attestor: labelType(refusal.type ?? ''), reason: refusal.code }, 1)
    return { attestor, result, reason }
  }

  function measureLogin(record: LoginRecord): void {
    const { attestor, result, reason } = labelEvidence(record)
    count('postern_logins_total', { attestor, result, reason, ...labelCluster(record) }, 1)
    observe('postern_login_duration_seconds', { attestor, result }, record.durationMs / 1000)
  }

  function measureServerless(record: ServerlessRecord): void {
    const { attestor, result, reason } = labelEvidence(record)
    count('postern_serverless_total', { attestor, result, reason }, 1)
    observe('postern_serverless_duration_seconds', { attestor, result }, record.durationMs / 1000)
  }

  function measureMapping({ outcome, code, granted = 0, refusals = [], refused = 0, durationMs }: MappingRecord): void {
    if (granted > 0) count('postern_claims_total', { result: 'granted', reason: NONE }, granted)
    for (const refusal of refusals) count('postern_claims_total', { result: 'refused', reason: refusal.code }, 1)
    // Those that the record has no space for.
    const omitted = refused - refusals.length
    if (omitted > 0) count('postern_claims_total', { result: 'refused', reason: OTHER }, omitted)
    if (code !== undefined) count('postern_claims_total', { result: 'refused', reason: code }, 1)
    observe('postern_claims_duration_seconds', { result: outcome }, durationMs / 1000)
  }

  function measureRefused(route: string, { code }: ChallengeRecord | StatusRecord): void {
    count('postern_requests_refused_total', { route, reason: code }, 1)
  }

  return (record) => {
    switch (record.event) {
      case 'login':
        return measureLogin(record)
      case 'mapping':
        return measureMapping(record)
      case 'serverless':
        return measureServerless(record)
      case 'challenge':
      case 'status':
        return measureRefused(record.event, record)
      case 'introspection': {
        const { active, code = NONE } = record
        const result = active === undefined ? 'refused' : active ? 'active' : 'inactive'
        return count('postern_introspections_total', { result, reason: code }, 1)
      }
      case 'fault':
        return count('postern_faults_total', {}, 1)
      default:
    }
  }
}
