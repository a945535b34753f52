// What the gateway measures: one row for each metric, with all labels that it can have. Names follow the conventions of Prometheus
// (`_total`, base units). A label's values come from closed tables, never from a request, so that nobody can make series. What each
// means is in metric-help.ts, which a Worker does not load.

interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
}

const LOGIN = ['attestor', 'result'] as const
const RESULT = ['result', 'reason'] as const

export const METRICS = {
  postern_build_info: { type: 'gauge', labels: ['version', 'runtime'] },
  postern_logins_total: { type: 'counter', labels: [...LOGIN, 'reason', 'cluster'] },
  postern_login_duration_seconds: { type: 'histogram', labels: LOGIN },
  postern_evidence_refused_total: { type: 'counter', labels: ['attestor', 'reason'] },
  postern_claims_total: { type: 'counter', labels: RESULT },
  postern_claims_duration_seconds: { type: 'histogram', labels: ['result'] },
  postern_serverless_total: { type: 'counter', labels: [...LOGIN, 'reason'] },
  postern_serverless_duration_seconds: { type: 'histogram', labels: LOGIN },
  postern_introspections_total: { type: 'counter', labels: RESULT },
  postern_requests_refused_total: { type: 'counter', labels: ['route', 'reason'] },
  postern_faults_total: { type: 'counter', labels: [] },
  postern_audit_failures_total: { type: 'counter', labels: [] },
  postern_evidence_claims_total: { type: 'counter', labels: ['result'] },
  postern_key_fetches_total: { type: 'counter', labels: ['result'] },
  postern_refetch_limited_total: { type: 'counter', labels: [] },
  postern_key_sets: { type: 'gauge', labels: [] },
  postern_key_sets_stale: { type: 'gauge', labels: [] },
  postern_key_set_age_seconds: { type: 'gauge', labels: [] },
  postern_config_sections: { type: 'gauge', labels: ['state'] },
  postern_config_applied_timestamp_seconds: { type: 'gauge', labels: [] },
  postern_config_unapplied_since_timestamp_seconds: { type: 'gauge', labels: [] },
  postern_store_up: { type: 'gauge', labels: [] },
  postern_replay_store_up: { type: 'gauge', labels: [] },
} as const satisfies Readonly<Record<`postern_${string}`, MetricRow>>

export type MetricName = keyof typeof METRICS
export type Labels = Readonly<Record<string, string>>

/** What {@link MetricsPort.watch} gives: the gauges as they are at this moment. */
export type Gauges = readonly (readonly [name: MetricName, labels: Labels, value: number])[]

/**
 * Takes measurements. A host implements it: `createPrometheus` on Node and Deno, `createAnalyticsEngine` on Workers. It must neither
 * block nor throw.
 */
export interface MetricsPort {
  /** Adds to a counter. */
  readonly count: (name: MetricName, labels: Labels, by: number) => void
  /** Adds an observation to a histogram, in seconds. */
  readonly observe: (name: MetricName, labels: Labels, seconds: number) => void
  /** Is given once how the gauges are read; a host that cannot be asked ignores it. */
  readonly watch: (read: () => Gauges) => void
}

/** A type of attestor that is in no table: what a caller made up has no series of its own. */
export const OTHER = 'other'
/** Bounds of the histograms, in seconds. A login waits for an issuer at most some seconds. */
export const BUCKETS_SECONDS: readonly number[] = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
