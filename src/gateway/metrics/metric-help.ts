// What each metric means, for a scrape and for docs/metrics.md.
import type { MetricName } from './metrics.ts'

export const METRIC_HELP: Readonly<Record<MetricName, string>> = {
  postern_build_info: '1, with the version and the host',
  postern_logins_total:
    'Logins by what they sent, what became of them, and why. A login without a record is in postern_audit_failures_total alone',
  postern_login_duration_seconds: 'From the arrival of a login to its record',
  postern_evidence_refused_total:
    'Pieces of evidence that a refused login or serverless request names, by attestor and code',
  postern_claims_total: 'Workloads that were mapped or refused, and requests that were refused as a whole',
  postern_claims_duration_seconds: 'From the arrival of a claims request to its record',
  postern_serverless_total: 'Workloads without an agent by what they sent, whether they got an identity, and why not',
  postern_serverless_duration_seconds: 'From the arrival of a serverless request to its record',
  postern_introspections_total: 'Introspections: active, inactive, or refused',
  postern_requests_refused_total: 'Challenges and questions for the status that were refused',
  postern_faults_total: 'Requests at which the gateway itself failed',
  postern_audit_failures_total:
    'Records that the audit stream did not take: each is a request that was refused, or an event that is lost',
  postern_evidence_claims_total: 'Evidence of single use: first, replay, or store_down',
  postern_key_fetches_total: 'Loads of key sets from issuers',
  postern_refetch_limited_total: 'Unknown key ids that caused no load, since the bucket of their issuer was empty',
  postern_key_sets: 'Key sets in memory that were fetched',
  postern_key_sets_stale: 'Of these, those older than their max-age, whose issuer does not answer',
  postern_key_set_age_seconds: 'Age of the oldest key set in memory',
  postern_config_sections:
    'Documents by how the last version that was read ended: applied, refused, contested, or deleted',
  postern_config_applied_timestamp_seconds: 'When a version last came into force, in seconds since the epoch',
  postern_config_unapplied_since_timestamp_seconds:
    'Since when the oldest stored version is not in force, in seconds since the epoch; 0 while all are',
  postern_store_up: '1 while the configuration store can be read, as far as is known',
  postern_replay_store_up: '1 while the store of used evidence answers, as far as is known',
}
