// Puts the meters where things happen: around the audit sink, and at the claims of evidence and the loads of keys.
import { VERSION } from '../../core/version.ts'
import type { ClaimOutcome } from '../../policy/single-use/single-use.ts'
import type { KeyCounts } from '../../token/keys/key-counts.ts'
import type { KeySetAges } from '../../token/keys/source-status.ts'
import type { AuditSink } from '../audit/audit.ts'
import type { MetricsPort } from './metrics.ts'
import { createRecordMetrics } from './record-metrics.ts'
import { createStateMetrics } from './state-metrics.ts'

export interface MetricsOptions {
  readonly port: MetricsPort
  /** The host, for `postern_build_info`: `node`, `deno` or `workers`. */
  readonly runtime: string
  /** How many cluster ids get a label of their own. Default 0. */
  readonly clusters?: number
}

export interface Measured {
  readonly audit: AuditSink
  readonly noteClaim: ((outcome: ClaimOutcome) => void) | undefined
  readonly keyCounts: KeyCounts | undefined
  /** To be called once the key sources are there. */
  readonly watch: (ages: () => KeySetAges) => void
}

/** The audit sink, measured, and what others tell of themselves; unchanged where nothing is to be measured. */
export function measure(
  audit: AuditSink,
  metrics: MetricsOptions | undefined,
  types: ReadonlySet<string>,
  clock: () => number,
): Measured {
  if (metrics === undefined) return { audit, noteClaim: undefined, keyCounts: undefined, watch: () => undefined }
  const { port, runtime, clusters = 0 } = metrics
  const { count } = port
  const measureRecord = createRecordMetrics(port, types, clusters)
  let ages: () => KeySetAges = () => ({ count: 0, stale: 0, failing: 0, oldestMillis: undefined })
  const state = createStateMetrics(() => ages(), clock)
  port.watch(() => [['postern_build_info', { version: VERSION, runtime }, 1], ...state.read()])

  return {
    audit(record) {
      // An event happened, whether or not its record is taken.
      state.note(record)
      const isTaken = audit(record)
      if (isTaken) measureRecord(record)
      else count('postern_audit_failures_total', {}, 1)
      return isTaken
    },
    noteClaim: (result) => count('postern_evidence_claims_total', { result }, 1),
    keyCounts: {
      noteLoad: (isLoaded) => count('postern_key_fetches_total', { result: isLoaded ? 'ok' : 'failed' }, 1),
      noteLimited: () => count('postern_refetch_limited_total', {}, 1),
    },
    watch(read) {
      ages = read
    },
  }
}
