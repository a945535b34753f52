// The policies that decide a login now: those of a cluster for its agents, those of the trust domain for issuers.

import { type ClusterId, clusterKey, type DocumentKey, trustDomainKey } from '../config/document-key.ts'
import type { ConfigCache } from '../config/live/cache.ts'
import type { Asker } from '../config/live/cluster-existence.ts'
import { secondsToWait } from '../core/duration.ts'
import { UNKNOWN_CLUSTER_REFILL_MILLIS } from '../core/limits.ts'
import type { Refusal } from '../core/refusal.ts'
import { type Checked, pass, refuse } from '../core/result.ts'
import { createPolicySet, type PolicySet } from '../policy/policy.ts'
import type { ConfigurationUsed } from './audit/audit.ts'
import { sectionInForce, storeUnavailable } from './section-in-force.ts'

export interface PoliciesInForce {
  readonly policies: PolicySet
  /** Absent where there is no document: then nothing has decided, and nobody is admitted. */
  readonly configuration: ConfigurationUsed | undefined
}

const NO_POLICIES = createPolicySet([])

type Background = (work: Promise<unknown>) => void

/** For the agents of a cluster, or without one for issuers. `cluster_unknown`: the store has nothing of that cluster. */
export async function policiesInForce(
  clusterId: ClusterId | undefined,
  configs: ConfigCache,
  background: Background,
): Promise<Checked<PoliciesInForce>> {
  if (clusterId !== undefined && configs.isKnownAbsent(clusterId)) return refuse(clusterUnknown(clusterId))
  const read = await sectionInForce(policiesKey(clusterId), configs, background)
  if (!read.ok) return read
  if (read.value !== undefined) return pass({ policies: read.value.value, configuration: read.value.used })
  if (clusterId !== undefined) {
    const exists = await clusterExists(clusterId, 'anyone', configs, background)
    if (!exists.ok) return exists
  }
  return pass({ policies: NO_POLICIES, configuration: undefined })
}

/** Where these policies are stored. */
export function policiesKey(
  clusterId: ClusterId | undefined,
): DocumentKey<'TrustDomainServerAttestation' | 'AgentAttestation'> {
  return clusterId === undefined
    ? trustDomainKey('TrustDomainServerAttestation')
    : clusterKey(clusterId, 'AgentAttestation')
}

/** Passes if the store has any section of the cluster. */
export async function clusterExists(
  clusterId: ClusterId,
  asker: Asker,
  configs: ConfigCache,
  background: Background,
): Promise<Checked<true>> {
  const exists = await configs.clusterExists(clusterId, asker, background)
  if (exists === 'unavailable') return refuse(storeUnavailable(1))
  if (exists === 'over_budget') {
    const reason = 'too many unknown clusters are asked for: this one was not looked up'
    return refuse(storeUnavailable(secondsToWait(UNKNOWN_CLUSTER_REFILL_MILLIS), reason))
  }
  return exists ? pass(true) : refuse(clusterUnknown(clusterId))
}

function clusterUnknown(clusterId: ClusterId): Refusal {
  return { code: 'cluster_unknown', detail: `no configuration of the cluster "${clusterId}" is stored` }
}
