// Refusals of requests that need a document which is not in force. A store error is never treated as absence.
import type { ClusterId, DocumentKey } from '../config/document-key.ts'
import type { Existence } from '../config/live/cluster-existence.ts'
import { describeIssue } from '../config/live/config-events.ts'
import type { ConfigRead } from '../config/live/config-read.ts'
import { UNKNOWN_CLUSTER_REFILL_MILLIS } from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'

/**
 * Returns the value in force, or `undefined` if the store has no such document. Refuses with `configuration_invalid` or
 * `store_unavailable`.
 */
export function checkRead<T>({ section }: DocumentKey, read: ConfigRead<T>): Checked<T | undefined> {
  switch (read.kind) {
    case 'in_force':
      return pass(read.value)
    case 'absent':
      return pass(undefined)
    case 'invalid':
      return refuse({
        code: 'configuration_invalid',
        detail: read.contested
          ? `the stored ${section} does not compile, and which valid version was the last is unknown: store a valid version`
          : `the stored ${section} has never compiled: its operator can list the issues with config validate`,
        audit: {
          digest: read.digest,
          issues: read.issues.map(describeIssue),
        },
      })
    case 'unavailable':
      return refuse(describeUnavailableStore(read.retryAfterSeconds, read.reason))
  }
}

/** Passes if the store has any section of the cluster. Refuses with `cluster_unknown` or `store_unavailable`. */
export function checkExistence(clusterId: ClusterId, existence: Existence): Checked<true> {
  if (existence === 'unavailable') return refuse(describeUnavailableStore(1))
  if (existence === 'over_budget') {
    const reason = 'too many requests for unknown clusters: this one was not looked up'
    return refuse({ ...describeUnavailableStore(UNKNOWN_CLUSTER_REFILL_MILLIS / 1000, reason), isCharged: true })
  }
  return existence ? pass(true) : refuse(describeUnknownCluster(clusterId))
}

export function describeUnknownCluster(clusterId: ClusterId): Refusal {
  return { code: 'cluster_unknown', detail: `no configuration of the cluster "${clusterId}" is stored` }
}

function describeUnavailableStore(retryAfterSeconds: number, reason?: string): Refusal {
  return {
    code: 'store_unavailable',
    detail: 'the configuration store could not be read: try again',
    retryAfterSeconds,
    ...(reason === undefined ? {} : { audit: { store: reason } }),
  }
}
