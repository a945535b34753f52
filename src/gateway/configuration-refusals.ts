// What a request is told where a document that it needs is not in force. An error is never absence.
import type { ClusterId, DocumentKey } from '../config/document-key.ts'
import type { Existence } from '../config/live/cluster-existence.ts'
import { describeIssue } from '../config/live/config-events.ts'
import type { ConfigRead } from '../config/live/config-read.ts'
import { UNKNOWN_CLUSTER_REFILL_MILLIS } from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'

/** The value in force, or `undefined` if the store has no such document. */
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
          ? `the stored ${section} does not compile, and which good version was the last is unknown: store one that compiles`
          : `the stored ${section} has never compiled: its operator sees why with config validate`,
        audit: {
          digest: read.digest,
          issues: read.issues.map(describeIssue),
        },
      })
    case 'unavailable':
      return refuse(describeUnavailableStore(read.retryAfterSeconds, read.reason))
  }
}

/** Passes if the store has any section of the cluster. */
export function checkExistence(clusterId: ClusterId, existence: Existence): Checked<true> {
  if (existence === 'unavailable') return refuse(describeUnavailableStore(1))
  if (existence === 'over_budget') {
    const reason = 'too many unknown clusters are asked for: this one was not looked up'
    return refuse(describeUnavailableStore(UNKNOWN_CLUSTER_REFILL_MILLIS / 1000, reason))
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
